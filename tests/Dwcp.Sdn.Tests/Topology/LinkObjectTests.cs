using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Tests.Fabric;
using static Dwcp.Sdn.Tests.Topology.Cables;

namespace Dwcp.Sdn.Tests.Topology;

/// <summary>Links as objects, and which ports of a host lead to other switches.</summary>
public class LinkObjectTests
{
    private static readonly DateTimeOffset Since = new(2029, 12, 31, 0, 0, 0, TimeSpan.Zero);

    private readonly FabricBench bench = new();
    private readonly HostBuilder h1 = new("h1", "192.0.2.1") { Datapath = new(0xa) };

    [Fact]
    public void A_patch_port_and_a_marked_one_lead_to_switches_and_what_claims_a_port_never_does()
    {
        h1.Plug("tap0", "vm");
        h1.Interfaces["patch0"] = new("patch0") { Type = "patch", OfPort = new PortNumber(20) };
        h1.Interfaces["eth1"] = new("eth1") { OfPort = new PortNumber(21), IsFabric = true };
        h1.Interfaces["tap1"] = new("tap1") { OfPort = new PortNumber(22) };
        h1.Interfaces["tap2"] = new("tap2") { OfPort = new PortNumber(23), IsFabric = true, IfaceId = "vm2" };
        h1.Interfaces["vx"] = new("vx") { Type = "vxlan", OfPort = new PortNumber(24), IsFabric = true };
        h1.Interfaces["eth2"] = new("eth2") { OfPortFailed = true, IsFabric = true };
        bench.HostSeen(1, h1.Inventory);
        bench.SwitchUp(h1.Datapath);
        bench.PassAll();

        Assert.Equal([new PortNumber(20), new PortNumber(21)], bench.Machine.FabricPortsOf(h1.Datapath));
        Assert.Equal([new FabricPortNeed(new(20)), new FabricPortNeed(new(21))], bench.Needs(h1.Datapath).OfType<FabricPortNeed>().OrderBy(n => n.OfPort));

        h1.Interfaces["eth1"] = h1.Interfaces["eth1"] with { IfaceId = "vm3" };
        bench.HostSeen(1, h1.Inventory);
        bench.PassAll();
        Assert.Equal([new FabricPortNeed(new(20))], bench.Needs(h1.Datapath).OfType<FabricPortNeed>());

        bench.Restart();
        bench.SwitchUp(h1.Datapath);
        bench.PassAll();
        Assert.Equal([new FabricPortNeed(new(20))], bench.Needs(h1.Datapath).OfType<FabricPortNeed>());
    }

    [Fact]
    public void A_switch_that_is_not_ours_to_program_has_no_such_ports()
    {
        h1.Interfaces["patch0"] = new("patch0") { Type = "patch", OfPort = new PortNumber(20) };
        bench.HostSeen(1, h1.Inventory);
        bench.Do(Ask.Switch("h1", "OBSERVED"));
        Assert.Empty(bench.Machine.FabricPortsOf(h1.Datapath));
        Assert.Empty(bench.Machine.FabricPortsOf(new(0xff)));
    }

    [Fact]
    public void A_link_is_an_object_from_the_first_frame_to_the_last()
    {
        var key = LinkKey.Of(End(0xb, 4), End(0xa, 3));
        Tell(new LinkNews(key, new(key, true, false, false, Since, 3), ""));
        var id = Assert.Single(bench.Machine.Snapshot.Links.Keys);
        Assert.Equal("000000000000000a.3-000000000000000b.4", id);
        Assert.Equal(("ONE_WAY", "000000000000000a", 3u), Status(id) is var one ? (one.State, one.Source.Switch, one.Source.OfPort) : default);
        Assert.Equal("True OneWay", Degraded(id));
        Assert.Empty(bench.Last.Events);

        Tell(new LinkNews(key, new(key, true, true, true, Since, 2), ""));
        Assert.Equal(("TWO_WAY", true, 2L, Since), Status(id) is var two ? (two.State, two.Blocked, two.ProbeMilliseconds, two.Since) : default);
        Assert.Equal("False AsExpected", Degraded(id));
        Assert.Equal(["LinkUp links/" + id], Events());

        Tell(new LinkNews(key, new(key, false, true, false, Since, 2), "it was not heard in time"));
        Assert.Equal("000000000000000b", Status(id).Source.Switch);
        Assert.Equal(["LinkOneWay links/" + id], Events());

        Tell(new LinkNews(key, null, "the port is down"));
        Assert.Empty(bench.Machine.Snapshot.Links);
        Assert.Equal(["LinkDown links/" + id], Events());
        Assert.Empty(bench.Store);
    }

    [Fact]
    public void A_link_is_called_after_hosts_that_announce_themselves_and_after_datapaths_where_that_is_too_long()
    {
        var key = LinkKey.Of(End(0xa, 3), End(0xb, 4));
        Tell(new LinkNews(key, new(key, true, true, false, Since, 3), ""));
        bench.HostSeen(1, h1.Inventory);
        Assert.Equal(["h1.3-000000000000000b.4"], bench.Machine.Snapshot.Links.Keys);

        bench.HostSeen(2, new HostBuilder("h2", "192.0.2.2") { Datapath = new(0xb) }.Inventory);
        Assert.Equal(["h1.3-h2.4"], bench.Machine.Snapshot.Links.Keys);

        bench.HostSeen(2, new HostBuilder(new string('h', 60), "192.0.2.2") { Datapath = new(0xb) }.Inventory);
        Assert.Equal(["000000000000000a.3-000000000000000b.4"], bench.Machine.Snapshot.Links.Keys);
    }

    [Fact]
    public void A_refusal_is_an_event_of_the_switch_that_heard_it()
    {
        bench.Machine.TopologyChanged(new([], [new RefusalNews(End(0xa, 5), LldpRefusal.Forged, 7)], []));
        bench.Settle();

        var happened = Assert.Single(bench.Last.Events);
        Assert.Equal(("LldpRefused", "switches/000000000000000a"), (happened.Name, happened.Subject));
        Assert.Equal("forged: LLDP that came by port 5 shows no link, for it was not made with this installation's key; 7 more like it at this switch since the last time", happened.Message);
    }

    private void Tell(params LinkNews[] news)
    {
        bench.Machine.TopologyChanged(new([.. news], [], []));
        bench.Settle();
    }

    private LinkStatus Status(string id) => (LinkStatus)bench.Get(ResourceKind.Link, id).Status;

    private string Degraded(string id) => bench.Condition(ResourceKind.Link, id, ConditionType.Degraded) is var c ? $"{c.Status} {c.Reason}" : "";

    private IEnumerable<string> Events() => bench.Last.Events.Select(e => $"{e.Name} {e.Subject}");
}
