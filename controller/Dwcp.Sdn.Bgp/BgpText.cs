using System.Globalization;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp;

/// <summary>BGP messages in words, for `dwcpctl decode`; of a faulty UPDATE each part says which answer of RFC 7606 it gets.</summary>
/// <param name="As4">AS numbers in UPDATEs have four octets (RFC 6793).</param>
/// <param name="AddPath">Routes have path identifiers (RFC 7911).</param>
public sealed record BgpText(bool As4 = true, bool AddPath = false)
{
    /// <summary>From a peer of another AS: LOCAL_PREF and what reflectors add is then dropped.</summary>
    public bool External { get; init; }

    /// <summary>One line for each message and, indented, one for each part; octets that are no message end it with a line that says why.</summary>
    public IReadOnlyList<string> Decode(ReadOnlySpan<byte> bytes)
    {
        var lines = new List<string>();
        while (!bytes.IsEmpty)
        {
            if (BgpMessage.Frame(bytes, BgpMessage.LongestExtended, out var length, out var type) is { } fault)
            {
                lines.Add($"no message: {fault}");
                break;
            }

            if (length == 0)
            {
                lines.Add($"cut short: {Count(bytes.Length)} left");
                break;
            }

            Message(type, bytes[BgpMessage.HeaderLength..length], lines);
            bytes = bytes[length..];
        }

        return lines;
    }

    private void Message(MessageType type, ReadOnlySpan<byte> body, List<string> lines)
    {
        switch (type)
        {
            case MessageType.Open:
                lines.AddRange(OpenMessage.Read(body, out var fault) is { } open ? Open(open) : [$"open, refused: {fault}"]);
                break;
            case MessageType.Update:
                Update(body, lines);
                break;
            case MessageType.Notification:
                lines.Add($"notification {Notification.Read(body)}");
                break;
            case MessageType.Keepalive:
                lines.Add("keepalive");
                break;
            default:
                var refresh = RouteRefresh.Read(body);
                lines.Add($"route-refresh {Family(refresh.Afi, refresh.Safi)} {refresh.Kind.ToString().ToLowerInvariant()}");
                break;
        }
    }

    private static List<string> Open(OpenMessage open)
    {
        var lines = new List<string> { string.Create(CultureInfo.InvariantCulture, $"open as={open.HeaderAs} hold={open.HoldSeconds} id={open.RouterId}") };
        foreach (var (code, value) in open.List)
        {
            var hex = Convert.ToHexStringLower(value.AsSpan());
            lines.Add("  capability " + code switch
            {
                1 when value.Count == 4 => $"multiprotocol {Family((ushort)((value[0] << 8) | value[1]), value[3])}",
                2 => "route-refresh",
                6 => "extended-messages",
                64 => $"graceful-restart {hex}",
                65 => $"four-octet-as {hex}",
                69 => $"add-path {hex}",
                70 => "enhanced-route-refresh",
                71 => $"long-lived-graceful-restart {hex}",
                _ => string.Create(CultureInfo.InvariantCulture, $"{code} {hex}"),
            });
        }

        return lines;
    }

