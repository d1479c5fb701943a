using Dwcp.Sdn.Core.Flows;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>
/// The flows of one table, found by tuple space search: flows with the same fields and masks share a hash table, and the
/// tables are asked from the highest priority down until no other can have a better flow.
/// </summary>
internal sealed class TupleSpace
{
    private readonly Dictionary<Shape, Tuple> tuples = [];
    private Tuple[] byPriority = [];

    public void Add(FlowEntry entry)
    {
        var shape = Shape.Of(entry.Rule.Match);
        if (!tuples.TryGetValue(shape, out var tuple))
        {
            tuples[shape] = tuple = new Tuple(shape);
            byPriority = [.. byPriority, tuple];
        }

        tuple.Add(entry);
        Sort();
    }

    public void Remove(FlowEntry entry)
    {
        var shape = Shape.Of(entry.Rule.Match);
        var tuple = tuples[shape];
        tuple.Remove(entry);
        if (tuple.IsEmpty)
        {
            tuples.Remove(shape);
            byPriority = [.. byPriority.Where(t => t != tuple)];
        }

        Sort();
    }

    /// <summary>The matching flow of the highest priority, or null.</summary>
    public FlowEntry? Find(Packet packet)
    {
        FlowEntry? best = null;
        foreach (var tuple in byPriority)
        {
            if (best is not null && best.Rule.Priority >= tuple.HighestPriority)
            {
                break;
            }

            if (tuple.Find(packet) is { } found && (best is null || found.Rule.Priority > best.Rule.Priority))
            {
                best = found;
            }
        }

        return best;
    }

    private void Sort() => Array.Sort(byPriority, static (a, b) => b.HighestPriority.CompareTo(a.HighestPriority));

    /// <summary>The fields and masks of a match, without its values.</summary>
    private sealed class Shape : IEquatable<Shape>
    {
        private readonly int hash;

        private Shape((Field Field, UInt128 Mask)[] parts)
        {
            Parts = parts;
            var h = default(HashCode);
            foreach (var (field, mask) in parts)
            {
                h.Add(field.Index);
                h.Add(mask);
            }

            hash = h.ToHashCode();
        }

        public (Field Field, UInt128 Mask)[] Parts { get; }

        public static Shape Of(Match match) => new([.. match.Fields.Select(f => (f.Field, f.Mask))]);

        public bool Equals(Shape? other) => other is not null && Parts.AsSpan().SequenceEqual(other.Parts);

        public override bool Equals(object? obj) => Equals(obj as Shape);

        public override int GetHashCode() => hash;
    }

    private sealed class Tuple(Shape shape)
    {
        private readonly Dictionary<int, List<FlowEntry>> buckets = [];
        private readonly SortedDictionary<int, int> priorities = new(Comparer<int>.Create((a, b) => b.CompareTo(a)));

        public bool IsEmpty => buckets.Count == 0;

        public int HighestPriority { get; private set; } = -1;

        public void Add(FlowEntry entry)
        {
            var hash = HashOf(entry.Rule.Match);
            if (!buckets.TryGetValue(hash, out var entries))
            {
                buckets[hash] = entries = [];
            }

            entries.Add(entry);
            entries.Sort(static (a, b) => b.Rule.Priority.CompareTo(a.Rule.Priority));
            priorities[entry.Rule.Priority] = priorities.GetValueOrDefault(entry.Rule.Priority) + 1;
            HighestPriority = Math.Max(HighestPriority, entry.Rule.Priority);
        }

        public void Remove(FlowEntry entry)
        {
            var hash = HashOf(entry.Rule.Match);
            var entries = buckets[hash];
            entries.Remove(entry);
            if (entries.Count == 0)
            {
                buckets.Remove(hash);
            }

            if (--priorities[entry.Rule.Priority] == 0)
            {
                priorities.Remove(entry.Rule.Priority);
                HighestPriority = priorities.Count == 0 ? -1 : priorities.First().Key;
            }
        }

        public FlowEntry? Find(Packet packet)
        {
            var h = default(HashCode);
            foreach (var (field, mask) in shape.Parts)
            {
                h.Add(packet.Get(field) & mask);
            }

            if (!buckets.TryGetValue(h.ToHashCode(), out var entries))
            {
                return null;
            }

            foreach (var entry in entries)
            {
                if (Covers(entry.Rule.Match, packet))
                {
                    return entry;
                }
            }

            return null;
        }

        private static bool Covers(Match match, Packet packet)
        {
            foreach (var f in match.Fields)
            {
                if (!f.Covers(packet.Get(f.Field)))
                {
                    return false;
                }
            }

            return true;
        }

        private static int HashOf(Match match)
        {
            var h = default(HashCode);
            foreach (var f in match.Fields)
            {
                h.Add(f.Value);
            }

            return h.ToHashCode();
        }
    }
}
