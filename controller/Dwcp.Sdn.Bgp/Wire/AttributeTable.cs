using System.Collections.Frozen;
using System.Collections.Immutable;
using Dwcp.Sdn.Core.Wire;

namespace Dwcp.Sdn.Bgp.Wire;

/// <summary>The category of an attribute, RFC 4271 §5; its bits are the two high ones of the flags.</summary>
internal enum AttributeKind : byte
{
    WellKnown = 0x40,
    OptionalTransitive = 0xc0,
    OptionalNonTransitive = 0x80,
}

/// <summary>What to do with an UPDATE that has a malformed attribute, RFC 7606 §2; the stronger is the higher.</summary>
internal enum FaultAnswer : byte
{
    None,

    /// <summary>Drop the attribute and go on.</summary>
    Discard,

    /// <summary>Take all routes of the UPDATE as withdrawn.</summary>
    Withdraw,

    /// <summary>End the session, or stop using the family.</summary>
    Reset,
}

/// <summary>A row of the table: code, category, what is valid, and the answer when it is not.</summary>
/// <param name="Internal">Only a peer of the same AS may send it; from others it is dropped unread (RFC 7606 §7.5, §7.9, §7.10).</param>
internal sealed record AttributeRow(
    byte Code, string Name, AttributeKind Kind, Func<ReadOnlySpan<byte>, bool> Valid, FaultAnswer Answer, bool Internal = false);

/// <summary>The path attributes, each with the answer that its RFC or RFC 7606 §7 gives to a malformed one. A new attribute is a new line.</summary>
internal static class AttributeTable
{
    public const byte Origin = 1;
    public const byte AsPath = 2;
    public const byte NextHop = 3;
    public const byte Med = 4;
    public const byte LocalPreference = 5;
    public const byte AtomicAggregate = 6;
    public const byte Aggregator = 7;
    public const byte Communities = 8;
    public const byte OriginatorId = 9;
    public const byte ClusterList = 10;
    public const byte MpReach = 14;
    public const byte MpUnreach = 15;
    public const byte ExtendedCommunities = 16;
    public const byte As4Path = 17;
    public const byte As4Aggregator = 18;
    public const byte Pmsi = 22;
    public const byte LargeCommunities = 32;

    public static readonly ImmutableArray<AttributeRow> Rows =
    [
        new(Origin, "ORIGIN", AttributeKind.WellKnown, v => v.Length == 1 && v[0] <= 2, FaultAnswer.Withdraw),
        new(AsPath, "AS_PATH", AttributeKind.WellKnown, AsPathCodec.IsValid, FaultAnswer.Withdraw),
        new(NextHop, "NEXT_HOP", AttributeKind.WellKnown, v => v.Length == 4, FaultAnswer.Withdraw),
        new(Med, "MULTI_EXIT_DISC", AttributeKind.OptionalNonTransitive, v => v.Length == 4, FaultAnswer.Withdraw),
        new(LocalPreference, "LOCAL_PREF", AttributeKind.WellKnown, v => v.Length == 4, FaultAnswer.Withdraw, Internal: true),
        new(AtomicAggregate, "ATOMIC_AGGREGATE", AttributeKind.WellKnown, v => v.IsEmpty, FaultAnswer.Discard),
        new(Aggregator, "AGGREGATOR", AttributeKind.OptionalTransitive, v => v.Length == 8, FaultAnswer.Discard),
        new(Communities, "COMMUNITIES", AttributeKind.OptionalTransitive, v => Whole(v, 4), FaultAnswer.Withdraw),
        new(OriginatorId, "ORIGINATOR_ID", AttributeKind.OptionalNonTransitive, v => v.Length == 4, FaultAnswer.Withdraw, Internal: true),
        new(ClusterList, "CLUSTER_LIST", AttributeKind.OptionalNonTransitive, v => Whole(v, 4), FaultAnswer.Withdraw, Internal: true),
        new(MpReach, "MP_REACH_NLRI", AttributeKind.OptionalNonTransitive, v => v.Length >= 5, FaultAnswer.Reset),
        new(MpUnreach, "MP_UNREACH_NLRI", AttributeKind.OptionalNonTransitive, v => v.Length >= 3, FaultAnswer.Reset),
        new(ExtendedCommunities, "EXTENDED_COMMUNITIES", AttributeKind.OptionalTransitive, v => Whole(v, 8), FaultAnswer.Withdraw),
        new(As4Path, "AS4_PATH", AttributeKind.OptionalTransitive, AsPathCodec.IsValid, FaultAnswer.Discard),
        new(As4Aggregator, "AS4_AGGREGATOR", AttributeKind.OptionalTransitive, v => v.Length == 8, FaultAnswer.Discard),
        new(Pmsi, "PMSI_TUNNEL", AttributeKind.OptionalTransitive, IsValidPmsi, FaultAnswer.Withdraw), // RFC 6514 §5
        new(23, "TUNNEL_ENCAPSULATION", AttributeKind.OptionalTransitive, IsValidTunnels, FaultAnswer.Discard), // RFC 9012 §13
        new(25, "IPV6_EXTENDED_COMMUNITIES", AttributeKind.OptionalTransitive, v => Whole(v, 20), FaultAnswer.Withdraw),
        new(26, "AIGP", AttributeKind.OptionalNonTransitive, IsValidAigp, FaultAnswer.Discard), // RFC 7311 §3
        new(LargeCommunities, "LARGE_COMMUNITY", AttributeKind.OptionalTransitive, v => Whole(v, 12), FaultAnswer.Withdraw), // RFC 8092 §5
        new(35, "ONLY_TO_CUSTOMER", AttributeKind.OptionalTransitive, v => v.Length == 4, FaultAnswer.Withdraw), // RFC 9234 §5
    ];

    private static readonly FrozenDictionary<byte, AttributeRow> ByCode = Rows.ToFrozenDictionary(row => row.Code);

    public static AttributeRow? Find(byte code) => ByCode.GetValueOrDefault(code);

    private static bool Whole(ReadOnlySpan<byte> value, int unit) => !value.IsEmpty && value.Length % unit == 0;

    // 1 flags | 1 kind | 3 label | identifier; an ingress replication has the address of its end point
    private static bool IsValidPmsi(ReadOnlySpan<byte> v) => v.Length >= 5 && (v[1] != 6 || v.Length is 9 or 21);

    // n x (1 type | 2 length with these three | value); type 1 is the metric of eight octets
    private static bool IsValidAigp(ReadOnlySpan<byte> v)
    {
        var whole = !v.IsEmpty;
        while (whole && !v.IsEmpty)
        {
            var length = v.Length < 3 ? 0 : (v[1] << 8) | v[2];
            whole = length >= 3 && length <= v.Length && (v[0] != 1 || length == 11);
            v = whole ? v[length..] : v;
        }

        return whole;
    }

    // n x (2 type | 2 length | length octets)
    private static bool IsValidTunnels(ReadOnlySpan<byte> v)
    {
        var r = new WireReader(v);
        while (r.Remaining >= 4)
        {
            r.Skip(2);
            var length = r.U16();
            if (length > r.Remaining)
            {
                return false;
            }

            r.Skip(length);
        }

        return r.Remaining == 0;
    }
}