    private void Update(ReadOnlySpan<byte> body, List<string> lines)
    {
        var families = new FamilySet(byte.MaxValue);
        var rules = new UpdateRules(External, As4, families, AddPath ? families : default);
        var reader = new UpdateReader();
        reader.Read(body, rules);
        var read = reader.Answer;
        if (read == FaultAnswer.Reset && reader is { Reached.Present: false, Unreached.Present: false, Withdrawn.Present: false, Announced.Present: false } && !HasList(body))
        {
            lines.Add($"update: {Answer(read)}, its lengths contradict one another");
            return;
        }

        var at = lines.Count;
        lines.Add("");
        var parts = Attributes(body, rules, lines);
        if (read < FaultAnswer.Reset && (reader.Reached.Present || reader.Announced.Present))
        {
            var kept = reader.Kept(reader.Reached.Present ? reader.ReachedNextHop : reader.AnnouncedNextHop);
            reader.Check(kept, rules);
        }

        var answer = reader.Answer > parts ? reader.Answer : parts;
        var lost = false;
        lost |= Routes("withdraw", reader.Withdrawn, body, lines);
        lost |= Routes("withdraw", reader.Unreached, body, lines);
        var word = answer >= FaultAnswer.Withdraw ? "treated as withdrawn" : "announce";
        lost |= Routes(word, reader.Reached, body, lines);
        lost |= Routes(word, reader.Announced, body, lines);
        answer = lost ? FaultAnswer.Reset : answer;
        lines[at] = $"update{(body.Length == 4 ? " end-of-rib ipv4" : "")}{(answer == FaultAnswer.None ? "" : ": " + Answer(answer))}";
        if (answer == FaultAnswer.Withdraw && parts < FaultAnswer.Withdraw)
        {
            lines.Add($"  a mandatory attribute is missing or the list ends inside of one: {Answer(FaultAnswer.Withdraw)}");
        }
    }

    private static bool HasList(ReadOnlySpan<byte> body) =>
        body.Length >= 4 && ((body[0] << 8) | body[1]) is var gone && body.Length >= 4 + gone
        && body.Length >= 4 + gone + ((body[2 + gone] << 8) | body[3 + gone]);

    /// <summary>Each attribute alone, with its answer.</summary>
    private FaultAnswer Attributes(ReadOnlySpan<byte> body, in UpdateRules rules, List<string> lines)
    {
        var gone = (body[0] << 8) | body[1];
        var rest = body.Slice(4 + gone, (body[2 + gone] << 8) | body[3 + gone]);
        var strongest = FaultAnswer.None;
        var seen = new HashSet<byte>();
        while (AttributeCodec.Next(ref rest, out var flags, out var code, out var value, out _))
        {
            var answer = seen.Add(code) ? Judge(flags, code, value, rules)
                : code is AttributeTable.MpReach or AttributeTable.MpUnreach ? FaultAnswer.Reset : FaultAnswer.Discard;
            strongest = answer > strongest ? answer : strongest;
            var name = AttributeTable.Find(code)?.Name ?? string.Create(CultureInfo.InvariantCulture, $"attribute {code}");
            lines.Add($"  {name} {(answer == FaultAnswer.None ? Meaning(code, value) : $"{Convert.ToHexStringLower(value)}: {Answer(answer)}")}".TrimEnd());
        }

        if (!rest.IsEmpty)
        {
            lines.Add($"  {Convert.ToHexStringLower(rest)}: no whole attribute, {Answer(FaultAnswer.Withdraw)}");
            strongest = strongest > FaultAnswer.Withdraw ? strongest : FaultAnswer.Withdraw;
        }

        return strongest;
    }

    private static FaultAnswer Judge(byte flags, byte code, ReadOnlySpan<byte> value, in UpdateRules rules)
    {
        // The reader that sessions use, with this attribute alone: what it lacks is not looked at.
        var reader = new UpdateReader();
        byte[] one = [(byte)(flags | 0x10), code, (byte)(value.Length >> 8), (byte)value.Length, .. value];
        reader.Read([0, 0, (byte)(one.Length >> 8), (byte)one.Length, .. one], rules);
        if (code is AttributeTable.MpReach or AttributeTable.MpUnreach or AttributeTable.NextHop)
        {
            var wrongFlags = (flags & 0xc0) != (byte)AttributeTable.Find(code)!.Kind;
            return reader.Answer == FaultAnswer.Reset ? FaultAnswer.Reset
                : wrongFlags || (code == AttributeTable.NextHop && value.Length != 4) ? FaultAnswer.Withdraw
                : FaultAnswer.None;
        }

        reader.Check(reader.Kept([]), rules);
        return reader.Answer > FaultAnswer.Discard ? reader.Answer : reader.Discarded > 0 ? FaultAnswer.Discard : reader.Answer;
    }

