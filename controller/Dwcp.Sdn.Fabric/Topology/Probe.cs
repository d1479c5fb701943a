using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Fabric.Topology;

/// <summary>A port of a switch, as one end of a link.</summary>
public readonly record struct LinkEnd(DatapathId Switch, PortNumber Port) : IComparable<LinkEnd>
{
    public int CompareTo(LinkEnd other) => Switch.Value.CompareTo(other.Switch.Value) is var by and not 0 ? by : Port.CompareTo(other.Port);

    public override string ToString() => $"{Switch}:{Port}";
}

/// <summary>Why an LLDP frame makes no link. The words of metrics and events are <see cref="LldpRefusals.Word"/>.</summary>
public enum LldpRefusal
{
    /// <summary>It is no LLDP frame that can be read, or our TLV in it has another form.</summary>
    Malformed,

    /// <summary>It carries no TLV of ours: another speaker's, such as a host's.</summary>
    Foreign,

    /// <summary>Its code was not made with our key.</summary>
    Forged,

    /// <summary>It was not sent a moment ago.</summary>
    Stale,

    /// <summary>It has come before.</summary>
    Replayed,

    /// <summary>It came back to the port by which it left.</summary>
    Looped,

    /// <summary>It came by a port where none is expected.</summary>
    WrongPort,

    /// <summary>We send none by the port that it names.</summary>
    UnknownSender,

    /// <summary>More came by the port than we could have sent to it.</summary>
    TooMany,
}

/// <summary>The words of refusals.</summary>
public static class LldpRefusals
{
    public static string Word(this LldpRefusal refusal) => refusal switch
    {
        LldpRefusal.Malformed => "malformed",
        LldpRefusal.Foreign => "foreign",
        LldpRefusal.Forged => "forged",
        LldpRefusal.Stale => "stale",
        LldpRefusal.Replayed => "replayed",
        LldpRefusal.Looped => "looped",
        LldpRefusal.WrongPort => "wrong-port",
        LldpRefusal.UnknownSender => "unknown-sender",
        _ => "too-many",
    };
}

/// <summary>
/// The LLDP frame by which we look for links: by whom it left, when, and a number used once, under a code that only this
/// installation can make (HMAC-SHA256 cut to 128 bits, RFC 2104 §5, over the whole LLDPDU up to the code).
/// </summary>
/// <param name="From">The port by which it leaves.</param>
/// <param name="TimeToLive">Seconds that it speaks for.</param>
/// <param name="SentAt">Milliseconds of Unix time.</param>
/// <param name="Nonce">A number that no other probe has.</param>
public readonly record struct Probe(LinkEnd From, ushort TimeToLive, long SentAt, ulong Nonce)
{
    /// <summary>Octets of the key.</summary>
    public const int KeySize = 32;

    // No organization's: the second digit 2 leaves it to whoever administers the network (IEEE 802c-2017).
    private const uint Oui = 0xd2_53_44;
    private const byte Subtype = 1;
    private const byte Version = 1;
    private const int HeadSize = 14;
    private const int CodeSize = 16;
    private const int EndSize = 2;

    /// <summary>The nearest bridge, which no bridge forwards (IEEE 802.1AB-2016 §7.1).</summary>
    private static readonly MacAddress NearestBridge = new(0x0180_c200_000e);

    /// <summary>Whether a frame is LLDP, whoever sent it. Cheap enough for every packet.</summary>
    public static bool IsLldp(ReadOnlySpan<byte> frame) => frame.Length >= HeadSize && frame[12] == EtherTypes.Lldp >> 8 && frame[13] == (EtherTypes.Lldp & 0xff);

    /// <summary>The frame, from the port's own MAC.</summary>
    public byte[] ToFrame(MacAddress source, ReadOnlySpan<byte> key)
    {
        var w = new WireWriter(128);
        w.U48(NearestBridge.Value);
        w.U48(source.Value);
        w.U16(EtherTypes.Lldp);
        Write(w, key);
        return w.ToArray();
    }

    /// <summary>Reads a frame; the probe counts only when there is no refusal.</summary>
    public static (Probe Probe, LldpRefusal? Refusal) Read(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> key)
    {
        if (!IsLldp(frame))
        {
            return (default, LldpRefusal.Malformed);
        }

        try
        {
            var pdu = frame[HeadSize..];
            var read = Lldpdu.Read(pdu);
            if (read.More.Items.FirstOrDefault(IsOurs) is not { Value.Count: > 0 } own)
            {
                return (default, LldpRefusal.Foreign);
            }

            var r = new WireReader(own.Value.AsSpan());
            r.Skip(4);
            var version = r.U8();
            var probe = new Probe(new(new(r.U64()), new(r.U32())), read.TimeToLive, (long)r.U64(), r.U64());
            r.Skip(CodeSize);
            r.End("our TLV");
            if (version != Version)
            {
                return (default, LldpRefusal.Malformed);
            }

            // Ours is what is to the last bit what we would have sent.
            var ours = new WireWriter(128);
            probe.Write(ours, key);
            return pdu.Length >= ours.Length && CryptographicOperations.FixedTimeEquals(pdu[..ours.Length], ours.Written)
                ? (probe, null)
                : (default, LldpRefusal.Forged);
        }
        catch (WireException)
        {
            return (default, LldpRefusal.Malformed);
        }
    }

    // Organization: 3 OUI | 1 subtype | 1 version | 8 datapath | 4 port | 8 time | 8 nonce | 16 code
    private void Write(WireWriter w, ReadOnlySpan<byte> key)
    {
        var own = new WireWriter(64);
        own.U24(Oui);
        own.U8(Subtype);
        own.U8(Version);
        own.U64(From.Switch.Value);
        own.U32(From.Port.Value);
        own.U64((ulong)SentAt);
        own.U64(Nonce);
        own.Zeros(CodeSize);
        var start = w.Length;
        new Lldpdu(
            ChassisIdKind.Local,
            [.. Encoding.ASCII.GetBytes(From.Switch.ToString())],
            PortIdKind.Local,
            [.. Encoding.ASCII.GetBytes(From.Port.Value.ToString(CultureInfo.InvariantCulture))],
            TimeToLive,
            [new LldpTlv(LldpTlv.Organization, [.. own.Written])]).Write(w);

        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, w.Written[start..^(CodeSize + EndSize)], code);
        w.Truncate(w.Length - CodeSize - EndSize);
        w.Bytes(code[..CodeSize]);
        w.Zeros(EndSize);
    }

    private static bool IsOurs(LldpTlv tlv) =>
        tlv.Type == LldpTlv.Organization && tlv.Value.AsSpan() is [0xd2, 0x53, 0x44, Subtype, ..];
}
