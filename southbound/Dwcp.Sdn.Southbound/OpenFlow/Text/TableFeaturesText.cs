using Dwcp.Sdn.Core;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Text;

/// <summary>
/// Features of tables in the words of ovs-ofctl(8): what a table shares with the one before it is not said again. Where that one is
/// silent, because it does not know an instruction, action or field, its number stands last.
/// </summary>
internal static class TableFeaturesText
{
    // In the order in which they are said.
    private static readonly (ushort Type, string Name)[] InstructionNames =
    [
        (6, "meter"), (4, "apply_actions"), (5, "clear_actions"), (3, "write_actions"), (2, "write_metadata"), (1, "goto_table"),
    ];

    private static readonly (ushort Type, string Name)[] ActionNames =
    [
        (0, "output"), (22, "group"), (25, "set_field"), (18, "strip_vlan"), (17, "push_vlan"), (23, "mod_nw_ttl"), (24, "dec_ttl"),
        (15, "set_mpls_ttl"), (16, "dec_mpls_ttl"), (19, "push_mpls"), (20, "pop_mpls"), (21, "set_queue"),
    ];

    public static string Of(TableFeatures features)
    {
        var (parts, previous) = (new List<string>(), default(Table));
        var (first, last) = (-1, -1);
        foreach (var table in features.Tables.Select(Table.Of))
        {
            var isSame = previous is not null && table.IsLike(previous);
            if (isSame && table.Name.Length == 0)
            {
                (first, last) = (first < 0 ? table.Number : first, table.Number);
            }
            else
            {
                EndOfDitto();
                parts.Add($"table {table.Number}{(table.Name.Length == 0 ? "" : $" (\"{table.Name}\")")}:{(isSame ? " ditto" : "")}");
                if (!isSame)
                {
                    parts.AddRange(table.Lines(previous));
                }
            }

            previous = table;
        }

        EndOfDitto();
        return string.Join(' ', parts);

        void EndOfDitto()
        {
            if (first >= 0)
            {
                parts.Add(first == last ? $"table {first}: ditto" : $"tables {first}...{last}: ditto");
                first = -1;
            }
        }
    }

    /// <summary>Bits of actions as groups have them.</summary>
    public static string Actions(uint bits) =>
        string.Join(' ', Named([.. Enumerable.Range(0, 32).Where(b => (bits >> b & 1) != 0).Select(b => new FeatureId((ushort)b))], ActionNames));

    private static List<string> Named(EquatableArray<FeatureId> ids, (ushort Type, string Name)[] names) =>
    [
        .. names.Where(n => ids.Contains(new(n.Type))).Select(n => n.Name),
        .. ids.Where(i => !names.Any(n => n.Type == i.Type)).Select(i => i.Experimenter is { } x ? $"experimenter(0x{x:x}{(i.Data.IsEmpty ? "" : $",0x{OfText.Octets(i.Data.AsSpan())}")})" : $"{i.Type}").Distinct(),
    ];

    /// <summary>What flows may do, be it the one of a table miss or the others.</summary>
    private sealed record Doing(EquatableArray<byte> Next, EquatableArray<string> Instructions, Acting Write, Acting Apply)
    {
        public bool IsEmpty => Next.IsEmpty && Instructions.IsEmpty && Write.IsEmpty && Apply.IsEmpty;

        /// <summary>A table that goes to all tables behind it is like its neighbour that does.</summary>
        public bool IsLike(int table, Doing other, int otherTable) =>
            this with { Next = Without(otherTable, table, other) } == other with { Next = other.Without(table, otherTable, this) };

        public IEnumerable<string> Lines(Doing? previous)
        {
            if (!Next.IsEmpty)
            {
                yield return $"next tables: {Ranges()}";
            }

            if (!Instructions.IsEmpty)
            {
                yield return Instructions == previous?.Instructions ? "(same instructions)" : $"instructions: {string.Join(' ', Instructions)}";
            }

            if (previous is not null && Write == previous.Write && Apply == previous.Apply && !Write.Fields.IsEmpty)
            {
                yield return "(same actions)";
            }
            else if (Write != Apply)
            {
                yield return $"Write-Actions features: {Write}".TrimEnd();
                yield return $"Apply-Actions features: {Apply}".TrimEnd();
            }
            else if (!Write.IsEmpty)
            {
                yield return $"Write-Actions and Apply-Actions features: {Write}";
            }
        }

        private EquatableArray<byte> Without(int next, int table, Doing other) =>
            next == table + 1 && !other.Next.Contains((byte)next) ? Next.Where(n => n != next).ToEquatableArray() : Next;

        private string Ranges() => string.Join(',', Next
            .Select((n, i) => (Table: n, Run: n - i))
            .GroupBy(n => n.Run, (_, run) => run.Select(n => n.Table).ToArray())
            .Select(run => run.Length == 1 ? $"{run[0]}" : $"{run[0]}-{run[^1]}"));
    }

    private sealed record Acting(EquatableArray<string> Actions, EquatableArray<string> Fields)
    {
        public bool IsEmpty => Actions.IsEmpty && Fields.IsEmpty;

