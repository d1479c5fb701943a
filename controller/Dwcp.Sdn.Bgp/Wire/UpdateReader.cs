using System.Buffers.Binary;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>What a session agreed on, as far as reading UPDATEs depends on it.</summary>
/// <param name="External">The peer is in another AS.</param>
internal readonly record struct UpdateRules(bool External, bool As4, FamilySet Families, FamilySet AddPath);

/// <summary>The routes of one family in an UPDATE, by their place in its body.</summary>
internal readonly record struct RouteSection(bool Present, BgpFamily Family, int Start, int Length)
{
    /// <summary>Where the attribute begins that ends with them; none for those outside of attributes.</summary>
    public int? Attribute { get; init; }

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> body) => body.Slice(Start, Length);

    /// <summary>The end of a session whose peer has not said where one of them ends.</summary>
    public Notification Overrun(ReadOnlySpan<byte> body) =>
        Attribute is { } at ? Notification.BadOptional(body[at..(Start + Length)]) : Notification.BadNetworkField;
}

/// <summary>UPDATE, RFC 4271 §4.3, taken apart: where its routes stand, and its attributes in the form in which they are kept.</summary>
/// <remarks>
/// Attributes are copied to a scratch buffer and checked only if the RIB does not know the very same octets already, so that a full
/// load costs one hash for each message. One reader belongs to one loop.
/// </remarks>
internal sealed class UpdateReader
{
    private const int Front = 256; // Room before the attributes for the length and the next hop.
    private const int BesidesAttributes = 64 + NlriWriter.Largest; // Headers and one route.

    private readonly byte[] scratch = new byte[Front + BgpMessage.LongestExtended];
    private readonly WireWriter canonical = new(4096);
    private int end;

    /// <summary>The strongest answer that any part of the message asks for.</summary>
    public FaultAnswer Answer { get; private set; }

    /// <summary>Set when the session has to end, or the family has to be left.</summary>
    public Notification? Fault { get; private set; }

    /// <summary>How many attributes were dropped (RFC 7606 §2, attribute discard).</summary>
    public int Discarded { get; private set; }

    /// <summary>Codes of attributes up to 63 that were there.</summary>
    public ulong Seen { get; private set; }

    /// <summary>The attributes cannot be kept as they came: of a peer with narrow AS numbers, or with some that the peer may not send.</summary>
    public bool MustRewrite { get; private set; }

    /// <summary>The next hop of MP_REACH_NLRI.</summary>
    public byte[] ReachedNextHop { get; private set; } = [];

    /// <summary>The value of NEXT_HOP.</summary>
    public byte[] AnnouncedNextHop { get; private set; } = [];

    /// <summary>Routes outside of MP_REACH_NLRI and MP_UNREACH_NLRI.</summary>
    public RouteSection Withdrawn { get; private set; }

    public RouteSection Announced { get; private set; }

    /// <summary>Routes of MP_REACH_NLRI.</summary>
    public RouteSection Reached { get; private set; }

    /// <summary>Routes of MP_UNREACH_NLRI.</summary>
    public RouteSection Unreached { get; private set; }

    public void Read(ReadOnlySpan<byte> body, in UpdateRules rules)
    {
        Withdrawn = Reached = Unreached = Announced = default;
        Answer = FaultAnswer.None;
        Fault = null;
        Discarded = 0;
        Seen = 0;
        MustRewrite = false;
        end = Front;
        scratch[Front - 1] = 0;

        // 2 length | withdrawn | 2 length | attributes | announced
        if (body.Length < 4
            || BinaryPrimitives.ReadUInt16BigEndian(body) is var gone && body.Length < 4 + gone
            || BinaryPrimitives.ReadUInt16BigEndian(body[(2 + gone)..]) is var length && body.Length < 4 + gone + length)
        {
            Raise(FaultAnswer.Reset, Notification.MalformedAttributes);
            return;
        }

        Withdrawn = Section(2, gone, rules);
        Announced = Section(4 + gone + length, body.Length - 4 - gone - length, rules);
        Walk(body.Slice(4 + gone, length), 4 + gone, rules);
        if ((Announced.Present || Reached.Present) && !IsComplete(rules.External, Announced.Present))
        {
            Raise(FaultAnswer.Withdraw, null); // A mandatory attribute is missing, RFC 7606 §3 d.
        }
    }

    /// <summary>The attributes for routes of MP_REACH_NLRI, as they came. Valid until the next message.</summary>
    /// <param name="nextHop">Its next hop, or that of NEXT_HOP for routes outside of it.</param>
    public ReadOnlySpan<byte> Kept(ReadOnlySpan<byte> nextHop)
    {
        var start = Front - 1 - nextHop.Length;
        scratch[start] = (byte)nextHop.Length;
        nextHop.CopyTo(scratch.AsSpan(start + 1));
        return scratch.AsSpan(start..end);
    }

