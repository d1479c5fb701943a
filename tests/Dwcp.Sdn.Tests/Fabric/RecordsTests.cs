using System.Text;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Tests.Fabric;

public class RecordsTests
{
    private static StoreEntry Entry(string key, string value) => new(key, Encoding.UTF8.GetBytes(value), 7, 7, 1);

    [Fact]
    public void Every_kind_of_object_comes_back_as_it_was_written()
    {
        var bench = new FabricBench();
        var labels = Ask.NoLabels.Add("team", "a").Add("Zeile", "ä\n\"").Add("a", "");
        bench.Do(Ask.Network("blue", 100, s => s with { ArpSuppression = false, UnknownUnicast = "FLOOD" }) with { Labels = labels });
        bench.Do(Ask.Subnet("s4", "blue", "10.0.0.0/24", "10.0.0.1", s => s with { GatewayMac = "02:00:00:00:00:fe", Dhcp = new DhcpSpec { Enabled = false } }));
        bench.Do(Ask.Subnet("s6", "blue", "2001:DB8::/64"));
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "nowhere", s => s with { Mac = "02:00:00:00:00:11", Addresses = ["fe80::1"], PortSecurity = false }));
        bench.Do(Ask.Switch("h1", "OBSERVED") with { Labels = labels });
        bench.Do(Ask.Switch("h2", null));

        var (intent, hosts, _) = Records.Read(bench.Listing.Entries);

        Assert.Empty(hosts);
        foreach (var kind in Enum.GetValues<ResourceKind>())
        {
            foreach (var id in bench.Machine.Snapshot.Of(kind).Keys)
            {
                var (before, after) = (bench.Machine.Intent.Find(kind, id)!, intent.Find(kind, id)!);
                Assert.Equal(before, after with { Labels = before.Labels });
                Assert.Equal(before.Labels, after.Labels);
                Assert.Equal(bench.Get(kind, id).Version, after.Version);
            }
        }

        Assert.Equal(bench.Listing.Entries.Count, Enum.GetValues<ResourceKind>().Sum(k => bench.Machine.Snapshot.Of(k).Count));
    }

    [Fact]
    public void Hosts_come_back_as_they_were_written()
    {
        KnownHost[] hosts =
        [
            new("h1", null, null, 0, null, []),
            new("h2", new DatapathId(0xd3c9_0000_0000_0001), IpAddress.Parse("192.0.2.2"), 3, new PortNumber(1), [new("tap0", "vm", new PortNumber(7), true, 4)]),
            new("h3", new DatapathId(1), IpAddress.Parse("2001:db8::3"), 9, null, [new("a", "p", new PortNumber(1), false, 5), new("b", "p", new PortNumber(2), true, 6)]) { FabricPorts = [new(4), new(9)] },
        ];

        var read = Records.Read(hosts.Select(h => new StoreEntry(Records.KeyOfHost(h.Id), Records.Write(h), 1, 1, 1))).Hosts;

        Assert.Equal(hosts, read);
    }

    [Theory]
    [InlineData("/networks/blue", "")]
    [InlineData("/networks/blue", "null")]
    [InlineData("/networks/blue", "{}")]
    [InlineData("/networks/blue", """{"generation":1,"labels":{},"spec":{"vni":1}}""")]
    [InlineData("/networks/blue", """{"generation":1,"labels":{},"spec":{},"bridgeDomain":1}""")]
    [InlineData("/networks/blue", """{"generation":1,"labels":{},"spec":{"vni":1,"colour":"blue"},"bridgeDomain":1}""")]
    [InlineData("/subnets/s", """{"generation":1,"labels":{},"spec":{"network":"blue"}}""")]
    [InlineData("/subnets/s", """{"generation":1,"labels":{},"spec":{"network":"blue","cidr":"10.0.0.1/24"}}""")]
    [InlineData("/ports/p", """{"generation":1,"labels":{},"spec":{"network":"blue"}}""")]
    [InlineData("/ports/p", """{"generation":1,"labels":{},"spec":{"network":"blue"},"logicalPort":1,"mac":"x","addresses":[]}""")]
    [InlineData("/ports/p", """{"generation":1,"labels":{},"spec":{"network":"blue"},"logicalPort":1,"mac":"02:00:00:00:00:01"}""")]
    [InlineData("/switches/h1", """{"generation":1,"spec":{}}""")]
    [InlineData("/hosts/h1", "{}")]
    [InlineData("/hosts/h1", """{"interfaces":[],"vtep":"192.0.2","vtepSince":1}""")]
    [InlineData("/planets/mars", "{}")]
    [InlineData("/epoch", "{}")]
    public void A_record_that_cannot_be_read_is_named(string key, string value)
    {
        var fault = Assert.Throws<InvalidDataException>(() => Records.Read([Entry(key, value)]));

        Assert.Contains(key, fault.Message, StringComparison.Ordinal);
        Assert.Contains("revision 7", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_that_contradict_one_another_are_named()
    {
        StoreEntry Network(string id, uint vni, uint bridgeDomain) => Entry(
            $"/networks/{id}", $$$"""{"generation":1,"labels":{},"spec":{"vni":{{{vni}}}},"bridgeDomain":{{{bridgeDomain}}}}""");

        Assert.Contains("/networks/b", Assert.Throws<InvalidDataException>(() => Records.Read([Network("a", 1, 1), Network("b", 1, 2)])).Message, StringComparison.Ordinal);
        Assert.Contains("/networks/b", Assert.Throws<InvalidDataException>(() => Records.Read([Network("a", 1, 1), Network("b", 2, 1)])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_can_be_read_by_people() => Assert.Equal(
        """{"generation":1,"labels":{},"spec":{"network":"blue","addresses":["10.0.0.7"],"securityGroups":[],"allowedPairs":[],"bindings":[]},"logicalPort":1,"mac":"02:d3:c9:00:00:01","addresses":["10.0.0.7"]}""",
        Encoding.UTF8.GetString(Records.Write(Judge.Of(FabricIntent.Empty, Ask.Port("vm", "blue", "10.0.0.7")).Changed[0])));
}