        public override string ToString() =>
            $"{(Actions.IsEmpty ? "" : $"actions: {string.Join(' ', Actions)} ")}{(Fields.IsEmpty ? "" : $"supported on Set-Field: {OxmNames.Folded(Fields)}")}".TrimEnd();
    }

    private sealed record Matched(EquatableArray<string> Masked, EquatableArray<string> LeftOut, EquatableArray<string> Exact)
    {
        public bool IsEmpty => Masked.IsEmpty && LeftOut.IsEmpty && Exact.IsEmpty;

        public IEnumerable<string> Lines() => new[] { (Masked, "arbitrary mask"), (LeftOut, "exact match or wildcard"), (Exact, "must exact match") }
            .Where(f => !f.Item1.IsEmpty).Select(f => $"{f.Item2}: {OxmNames.Folded(f.Item1)}");
    }

    private sealed record Table(
        int Number, string Name, (ulong Match, ulong Write) Metadata, uint MaxEntries, Doing Others, Doing Miss, Matched Matching)
    {
        public static Table Of(TableFeature f)
        {
            var others = DoingOf(TablePropertyType.Instructions, TablePropertyType.NextTables, TablePropertyType.WriteActions, TablePropertyType.WriteSetField, TablePropertyType.ApplyActions, TablePropertyType.ApplySetField, null);
            var miss = DoingOf(
                TablePropertyType.InstructionsMiss, TablePropertyType.NextTablesMiss, TablePropertyType.WriteActionsMiss, TablePropertyType.WriteSetFieldMiss, TablePropertyType.ApplyActionsMiss, TablePropertyType.ApplySetFieldMiss, others);
            var (match, wild) = (Find<TableFields>(TablePropertyType.Match)?.Ids ?? [], Find<TableFields>(TablePropertyType.Wildcards)?.Ids ?? []);
            var any = OxmNames.Of(match.Where(m => m.HasMask));
            var matched = OxmNames.Of(match).Except(any).ToEquatableArray();
            var wildcards = OxmNames.Of(wild);
            return new(
                f.Table, f.Name, (f.MetadataMatch, f.MetadataWrite), f.MaxEntries, others, miss,
                new(any, matched.Where(wildcards.Contains).ToEquatableArray(), matched.Where(m => !wildcards.Contains(m)).ToEquatableArray()));

            // What is left out of the table-miss flow is as it is of all others.
            Doing DoingOf(TablePropertyType instructions, TablePropertyType next, TablePropertyType write, TablePropertyType writeFields, TablePropertyType apply, TablePropertyType applyFields, Doing? otherwise) => new(
                Find<NextTables>(next)?.Tables.Distinct().Order().ToEquatableArray() ?? otherwise?.Next ?? [],
                Find<TableInstructions>(instructions) is { } i ? [.. Named(i.Ids, InstructionNames)] : otherwise?.Instructions ?? [],
                new(
                    Find<TableActions>(write) is { } w ? [.. Named(w.Ids, ActionNames)] : otherwise?.Write.Actions ?? [],
                    Find<TableFields>(writeFields) is { } s ? OxmNames.Of(s.Ids) : otherwise?.Write.Fields ?? []),
                new(
                    Find<TableActions>(apply) is { } a ? [.. Named(a.Ids, ActionNames)] : otherwise?.Apply.Actions ?? [],
                    Find<TableFields>(applyFields) is { } t ? OxmNames.Of(t.Ids) : otherwise?.Apply.Fields ?? []));

            T? Find<T>(TablePropertyType type)
                where T : TableProperty => f.Properties.OfType<T>().LastOrDefault(p => p.Type == type);
        }

        public bool IsLike(Table other) =>
            Metadata == other.Metadata && MaxEntries == other.MaxEntries && DoesLike(other) && Matching == other.Matching;

        public IEnumerable<string> Lines(Table? previous)
        {
            if (Metadata != (0, 0))
            {
                yield return $"metadata: match={Hex(Metadata.Match)} write={Hex(Metadata.Write)}";
            }

            if (MaxEntries != 0)
            {
                yield return $"max_entries={MaxEntries}";
            }

            foreach (var line in Doings(previous))
            {
                yield return line;
            }

            if (Matching.IsEmpty)
            {
                yield break;
            }

            if (Matching == previous?.Matching)
            {
                yield return "(same matching)";
                yield break;
            }

            yield return "matching:";
            foreach (var line in Matching.Lines())
            {
                yield return line;
            }
        }

        private bool DoesLike(Table other) => Others.IsLike(Number, other.Others, other.Number) && Miss.IsLike(Number, other.Miss, other.Number);

        private IEnumerable<string> Doings(Table? previous)
        {
            if (previous is not null && DoesLike(previous))
            {
                return Others.IsEmpty ? [] : ["(same instructions)"];
            }

            return Others != Miss
                ? ["instructions (other than table miss):", .. Others.Lines(previous?.Others), "instructions (table miss):", .. Miss.Lines(previous?.Miss)]
                : Others.IsEmpty ? [] : ["instructions (table miss and others):", .. Others.Lines(previous?.Others)];
        }

        private static string Hex(ulong value) => value == 0 ? "0" : $"0x{value:x}";
    }
}