    /// <summary>Checks attributes that are not known yet and returns those that are valid; <see cref="Answer"/> says what the others ask for.</summary>
    public ReadOnlySpan<byte> Check(ReadOnlySpan<byte> kept, in UpdateRules rules)
    {
        canonical.Clear();
        canonical.Bytes(kept[..(1 + kept[0])]);
        var rest = AttributeCodec.Attributes(kept);
        byte[] path = [], path4 = [], aggregator = [], aggregator4 = [];
        while (AttributeCodec.Next(ref rest, out var flags, out var code, out var value, out var whole))
        {
            var row = AttributeTable.Find(code);
            if (row is null)
            {
                KeepUnknown(flags, code, value, whole);
                continue;
            }

            if (row.Internal && rules.External)
            {
                Discarded++;
                continue;
            }

            if (rules.As4 && (code is AttributeTable.As4Path or AttributeTable.As4Aggregator))
            {
                Discarded++; // A peer with wide numbers may not send it, RFC 6793 §4.1: whatever is in it.
                continue;
            }

            if ((flags & 0xc0) != (byte)row.Kind)
            {
                Raise(FaultAnswer.Withdraw, null); // RFC 7606 §3 c
                continue;
            }

            switch (code)
            {
                case AttributeTable.AsPath when !rules.As4:
                    path = value.ToArray();
                    if (!AsPathCodec.IsValid(value, 2))
                    {
                        Raise(FaultAnswer.Withdraw, null);
                    }

                    continue;
                case AttributeTable.Aggregator when !rules.As4:
                    aggregator = value.Length == 6 ? [0, 0, .. value] : [];
                    Discarded += aggregator.Length == 0 ? 1 : 0;
                    continue;
                case AttributeTable.As4Path or AttributeTable.As4Aggregator when !row.Valid(value):
                    Discarded++; // RFC 6793 §6
                    continue;
                case AttributeTable.As4Path:
                    path4 = value.ToArray();
                    continue;
                case AttributeTable.As4Aggregator:
                    aggregator4 = value.ToArray();
                    continue;
            }

            if (!row.Valid(value))
            {
                Raise(row.Answer, null);
                Discarded += row.Answer == FaultAnswer.Discard ? 1 : 0;
                continue;
            }

            if ((flags & 0x0f) == 0)
            {
                canonical.Bytes(whole); // As it came, even with a longer length than it needs: FRR writes AS_PATH so.
            }
            else
            {
                AttributeCodec.Put(canonical, code, value, (byte)(flags & 0xe0));
            }
        }

        if (aggregator.Length > 0)
        {
            // Where an aggregator of two octets stands that is not the placeholder, the wide ones are out of date (RFC 6793 §4.2.3).
            var placeholder = BinaryPrimitives.ReadUInt32BigEndian(aggregator) == OpenMessage.AsTrans;
            path4 = placeholder ? path4 : [];
            AttributeCodec.Put(canonical, AttributeTable.Aggregator, placeholder && aggregator4.Length > 0 ? aggregator4 : aggregator);
        }

        if (!rules.As4 && Answer < FaultAnswer.Withdraw && (Seen & (1ul << AttributeTable.AsPath)) != 0)
        {
            var merged = AsPathCodec.Read(path, 2);
            if (path4.Length > 0)
            {
                merged = AsPathCodec.Merge(merged, AsPathCodec.Read(path4));
            }

            var w = new WireWriter(64);
            AsPathCodec.Write(w, merged);
            if (canonical.Length + w.Length + BesidesAttributes > BgpMessage.LongestExtended)
            {
                Raise(FaultAnswer.Withdraw, null); // With wide numbers no message holds it: nobody could be told.
            }
            else
            {
                AttributeCodec.Put(canonical, AttributeTable.AsPath, w.Written);
            }
        }

        return canonical.Written;
    }

    private static RouteSection Section(int start, int length, in UpdateRules rules) =>
        length == 0 || !rules.Families.Has(BgpFamily.Ipv4Unicast) ? default : new(true, BgpFamily.Ipv4Unicast, start, length);

