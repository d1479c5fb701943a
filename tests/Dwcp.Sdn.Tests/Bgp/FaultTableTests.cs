using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>RFC 7606 as a table: every attribute, every way in which it can be wrong, what becomes of the routes beside it and of the attribute.</summary>
public class FaultTableTests
{
    private const string Ways = "short long zero flags twice late";

    // K kept, D kept without the attribute, W withdrawn, R the session ends.
    private static readonly SortedDictionary<byte, (string Valid, string Answers)> Table = new()
    {
        //                                                          short long zero flags twice late
        [1] = ("00", "W    W    W    W     D     K"), // ORIGIN; short is zero
        [2] = ("0201" + "0000fde9", "W    W    K    W     D     K"), // AS_PATH; an empty one is valid
        [3] = ("c0000201", "W    W    W    W     D     K"), // NEXT_HOP beside MP_REACH_NLRI
        [4] = ("00000001", "W    W    W    W     D     K"), // MULTI_EXIT_DISC
        [5] = ("00000064", "W    W    W    W     D     K"), // LOCAL_PREF of an internal peer
        [6] = ("", "-    D    K    W     D     K"), // ATOMIC_AGGREGATE; nothing is shorter than zero
        [7] = ("0000fde90a000009", "D    D    D    W     D     K"), // AGGREGATOR
        [8] = ("fde80001", "W    W    W    W     D     K"), // COMMUNITIES
        [9] = ("0a000009", "W    W    W    W     D     K"), // ORIGINATOR_ID of an internal peer
        [10] = ("0a000009", "W    W    W    W     D     K"), // CLUSTER_LIST of an internal peer
        [14] = (Reach, "R    R    R    W     R     K"), // MP_REACH_NLRI; long: a route that does not end
        [15] = ("001946", "R    R    R    W     R     K"), // MP_UNREACH_NLRI
        [16] = ("0002fde800000064", "W    W    W    W     D     K"), // EXTENDED_COMMUNITIES
        [17] = ("0201" + "00011170", "D    D    D    D     D     D"), // AS4_PATH of a peer that needs none
        [18] = ("000111700a000009", "D    D    D    D     D     D"), // AS4_AGGREGATOR of a peer that needs none
        [22] = ("0006000064c0000201", "W    W    W    W     D     K"), // PMSI_TUNNEL
        [23] = ("00080004" + "01020304", "D    D    K    W     D     K"), // TUNNEL_ENCAPSULATION
        [25] = ("000220010db8000000000000000000000000" + "0064", "W    W    W    W     D     K"), // IPV6_EXTENDED_COMMUNITIES
        [26] = ("01000b" + "0000000000000005", "D    D    D    W     D     K"), // AIGP
        [32] = ("000000010000000200000003", "W    W    W    W     D     K"), // LARGE_COMMUNITY
        [35] = ("0000fde9", "W    W    W    W     D     K"), // ONLY_TO_CUSTOMER
    };

    // AFI 25, SAFI 70, next hop 192.0.2.1, a MAC route
    private const string Reach = "001946" + "04c0000201" + "00" + "0221" + "00010a0000010064" + "00000000000000000000" + "00000000" + "30" + "020000000001" + "00" + "000064";

    public static TheoryData<string, string, string> Cells()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (code, (_, answers)) in Table)
        {
            foreach (var (way, answer) in Ways.Split(' ').Zip(answers.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            {
                if (answer != "-")
                {
                    data.Add(AttributeTable.Find(code)!.Name, way, answer);
                }
            }
        }

        return data;
    }

    [Fact]
    public void Every_attribute_of_the_code_has_a_row() => Assert.Equal(AttributeTable.Rows.Select(r => r.Code), Table.Keys);

    [Theory]
    [MemberData(nameof(Cells))]
    public void A_faulty_attribute_gets_the_answer_of_its_cell(string name, string way, string answer)
    {
        var row = AttributeTable.Rows.Single(r => r.Name == name);
        var desk = new Desk();
        var peer = desk.Peer();
        Assert.Null(desk.Routes.Update(peer, Body([.. Others(0)]), first: true).Fault);
        var fine = Assert.Single(desk.Held()).Attributes;
        Assert.Null(desk.Routes.Update(peer, Body([.. Others(row.Code), .. Faulty(row, "fine")]), first: true).Fault);

        var outcome = desk.Routes.Update(peer, Body(way == "late" ? [.. Faulty(row, way), .. Others(row.Code)] : [.. Others(row.Code), .. Faulty(row, way)]), first: true);
        if (answer == "R")
        {
            Assert.True(outcome.Fault is { Code: 3 });
            return;
        }

        Assert.Null(outcome.Fault);
        Assert.Equal(answer == "W" ? 0 : 1, desk.Routes.Table.PathCount);
        Assert.Equal(answer == "W" ? 1 : 0, peer.TakenAsWithdrawn);
        Assert.Equal(answer == "D", peer.AttributesDiscarded > Before(row));
        if (answer == "D" && way != "twice" && row.Code is not (17 or 18))
        {
            Assert.Equal(fine, desk.Held()[0].Attributes); // Nothing of it is left.
        }
    }

    /// <summary>How many were dropped by the first, valid message: all that such a peer may not send.</summary>
    private static int Before(AttributeRow row) => row.Code is 17 or 18 ? 1 : 0;

    private static byte[] Body(params byte[][] attributes)
    {
        byte[] all = [.. attributes.SelectMany(a => a)];
        return [0, 0, (byte)(all.Length >> 8), (byte)all.Length, .. all];
    }

    private static byte[] One(byte flags, byte code, byte[] value) => [flags, code, (byte)value.Length, .. value];

    /// <summary>What an UPDATE of an internal peer has to have, but for the one attribute.</summary>
    private static IEnumerable<byte[]> Others(byte without) => new[]
    {
        One(0x80, 14, Convert.FromHexString(Reach)), One(0x40, 1, [0]), One(0x40, 2, []), One(0x40, 5, [0, 0, 0, 100]),
    }.Where(a => a[1] != without);

    private static byte[][] Faulty(AttributeRow row, string way)
    {
        var value = Convert.FromHexString(Table[row.Code].Valid);
        var flags = (byte)row.Kind;
        return way switch
        {
            "short" => [One(flags, row.Code, value[..^1])],
            "long" => [One(flags, row.Code, [.. value, 0])],
            "zero" => [One(flags, row.Code, [])],
            "flags" => [One((byte)(flags ^ 0xc0), row.Code, value)],
            "twice" => [One(flags, row.Code, value), One(flags, row.Code, value)],
            _ => [One(flags, row.Code, value)],
        };
    }
}