    private string Meaning(byte code, ReadOnlySpan<byte> value)
    {
        if (code is AttributeTable.MpReach or AttributeTable.MpUnreach)
        {
            var family = Family((ushort)((value[0] << 8) | value[1]), value[2]);
            return code == AttributeTable.MpReach
                ? value.Length < 4 + value[3] ? $"{family} {Convert.ToHexStringLower(value[3..])}" : $"{family} nexthop={Hex(value.Slice(4, value[3]))}"
                : value.Length == 3 ? $"{family} end-of-rib" : family;
        }

        if (code == AttributeTable.NextHop)
        {
            return Hex(value);
        }

        if (!As4 && code is AttributeTable.AsPath)
        {
            return string.Join(' ', AsPathCodec.Read(value, 2).Select(s => string.Join(',', s.Numbers)));
        }

        if (AttributeTable.Find(code) is null || (!As4 && code == AttributeTable.Aggregator))
        {
            return Convert.ToHexStringLower(value);
        }

        var w = new WireWriter();
        w.U8(4);
        w.U32(0);
        AttributeCodec.Put(w, code, value);
        var words = AttributeText.Of(AttributeCodec.ToMeaning(w.Written)).Split(' ');
        return string.Join(' ', words.Where(word => !word.StartsWith("nexthop=", StringComparison.Ordinal)
            && (code == AttributeTable.Origin || !word.StartsWith("origin=", StringComparison.Ordinal))
            && (code == AttributeTable.AsPath || word != "path=")));
    }

    /// <returns>True when the routes end where nobody can tell.</returns>
    private bool Routes(string word, RouteSection section, ReadOnlySpan<byte> body, List<string> lines)
    {
        if (!section.Present)
        {
            return false;
        }

        var nlris = new NlriReader(section.Family, section.Of(body), AddPath);
        while (!nlris.AtEnd)
        {
            var result = nlris.Next(out var nlri);
            if (result == NlriResult.Overrun)
            {
                lines.Add($"  a route that does not say where it ends: {Answer(FaultAnswer.Reset)}");
                return true;
            }

            var id = AddPath ? string.Create(CultureInfo.InvariantCulture, $"path={nlri.PathId} ") : "";
            lines.Add(result switch
            {
                NlriResult.Ok => $"  {word} {id}{RouteMeaning.ToRoute(nlri.Key, nlri.Body, nlris.Octets)}",
                NlriResult.Withdraw when word == "withdraw" => $"  {word} {id}{RouteMeaning.ToRoute(nlri.Key, default, nlris.Octets)}",
                NlriResult.Withdraw => $"  {Convert.ToHexStringLower(nlris.Octets)}: malformed beyond its identity, treat as withdraw",
                _ => $"  {Convert.ToHexStringLower(nlris.Octets)}: malformed, left out",
            });
        }

        return false;
    }

    private static string Answer(FaultAnswer answer) => answer switch
    {
        FaultAnswer.Discard => "attribute discard (RFC 7606)",
        FaultAnswer.Withdraw => "treat as withdraw (RFC 7606)",
        FaultAnswer.Reset => "session reset (RFC 7606)",
        _ => "no fault",
    };

    private static string Family(ushort afi, byte safi) => (afi, safi) switch
    {
        (25, 70) => "l2vpn-evpn",
        (1, 132) => "rt-constraint",
        (1, 1) => "ipv4",
        (2, 1) => "ipv6",
        _ => string.Create(CultureInfo.InvariantCulture, $"afi={afi}/safi={safi}"),
    };

    private static string Hex(ReadOnlySpan<byte> hop) =>
        hop.Length is 4 or 16 ? Core.Net.IpAddress.FromBytes(hop).ToString() : Convert.ToHexStringLower(hop);

    private static string Count(int octets) => string.Create(CultureInfo.InvariantCulture, $"{octets} octets");
}