    private void Walk(ReadOnlySpan<byte> rest, int start, in UpdateRules rules)
    {
        var after = start + rest.Length;
        Span<ulong> seen = stackalloc ulong[4];
        seen.Clear();
        while (AttributeCodec.Next(ref rest, out var flags, out var code, out var value, out var whole))
        {
            ref var word = ref seen[code >> 6];
            var bit = 1ul << (code & 63);
            var again = (word & bit) != 0;
            word |= bit;
            switch (code)
            {
                case AttributeTable.MpReach or AttributeTable.MpUnreach when again:
                    Raise(FaultAnswer.Reset, Notification.MalformedAttributes); // RFC 7606 §3 g
                    break;
                case AttributeTable.MpReach:
                    CheckFlags(flags);
                    Reach(value, whole, after - rest.Length, rules);
                    break;
                case AttributeTable.MpUnreach:
                    CheckFlags(flags);
                    Unreach(value, whole, after - rest.Length, rules);
                    break;
                case var _ when again:
                    Discarded++; // The first one counts, RFC 7606 §3 g.
                    break;
                case AttributeTable.NextHop:
                    AnnouncedNextHop = value.SequenceEqual(AnnouncedNextHop) ? AnnouncedNextHop : value.ToArray();
                    if ((flags & 0xc0) != (byte)AttributeKind.WellKnown || value.Length != 4)
                    {
                        Raise(FaultAnswer.Withdraw, null);
                    }

                    break;
                default:
                    MustRewrite |= (flags & 0x0f) != 0
                        || code is AttributeTable.As4Path or AttributeTable.As4Aggregator
                        || (!rules.As4 && code is AttributeTable.AsPath or AttributeTable.Aggregator)
                        || (rules.External && code is AttributeTable.LocalPreference or AttributeTable.OriginatorId or AttributeTable.ClusterList);
                    whole.CopyTo(scratch.AsSpan(end));
                    end += whole.Length;
                    break;
            }
        }

        Seen = seen[0];
        if (!rest.IsEmpty)
        {
            Raise(FaultAnswer.Withdraw, null); // An attribute that ends outside of the list, RFC 7606 §4.
        }
    }

    private void CheckFlags(byte flags)
    {
        if ((flags & 0xc0) != (byte)AttributeKind.OptionalNonTransitive)
        {
            Raise(FaultAnswer.Withdraw, null);
        }
    }

    // 2 AFI | 1 SAFI | 1 length | next hop | 1 reserved | NLRI, RFC 4760 §3
    private void Reach(ReadOnlySpan<byte> value, ReadOnlySpan<byte> whole, int after, in UpdateRules rules)
    {
        if (value.Length < 5)
        {
            Raise(FaultAnswer.Reset, Notification.BadOptional(whole));
            return;
        }

        if (Families.Find(BinaryPrimitives.ReadUInt16BigEndian(value), value[2]) is not { } family || !rules.Families.Has(family))
        {
            return; // A family that was not agreed on is passed over, RFC 4760 §6.
        }

        Reached = new(true, family, after, 0);
        var hop = value[3];
        var valid = family switch
        {
            BgpFamily.Ipv6Unicast => hop is 16 or 32,
            BgpFamily.Ipv4Unicast => hop == 4, // Others need a capability (RFC 8950) that is not offered here.
            _ => hop is 4 or 16,
        };
        if (!valid || value.Length < 5 + hop)
        {
            Raise(FaultAnswer.Reset, Notification.BadOptional(whole)); // Where the routes begin is not known, RFC 7606 §7.11.
            return;
        }

        var nextHop = value.Slice(4, hop);
        ReachedNextHop = nextHop.SequenceEqual(ReachedNextHop) ? ReachedNextHop : nextHop.ToArray();
        Reached = new(true, family, after - value.Length + 5 + hop, value.Length - 5 - hop) { Attribute = after - whole.Length };
    }

    // 2 AFI | 1 SAFI | NLRI, RFC 4760 §4
    private void Unreach(ReadOnlySpan<byte> value, ReadOnlySpan<byte> whole, int after, in UpdateRules rules)
    {
        if (value.Length < 3)
        {
            Raise(FaultAnswer.Reset, Notification.BadOptional(whole));
            return;
        }

        if (Families.Find(BinaryPrimitives.ReadUInt16BigEndian(value), value[2]) is { } family && rules.Families.Has(family))
        {
            Unreached = new(true, family, after - value.Length + 3, value.Length - 3) { Attribute = after - whole.Length };
        }
    }

    private bool IsComplete(bool external, bool outside)
    {
        const ulong Always = (1ul << AttributeTable.Origin) | (1ul << AttributeTable.AsPath);
        var needed = Always
            | (external ? 0 : 1ul << AttributeTable.LocalPreference)
            | (outside ? 1ul << AttributeTable.NextHop : 0);
        return (Seen & needed) == needed;
    }

    private void KeepUnknown(byte flags, byte code, ReadOnlySpan<byte> value, ReadOnlySpan<byte> whole)
    {
        if ((flags & 0x80) == 0)
        {
            Raise(FaultAnswer.Reset, new Notification(3, 2, [.. whole])); // RFC 4271 §6.3: nobody may send a well-known one that is not known.
        }
        else if ((flags & 0x40) == 0)
        {
            Discarded++; // Not transitive: it ends here (RFC 4271 §5).
        }
        else
        {
            AttributeCodec.Put(canonical, code, value, (byte)((flags & 0xe0) | 0x20)); // It passed one that does not know it: partial.
        }
    }

    private void Raise(FaultAnswer answer, Notification? fault)
    {
        Answer = answer > Answer ? answer : Answer;
        Fault ??= fault;
    }
}
