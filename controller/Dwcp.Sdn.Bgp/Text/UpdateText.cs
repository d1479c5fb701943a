using System.Globalization;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp;

/// <summary>One UPDATE in words, with the answer of RFC 7606 beside each part that is faulty, by the reader that sessions use.</summary>
/// <param name="guess">Without LOCAL_PREF it is taken for one of a peer of another AS.</param>
internal sealed class UpdateText(UpdateRules agreed, bool guess)
{
    private readonly List<BgpPart> parts = [];
    private readonly UpdateReader reader = new();
    private readonly WireWriter again = new();
    private UpdateRules rules = agreed;

    public BgpSaid Read(ReadOnlySpan<byte> body)
    {
        reader.Read(body, rules);
        if (!HasList(body))
        {
            var reset = Answer(FaultAnswer.Reset)!;
            return new("UPDATE", $"update: {reset}, its lengths contradict one another", reset, true, [], [.. BgpText.Whole(MessageType.Update, body)]);
        }

        if (guess && (reader.Seen & (1ul << AttributeTable.LocalPreference)) == 0)
        {
            rules = rules with { External = true };
            reader.Read(body, rules);
        }

        // 2 length | withdrawn | 2 length | attributes | announced
        var gone = (body[0] << 8) | body[1];
        var start = BgpMessage.Begin(again, MessageType.Update);
        again.U16(0);
        var lost = Routes(BgpPartKind.Withdrawn, reader.Withdrawn, body, out var withdrawn);
        again.PatchU16(start + BgpMessage.HeaderLength, again.Length - start - BgpMessage.HeaderLength - 2);
        var list = again.Length;
        again.U16(0);
        var strongest = Attributes(body.Slice(4 + gone, (body[2 + gone] << 8) | body[3 + gone]), body, out var reached, out var unreached, ref lost);
        again.PatchU16(list, again.Length - list - 2);
        lost |= Routes(BgpPartKind.Announced, reader.Announced, body, out var announced);
        BgpMessage.End(again, start);

        strongest = lost ? FaultAnswer.Reset : strongest;
        parts.AddRange(withdrawn);
        parts.AddRange(unreached);
        parts.AddRange(reached.Concat(announced).Select(p => strongest >= FaultAnswer.Withdraw && p is { Kind: BgpPartKind.Announced, Answer: null } ? p with { Kind = BgpPartKind.TakenAsWithdrawn } : p));
        var answer = Answer(strongest);
        var text = $"update{(body.Length == 4 ? " end-of-rib ipv4" : "")}{(answer is null ? "" : $": {answer}")}";
        return new("UPDATE", text, answer, strongest == FaultAnswer.Reset, [.. parts], [.. again.Written]);
    }

    private static bool HasList(ReadOnlySpan<byte> body) =>
        body.Length >= 4 && ((body[0] << 8) | body[1]) is var gone && body.Length >= 4 + gone
        && body.Length >= 4 + gone + ((body[2 + gone] << 8) | body[3 + gone]);

