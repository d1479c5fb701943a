using System.Text;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp;

/// <summary>Why a session ends, RFC 4271 §4.5 and §6, RFC 4486, RFC 9003, RFC 8538, RFC 9687.</summary>
public sealed record Notification(byte Code, byte Subcode, EquatableArray<byte> Data)
{
    public static readonly Notification NotSynchronised = new(1, 1, []);
    public static readonly Notification BadRouterId = new(2, 3, []);
    public static readonly Notification BadPeerAs = new(2, 2, []);
    public static readonly Notification UnsupportedParameter = new(2, 4, []);
    public static readonly Notification MalformedOpen = new(2, 0, []);
    public static readonly Notification HoldTimeRefused = new(2, 6, []);
    public static readonly Notification MalformedAttributes = new(3, 1, []);
    public static readonly Notification BadNetworkField = new(3, 10, []);
    public static readonly Notification HoldExpired = new(4, 0, []);
    public static readonly Notification SendHoldExpired = new(8, 0, []); // RFC 9687 §4
    public static readonly Notification PrefixLimit = new(6, 1, []);
    public static readonly Notification PeerRemoved = new(6, 3, []);
    public static readonly Notification AdministrativeReset = new(6, 4, []);
    public static readonly Notification Refused = new(6, 5, []);
    public static readonly Notification SettingsChanged = new(6, 6, []);
    public static readonly Notification Collision = new(6, 7, []);
    public static readonly Notification BfdDown = new(6, 10, []);
    public static readonly Notification UnsupportedVersion = new(2, 1, [0, 4]);

    private const int HeadLength = BgpMessage.HeaderLength + 2;

    private static readonly string[][] Names =
    [
        [],
        ["message header error", "connection not synchronised", "bad message length", "bad message type"],
        ["OPEN error", "unsupported version", "bad peer AS", "bad BGP identifier", "unsupported optional parameter", "", "unacceptable hold time", "unsupported capability", "", "", "", "role mismatch"],
        ["UPDATE error", "malformed attribute list", "unrecognised well-known attribute", "missing well-known attribute", "attribute flags", "attribute length", "invalid ORIGIN", "", "invalid NEXT_HOP", "optional attribute", "invalid network field", "malformed AS_PATH"],
        ["hold timer expired"],
        ["state machine error", "unexpected message in OpenSent", "unexpected message in OpenConfirm", "unexpected message in Established"],
        ["cease", "maximum number of prefixes reached", "administrative shutdown", "peer de-configured", "administrative reset", "connection rejected", "other configuration change", "connection collision resolution", "out of resources", "hard reset", "BFD down"],
        ["ROUTE-REFRESH error", "invalid message length"],
        ["send hold timer expired"],
    ];

    /// <summary>The session ends by somebody's will; a text of at most 255 octets says why (RFC 9003).</summary>
    public static Notification Shutdown(string? reason)
    {
        var text = Encoding.UTF8.GetBytes(reason ?? "");
        var length = Math.Min(text.Length, 255);
        while (length > 0 && length < text.Length && (text[length] & 0xc0) == 0x80)
        {
            length--; // Not in the middle of a character.
        }

        return new(6, 2, length == 0 ? [] : [(byte)length, .. text.AsSpan(0, length)]);
    }

    public static Notification BadLength(ushort length) => new(1, 2, [(byte)(length >> 8), (byte)length]);

    public static Notification BadType(byte type) => new(1, 3, [type]);

    /// <param name="attribute">The whole of it, RFC 4271 §6.3.</param>
    internal static Notification BadOptional(ReadOnlySpan<byte> attribute) => new(3, 9, [.. attribute]);

    /// <param name="message">The whole of it, RFC 7313 §5.</param>
    public static Notification BadRefreshLength(byte[] message) => new(7, 1, [.. message]);

    /// <summary>A message that has no place in a phase; 1 OpenSent, 2 OpenConfirm, 3 Established (RFC 6608).</summary>
    public static Notification Unexpected(byte phase) => new(5, phase, []);

    /// <summary>The same, so that a peer that keeps routes over notifications drops them (RFC 8538 §3.1).</summary>
    public Notification Hard() => new(6, 9, [Code, Subcode, .. Data]);

    /// <summary>The same in a message that is not longer: what it quotes may be as long as a message itself.</summary>
    internal Notification Within(int longest) => Data.Count <= longest - HeadLength ? this : this with { Data = [.. Data.AsSpan()[..(longest - HeadLength)]] };

    /// <summary>The text of an administrative shutdown or reset; null if there is none.</summary>
    public string? Reason => Code == 6 && Subcode is 2 or 4 && Data.Count > 1 && Data[0] < Data.Count && Data[0] > 0
        ? Encoding.UTF8.GetString(Data.AsSpan().Slice(1, Data[0]))
        : null;

    /// <summary>A hard reset ends the routes even when both sides keep them over notifications (RFC 8538 §3).</summary>
    public bool IsHardReset => Code == 6 && Subcode == 9;

    private string Words
    {
        get
        {
            var names = Code < Names.Length ? Names[Code] : [];
            var text = $"{Code}/{Subcode}" + (names.Length > 0 ? $" {names[0]}" : "") + (Subcode > 0 && Subcode < names.Length ? $": {names[Subcode]}" : "");
            return Reason is { } reason ? $"{text} \"{reason}\"" : text;
        }
    }

    /// <summary>With what a hard reset wraps, and no deeper: a peer may wrap one in another thousands of times.</summary>
    public override string ToString() => IsHardReset && Data.Count >= 2
        ? $"{Words}: {new Notification(Data[0], Data[1], [.. Data.AsSpan()[2..]]).Words}"
        : Words;

    // 1 code | 1 subcode | data
    internal static Notification Read(ReadOnlySpan<byte> body)
    {
        var r = new WireReader(body);
        return new(r.U8(), r.U8(), [.. r.Rest()]);
    }

    internal byte[] ToMessage()
    {
        var w = new WireWriter();
        var start = BgpMessage.Begin(w, MessageType.Notification);
        w.U8(Code);
        w.U8(Subcode);
        w.Bytes(Data.AsSpan());
        BgpMessage.End(w, start);
        return w.ToArray();
    }
}
