using System.Globalization;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp;

/// <summary>BGP messages in words, for `dwcpctl decode`; of a faulty UPDATE each part says which answer of RFC 7606 it gets.</summary>
/// <param name="As4">AS numbers in UPDATEs have four octets (RFC 6793).</param>
/// <param name="AddPath">Routes have path identifiers (RFC 7911).</param>
public sealed record BgpText(bool As4 = true, bool AddPath = false)
{
    /// <summary>BGP in a capture. What does not begin with the marker is one piece up to the next marker, so that nothing is passed over in silence.</summary>
    public static readonly CapturedProtocol Capture = new([179], LengthOf);

    private static ReadOnlySpan<byte> Marker => [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];

    /// <summary>From a peer of another AS: LOCAL_PREF and what reflectors add is then dropped. Null takes an UPDATE without LOCAL_PREF for one of such a peer.</summary>
    public bool? External { get; init; }

    /// <summary>Says what one whole message means.</summary>
    /// <exception cref="WireException">It is no message, or not one alone.</exception>
    public BgpSaid Read(ReadOnlySpan<byte> message) => Read(message, AddPath ? new(byte.MaxValue) : default, out _);

    internal BgpSaid Read(ReadOnlySpan<byte> message, FamilySet addPath, out Capabilities? offered)
    {
        offered = null;
        if (BgpMessage.Frame(message, BgpMessage.LongestExtended, out var length, out var type) is { } fault)
        {
            throw new WireException(fault.ToString());
        }

        if (length == 0 || length < message.Length)
        {
            throw new WireException(length == 0
                ? string.Create(CultureInfo.InvariantCulture, $"cut short: {message.Length} octets are there")
                : string.Create(CultureInfo.InvariantCulture, $"{message.Length - length} octets follow the message"));
        }

        var body = message[BgpMessage.HeaderLength..];
        switch (type)
        {
            case MessageType.Open:
                return Open(body, out offered);
            case MessageType.Update:
                return new UpdateText(new(External ?? false, As4, new(byte.MaxValue), addPath), External is null).Read(body);
            case MessageType.Notification:
                var notification = Notification.Read(body);
                return new("NOTIFICATION", $"notification {notification}", null, false, [], [.. notification.ToMessage()]);
            case MessageType.Keepalive:
                return new("KEEPALIVE", "keepalive", null, false, [], [.. BgpMessage.Keepalive]);
            default:
                var refresh = RouteRefresh.Read(body);
                var kind = Enum.IsDefined(refresh.Kind) ? refresh.Kind.ToString().ToLowerInvariant() : string.Create(CultureInfo.InvariantCulture, $"kind {(byte)refresh.Kind}");
                return new("ROUTE-REFRESH", $"route-refresh {Family(refresh.Afi, refresh.Safi)} {kind}", null, false, [], [.. refresh.ToMessage()]);
        }
    }

    internal static string Family(ushort afi, byte safi) => (afi, safi) switch
    {
        (25, 70) => "l2vpn-evpn",
        (1, 132) => "rt-constraint",
        (1, 1) => "ipv4",
        (2, 1) => "ipv6",
        _ => string.Create(CultureInfo.InvariantCulture, $"afi={afi}/safi={safi}"),
    };

    private static BgpSaid Open(ReadOnlySpan<byte> body, out Capabilities? offered)
    {
        offered = null;
        var open = OpenMessage.Read(body, out var fault);
        var parts = (open?.List ?? []).Select(Part).ToEquatableArray();
        if (fault is null && parts.Any(p => p.Answer is not null))
        {
            fault = Notification.MalformedOpen;
        }

        if (open is null || fault is not null)
        {
            return new("OPEN", $"open, refused: {fault}", fault!.ToString(), true, parts, [.. Whole(MessageType.Open, body)]);
        }

        offered = Capabilities.Of(open.List);
        var text = string.Create(CultureInfo.InvariantCulture, $"open as={offered.As4?.Value ?? open.HeaderAs} hold={open.HoldSeconds} id={open.RouterId}");
        return new("OPEN", text, null, false, parts, [.. open.ToMessage()]);
    }

    private static BgpPart Part(Capability capability)
    {
        var (code, value) = capability;
        var hex = Convert.ToHexStringLower(value.AsSpan());
        var name = code switch
        {
            1 => "multiprotocol",
            2 => "route-refresh",
            6 => "extended-messages",
            9 => "role",
            64 => "graceful-restart",
            65 => "four-octet-as",
            69 => "add-path",
            70 => "enhanced-route-refresh",
            71 => "long-lived-graceful-restart",
            73 => "hostname",
            _ => code.ToString(CultureInfo.InvariantCulture),
        };
        try
        {
            var one = Capabilities.Of([capability]);
            var said = code switch
            {
                1 => Family((ushort)((value[0] << 8) | value[1]), value[3]),
                64 => Restart(one.Restart!),
                65 => string.Create(CultureInfo.InvariantCulture, $"{one.As4!.Value.Value}"),
                69 => string.Join(' ', one.AddPath.Select(f => $"{Name(f.Family)}:{f.Mode switch { 1 => "receive", 2 => "send", _ => "both" }}")),
                71 => string.Join(' ', one.LongLived.Select(f => string.Create(CultureInfo.InvariantCulture, $"{Name(f.Family)}:{f.Seconds}{(f.ForwardingKept ? ":kept" : "")}"))),
                _ => hex,
            };
            return new(BgpPartKind.Capability, name, said.Length == 0 ? hex : said, null);
        }
        catch (WireException e)
        {
            return new(BgpPartKind.Capability, name, hex, e.Message);
        }
    }

    private static string Restart(GracefulRestart restart) => string.Join(' ', (string[])[
        string.Create(CultureInfo.InvariantCulture, $"seconds={restart.Seconds}"),
        .. restart.Restarting ? (string[])["restarting"] : [],
        .. restart.OverNotification ? (string[])["notifications"] : [],
        .. restart.Families.Select(f => $"{Name(f.Family)}{(f.ForwardingKept ? ":kept" : "")}")]);

    private static string Name(BgpFamily family) => Family(family.Afi(), family.Safi());

    internal static byte[] Whole(MessageType type, ReadOnlySpan<byte> body)
    {
        var w = new WireWriter();
        var start = BgpMessage.Begin(w, type);
        w.Bytes(body);
        BgpMessage.End(w, start);
        return w.ToArray();
    }

    private static int LengthOf(ReadOnlySpan<byte> front)
    {
        if (front.Length < BgpMessage.HeaderLength)
        {
            return 0;
        }

        if (front.StartsWith(Marker))
        {
            return Math.Max((front[16] << 8) | front[17], BgpMessage.HeaderLength);
        }

        var next = front.IndexOf(Marker);
        return next > 0 ? next : front.Length < BgpMessage.LongestExtended ? 0 : front.Length - Marker.Length;
    }
}