    /// <summary>Each attribute alone, with its answer, and those that are missing.</summary>
    private FaultAnswer Attributes(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> body, out List<BgpPart> reached, out List<BgpPart> unreached, ref bool lost)
    {
        var strongest = FaultAnswer.None;
        var seen = new HashSet<byte>();
        reached = unreached = [];
        while (AttributeCodec.Next(ref rest, out var flags, out var code, out var value, out var whole))
        {
            var first = seen.Add(code);
            var answer = first ? Judge(flags, code, value)
                : code is AttributeTable.MpReach or AttributeTable.MpUnreach ? FaultAnswer.Reset : FaultAnswer.Discard;
            strongest = answer > strongest ? answer : strongest;
            var name = AttributeTable.Find(code)?.Name ?? string.Create(CultureInfo.InvariantCulture, $"attribute {code}");
            parts.Add(new(BgpPartKind.Attribute, name, answer == FaultAnswer.None ? Meaning(code, value) : Convert.ToHexStringLower(value), Answer(answer)));

            var section = code switch { AttributeTable.MpReach => reader.Reached, AttributeTable.MpUnreach => reader.Unreached, _ => default };
            if (answer == FaultAnswer.Reset || !section.Present || !first)
            {
                Again(flags, code, value, whole, answer);
                continue;
            }

            var routes = section.Of(body).Length;
            again.Bytes(whole[..^routes]);
            var at = again.Length;
            if (code == AttributeTable.MpReach)
            {
                lost |= Routes(BgpPartKind.Announced, section, body, out reached);
            }
            else
            {
                lost |= Routes(BgpPartKind.Withdrawn, section, body, out unreached);
            }

            if (again.Length - at != routes)
            {
                throw new InvalidOperationException($"{routes} octets of routes were written again as {again.Length - at}");
            }
        }

        if (!rest.IsEmpty)
        {
            again.Bytes(rest);
            parts.Add(new(BgpPartKind.Attribute, "after the last whole attribute", Convert.ToHexStringLower(rest), Answer(FaultAnswer.Withdraw)));
            strongest = strongest > FaultAnswer.Withdraw ? strongest : FaultAnswer.Withdraw;
        }

        if (reader.Reached.Present || reader.Announced.Present)
        {
            byte[] mandatory = [AttributeTable.Origin, AttributeTable.AsPath, .. reader.Announced.Present ? (byte[])[AttributeTable.NextHop] : [], .. rules.External ? [] : (byte[])[AttributeTable.LocalPreference]];
            foreach (var code in mandatory.Where(code => !seen.Contains(code)))
            {
                parts.Add(new(BgpPartKind.Attribute, AttributeTable.Find(code)!.Name, "is missing", Answer(FaultAnswer.Withdraw)));
                strongest = strongest > FaultAnswer.Withdraw ? strongest : FaultAnswer.Withdraw;
            }
        }

        return strongest;
    }

    private FaultAnswer Judge(byte flags, byte code, ReadOnlySpan<byte> value)
    {
        // The reader that sessions use, with this attribute alone: what it lacks is not looked at.
        var alone = new UpdateReader();
        byte[] one = [(byte)(flags | 0x10), code, (byte)(value.Length >> 8), (byte)value.Length, .. value];
        alone.Read([0, 0, (byte)(one.Length >> 8), (byte)one.Length, .. one], rules);
        if (code is AttributeTable.MpReach or AttributeTable.MpUnreach or AttributeTable.NextHop)
        {
            var wrongFlags = (flags & 0xc0) != (byte)AttributeTable.Find(code)!.Kind;
            return alone.Answer == FaultAnswer.Reset ? FaultAnswer.Reset
                : wrongFlags || (code == AttributeTable.NextHop && value.Length != 4) ? FaultAnswer.Withdraw
                : FaultAnswer.None;
        }

        alone.Check(alone.Kept([]), rules);
        return alone.Answer > FaultAnswer.Discard ? alone.Answer : alone.Discarded > 0 ? FaultAnswer.Discard : alone.Answer;
    }

    private string Meaning(byte code, ReadOnlySpan<byte> value)
    {
        if (code is AttributeTable.MpReach or AttributeTable.MpUnreach)
        {
            var family = BgpText.Family((ushort)((value[0] << 8) | value[1]), value[2]);
            return code == AttributeTable.MpReach
                ? value.Length < 4 + value[3] ? $"{family} {Convert.ToHexStringLower(value[3..])}" : $"{family} nexthop={Hop(value.Slice(4, value[3]))}"
                : value.Length == 3 ? $"{family} end-of-rib" : family;
        }

        if (code == AttributeTable.NextHop)
        {
            return Hop(value);
        }

        if (!rules.As4 && code is AttributeTable.AsPath)
        {
            return string.Join(' ', AsPathCodec.Read(value, 2).Select(s => string.Join(',', s.Numbers)));
        }

        if (!HasMeaning(code))
        {
            return Convert.ToHexStringLower(value);
        }

        var words = AttributeText.Of(AttributeCodec.ToMeaning(Kept(code, value))).Split(' ');
        return string.Join(' ', words.Where(word => !word.StartsWith("nexthop=", StringComparison.Ordinal)
            && (code == AttributeTable.Origin || !word.StartsWith("origin=", StringComparison.Ordinal))
            && (code == AttributeTable.AsPath || word != "path=")));
    }

