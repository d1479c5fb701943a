namespace Dwcp.Sdn.Bgp;

/// <summary>The address families that this speaker carries, RFC 4760.</summary>
public enum BgpFamily : byte
{
    L2VpnEvpn,
    RtConstraint,
    Ipv4Unicast,
    Ipv6Unicast,
}

/// <summary>A set of address families in one octet.</summary>
internal readonly record struct FamilySet(byte Bits)
{
    public bool Has(BgpFamily family) => (Bits & (1 << (int)family)) != 0;

    public FamilySet With(BgpFamily family) => new((byte)(Bits | (1 << (int)family)));

    public FamilySet And(FamilySet other) => new((byte)(Bits & other.Bits));

    public bool IsEmpty => Bits == 0;

    public static FamilySet Of(IEnumerable<BgpFamily> families) => families.Aggregate(default(FamilySet), (set, family) => set.With(family));

    public IEnumerable<BgpFamily> Items
    {
        get
        {
            for (var family = BgpFamily.L2VpnEvpn; family <= BgpFamily.Ipv6Unicast; family++)
            {
                if (Has(family))
                {
                    yield return family;
                }
            }
        }
    }
}

/// <summary>The IANA numbers of the families.</summary>
internal static class Families
{
    private static readonly (ushort Afi, byte Safi)[] Numbers = [(25, 70), (1, 132), (1, 1), (2, 1)];

    public static ushort Afi(this BgpFamily family) => Numbers[(int)family].Afi;

    public static byte Safi(this BgpFamily family) => Numbers[(int)family].Safi;

    public static BgpFamily? Find(ushort afi, byte safi)
    {
        var at = Array.IndexOf(Numbers, (afi, safi));
        return at < 0 ? null : (BgpFamily)at;
    }
}
