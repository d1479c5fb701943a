using System.Globalization;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>OPEN, RFC 4271 §4.2, with optional parameters of RFC 5492 and, when they are long, of RFC 9072.</summary>
/// <param name="HeaderAs">The AS number of two octets: 23456 stands for one that needs four (RFC 6793 §9).</param>
internal sealed record OpenMessage(ushort HeaderAs, ushort HoldSeconds, IpAddress RouterId, EquatableArray<Capability> List)
{
    public const ushort AsTrans = 23456;

    private const byte ExtendedMark = 255;
    private const byte CapabilitiesParameter = 2;

    // 1 version | 2 AS | 2 hold time | 4 id | 1 length | parameters
    // or, when length and the octet after it are both 255: 1 mark | 2 length | parameters with lengths of two octets
    public static OpenMessage? Read(ReadOnlySpan<byte> body, out Notification? fault)
    {
        fault = null;
        try
        {
            var r = new WireReader(body);
            if (r.U8() != 4)
            {
                fault = Notification.UnsupportedVersion;
                return null;
            }

            var asn = r.U16();
            var hold = r.U16();
            var id = IpAddress.V4(r.U32());
            int length = r.U8();
            var extended = length == ExtendedMark && r.Remaining > 0 && body[r.Position] == ExtendedMark;
            if (extended)
            {
                r.Skip(1);
                length = r.U16();
            }

            var parameters = r.Slice(length);
            r.End("OPEN");
            var list = new List<Capability>();
            while (parameters.Remaining > 0)
            {
                if (parameters.U8() != CapabilitiesParameter)
                {
                    fault = Notification.UnsupportedParameter;
                    return null;
                }

                var value = parameters.Slice(extended ? parameters.U16() : parameters.U8());
                while (value.Remaining > 0)
                {
                    list.Add(new(value.U8(), [.. value.Take(value.U8())]));
                }
            }

            fault = hold is 1 or 2 ? Notification.HoldTimeRefused : id.IsUnspecified ? Notification.BadRouterId : null;
            return fault is null ? new(asn, hold, id, [.. list]) : null;
        }
        catch (WireException)
        {
            fault = Notification.MalformedOpen;
            return null;
        }
    }

    public byte[] ToMessage()
    {
        var w = new WireWriter();
        var start = BgpMessage.Begin(w, MessageType.Open);
        w.U8(4);
        w.U16(HeaderAs);
        w.U16(HoldSeconds);
        w.U32((uint)RouterId.Value);
        var size = List.Sum(c => 2 + c.Value.Count);
        if (size == 0)
        {
            w.U8(0);
        }
        else if (size + 2 <= 254)
        {
            w.U8((byte)(size + 2));
            w.U8(CapabilitiesParameter);
            w.U8((byte)size);
        }
        else
        {
            w.U8(ExtendedMark);
            w.U8(ExtendedMark);
            w.U16((ushort)(size + 3));
            w.U8(CapabilitiesParameter);
            w.U16((ushort)size);
        }

        foreach (var capability in List)
        {
            w.Bytes(capability.ToOctets());
        }

        BgpMessage.End(w, start);
        return w.ToArray();
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"open as={HeaderAs} hold={HoldSeconds} id={RouterId}")
        + string.Concat(List.Select(c => $" cap={c.Code}:{Convert.ToHexStringLower(c.Value.AsSpan())}"));
}
