using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>AS_PATH, RFC 4271 §4.3: segments of numbers, two octets wide with old peers and four with all others (RFC 6793).</summary>
internal static class AsPathCodec
{
    private const byte Set = 1;
    private const byte Sequence = 2;
    private const byte ConfederationSequence = 3;

    // n x (1 kind | 1 count | count x 4 AS)
    public static bool IsValid(ReadOnlySpan<byte> value) => IsValid(value, 4);

    public static bool IsValid(ReadOnlySpan<byte> value, int width)
    {
        while (!value.IsEmpty)
        {
            // A segment of no numbers is malformed, RFC 7606 §7.2.
            if (value.Length < 2 || value[0] is < 1 or > 4 || value[1] == 0 || value.Length < 2 + (value[1] * width))
            {
                return false;
            }

            value = value[(2 + (value[1] * width))..];
        }

        return true;
    }

    /// <param name="value">Valid for <paramref name="width"/>.</param>
    public static List<AsSegment> Read(ReadOnlySpan<byte> value, int width = 4)
    {
        var r = new WireReader(value);
        var segments = new List<AsSegment>();
        while (r.Remaining > 0)
        {
            var kind = r.U8();
            var numbers = new Asn[r.U8()];
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = new(width == 4 ? r.U32() : r.U16());
            }

            segments.Add(new(kind, [.. numbers]));
        }

        return segments;
    }

    public static void Write(WireWriter w, IReadOnlyList<AsSegment> segments, int width = 4)
    {
        foreach (var (kind, numbers) in segments)
        {
            w.U8(kind);
            w.U8(checked((byte)numbers.Count));
            foreach (var asn in numbers)
            {
                if (width == 4)
                {
                    w.U32(asn.Value);
                }
                else
                {
                    w.U16(asn.Value > ushort.MaxValue ? OpenMessage.AsTrans : (ushort)asn.Value);
                }
            }
        }
    }

    /// <summary>Joins the path of an old peer with the one that came beside it, RFC 6793 §4.2.3.</summary>
    public static List<AsSegment> Merge(List<AsSegment> path, List<AsSegment> path4)
    {
        var lead = Hops(path) - Hops(path4);
        if (lead < 0)
        {
            return path;
        }

        var merged = new List<AsSegment>();
        foreach (var segment in path)
        {
            if (lead <= 0)
            {
                break;
            }

            var take = segment.Kind == Sequence ? Math.Min(lead, segment.Numbers.Count) : segment.Numbers.Count;
            merged.Add(segment with { Numbers = [.. segment.Numbers.Take(take)] });
            lead -= segment.Kind == Sequence ? take : Weight(segment.Kind, segment.Numbers.Count);
        }

        merged.AddRange(path4);
        return merged;
    }

    /// <summary>Puts an AS in front, in a segment of its own when the first one is full or no sequence.</summary>
    public static List<AsSegment> Prepend(List<AsSegment> path, Asn asn)
    {
        if (path is [{ Kind: Sequence, Numbers.Count: < 255 } first, .. var rest])
        {
            return [first with { Numbers = [asn, .. first.Numbers] }, .. rest];
        }

        return [new(Sequence, [asn]), .. path];
    }

    /// <summary>The length that route selection compares: a set counts as one, a confederation as none (RFC 4271 §9.1.2.2, RFC 5065 §5.3).</summary>
    public static int Hops(ReadOnlySpan<byte> value)
    {
        var hops = 0;
        while (!value.IsEmpty)
        {
            hops += Weight(value[0], value[1]);
            value = value[(2 + (value[1] * 4))..];
        }

        return hops;
    }

    private static int Hops(List<AsSegment> path) => path.Sum(s => Weight(s.Kind, s.Numbers.Count));

    private static int Weight(byte kind, int count) => kind >= ConfederationSequence ? 0 : kind == Set ? 1 : count;
}