    /// <summary>Writes an attribute again: out of its meaning where it has one, with the flags and the form of the length that it came with.</summary>
    private void Again(byte flags, byte code, ReadOnlySpan<byte> value, ReadOnlySpan<byte> whole, FaultAnswer answer)
    {
        var written = value;
        if (answer == FaultAnswer.None && HasMeaning(code) && (rules.As4 || code != AttributeTable.AsPath))
        {
            ReadOnlySpan<byte> rest = AttributeCodec.ToKept(AttributeCodec.ToMeaning(Kept(code, value)));
            rest = AttributeCodec.Attributes(rest);
            while (AttributeCodec.Next(ref rest, out _, out var other, out var meant, out _))
            {
                written = other == code ? meant.ToArray() : written;
            }
        }

        again.Bytes(whole[..^value.Length]);
        again.Bytes(written);
        if (written.Length != value.Length)
        {
            throw new InvalidOperationException($"attribute {code} of {value.Length} octets was written again with {written.Length}");
        }
    }

    private bool HasMeaning(byte code) =>
        AttributeTable.Find(code) is not null and not { Code: AttributeTable.NextHop or AttributeTable.MpReach or AttributeTable.MpUnreach }
        && (rules.As4 || code != AttributeTable.Aggregator);

    private static ReadOnlySpan<byte> Kept(byte code, ReadOnlySpan<byte> value)
    {
        var w = new WireWriter();
        w.U8(4);
        w.U32(0);
        AttributeCodec.Put(w, code, value);
        return w.Written;
    }

    /// <returns>True when the routes end where nobody can tell.</returns>
    private bool Routes(BgpPartKind kind, RouteSection section, ReadOnlySpan<byte> body, out List<BgpPart> routes)
    {
        routes = [];
        if (!section.Present)
        {
            return false;
        }

        var withId = rules.AddPath.Has(section.Family);
        var octets = section.Of(body);
        var nlris = new NlriReader(section.Family, octets, withId);
        var used = 0;
        Span<byte> written = stackalloc byte[NlriWriter.Largest];
        while (!nlris.AtEnd)
        {
            var result = nlris.Next(out var nlri);
            if (result == NlriResult.Overrun)
            {
                again.Bytes(octets[used..]);
                routes.Add(new(kind, null, $"{Convert.ToHexStringLower(octets[used..])}, a route that does not say where it ends", Answer(FaultAnswer.Reset)));
                return true;
            }

            used += nlris.Octets.Length + (withId ? 4 : 0);
            var hex = Convert.ToHexStringLower(nlris.Octets);
            var part = result switch
            {
                NlriResult.Ok => new BgpPart(kind, null, RouteMeaning.ToRoute(nlri.Key, nlri.Body, nlris.Octets).ToString()!, null),
                NlriResult.Withdraw when kind == BgpPartKind.Withdrawn => new(kind, null, RouteMeaning.ToRoute(nlri.Key, default, nlris.Octets).ToString()!, null),
                NlriResult.Withdraw => new(kind, null, $"{hex}, malformed beyond its identity", Answer(FaultAnswer.Withdraw)),
                _ => new(kind, null, $"{hex}, malformed", "left out and counted (RFC 7606)"),
            };
            routes.Add(part with { PathId = withId ? nlri.PathId : null });
            if (withId)
            {
                again.U32(nlri.PathId);
            }

            again.Bytes(result == NlriResult.Ok ? written[..NlriWriter.Write(nlri.Key, nlri.Body, nlris.Octets, written)] : nlris.Octets);
        }

        return false;
    }

    private static string? Answer(FaultAnswer answer) => answer switch
    {
        FaultAnswer.Discard => "attribute discard (RFC 7606)",
        FaultAnswer.Withdraw => "treat as withdraw (RFC 7606)",
        FaultAnswer.Reset => "session reset (RFC 7606)",
        _ => null,
    };

    private static string Hop(ReadOnlySpan<byte> hop) =>
        hop.Length is 4 or 16 ? Core.Net.IpAddress.FromBytes(hop).ToString() : Convert.ToHexStringLower(hop);
}
