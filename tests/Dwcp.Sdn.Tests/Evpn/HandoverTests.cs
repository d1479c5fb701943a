using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>A VM that moves between hosts: at every moment, whichever switches have followed already, a frame for it comes out where it is.</summary>
public class HandoverTests
{
    private readonly MemoryUnderlay net = new();

    public HandoverTests()
    {
        foreach (var n in Enumerable.Range(1, 3))
        {
            net.Add($"h{n}", $"192.0.2.{n}");
        }

        net.Bench.Do(Ask.Network("blue", 100));
        net.Bench.Do(Ask.Subnet("v4", "blue", "10.0.0.0/24"));
        foreach (var (host, port) in new[] { ("h1", "vm"), ("h2", "b"), ("h3", "c") })
        {
            net.Bench.Do(Ask.Port(port, "blue"));
            net.Plug(host, port);
        }

        net.Reconcile();
    }

    [Fact]
    public void While_it_is_on_its_way_it_is_reached_at_both_ends_and_may_send_from_both()
    {
        Incoming();

        Assert.Equal(["h1", "h2"], To("h2", "b"));
        Assert.Equal(["h1", "h2"], To("h3", "c"));
        Assert.Equal(["h1", "h2"], Flood("h3", "c"));
        Assert.Equal([("h3", "c")], net.Send("h1", "vm", Frame("vm", "c")));
        Assert.Equal([("h3", "c")], net.Send("h2", "vm", Frame("vm", "c")));
        Assert.Equal([("h2", "b")], net.Send("h2", "vm", Frame("vm", "b")));
        Assert.Equal((ConditionStatus.False, "Incoming"), Degraded());
        Assert.True(net.IsProgrammed("vm"));
    }

    [Theory]
    [InlineData("h1", "h2", "h3")]
    [InlineData("h1", "h3", "h2")]
    [InlineData("h2", "h1", "h3")]
    [InlineData("h2", "h3", "h1")]
    [InlineData("h3", "h1", "h2")]
    [InlineData("h3", "h2", "h1")]
    public void When_it_has_come_it_is_reached_there_in_whatever_order_the_switches_follow(params string[] order)
    {
        Incoming();
        net.Unplug("h1", "vm");

        Assert.Equal(["h2"], To("h2", "b"));
        Assert.Equal(["h2"], To("h3", "c"));
        foreach (var host in order)
        {
            net.Reconcile(host);
            Assert.Equal(["h2"], To("h2", "b"));
            Assert.Equal(["h2"], To("h3", "c"));
            Assert.Equal([("h3", "c")], net.Send("h2", "vm", Frame("vm", "c")));
        }

        Assert.Equal((ConditionStatus.False, "AsExpected"), Degraded());
    }

    [Fact]
    public void Its_former_host_passes_on_for_a_while_what_comes_out_of_a_tunnel_and_then_no_more()
    {
        Incoming();
        net.Unplug("h1", "vm");
        net.Reconcile("h1");
        Assert.Equal(["h2"], To("h3", "c"));
        Assert.Contains(net["h1"].Tables.Flows, f => f.Key is { Table: 2, Priority: > 0 });

        net.Bench.Now += TimeSpan.FromSeconds(5);
        net.Bench.Settle();
        net.Reconcile("h1");

        Assert.Empty(To("h3", "c"));
        Assert.DoesNotContain(net["h1"].Tables.Flows, f => f.Key is { Table: 2, Priority: > 0 });
        net.Reconcile("h3");
        Assert.Equal(["h2"], To("h3", "c"));
        Assert.Null(net.Bench.Last.Deadline);
    }

    [Fact]
    public void The_time_of_its_former_host_is_counted_also_when_nothing_else_happens()
    {
        Incoming();
        net.Unplug("h1", "vm");
        Assert.Equal(net.Bench.Now + TimeSpan.FromSeconds(5), net.Bench.Last.Deadline);
    }

    [Fact]
    public void What_is_not_announced_as_incoming_is_refused_and_gets_the_frames_only_once_its_flows_are_there()
    {
        net.Plug("h2", "vm");
        net.Reconcile();
        Assert.Equal(["h1"], To("h3", "c"));
        Assert.Empty(net.Send("h2", "vm", Frame("vm", "c")));
        Assert.Equal((ConditionStatus.True, "DuplicateInterface"), Degraded());

        net.Unplug("h1", "vm");
        net.Reconcile("h1");
        Assert.Empty(To("h3", "c"));
        net.Reconcile("h2");
        net.Reconcile("h1");
        Assert.Equal(["h2"], To("h3", "c"));
    }

    [Fact]
    public void It_moves_there_and_back_without_a_frame_in_circles()
    {
        for (var move = 0; move < 6; move++)
        {
            var (from, to) = move % 2 == 0 ? ("h1", "h2") : ("h2", "h1");
            net.Plug(to, "vm", incoming: true);
            foreach (var host in (string[])["h3", to, from])
            {
                net.Reconcile(host);
                Assert.Contains(from, To("h3", "c"));
            }

            net.Unplug(from, "vm");
            foreach (var host in (string[])["h3", from, to])
            {
                net.Reconcile(host);
                Assert.Equal([to], To("h3", "c"));
            }
        }
    }

    [Fact]
    public void A_new_interface_takes_the_port_from_a_host_that_is_away_and_keeps_it_when_that_is_back()
    {
        net.Bench.HostGone(1);
        net.Plug("h2", "vm");
        net.Reconcile();
        Assert.Equal(["h2"], To("h3", "c"));
        Assert.Contains(net.Bench.Machine.Snapshot.Events, e => e.Name == "PortTakenOver" && e.Subject == "ports/vm");

        net.Show("h1");
        net.Reconcile();
        Assert.Equal("h2", net.Bench.PortStatus("vm").Host);
        Assert.Equal((ConditionStatus.True, "DuplicateInterface"), Degraded());
    }

    [Fact]
    public void An_old_interface_takes_nothing_from_a_host_that_is_not_back_yet()
    {
        net.Plug("h2", "vm");
        net.Bench.Restart();

        net.Show("h2");

        Assert.Equal("h1", net.Bench.PortStatus("vm").Host);
    }

    private void Incoming()
    {
        net.Plug("h2", "vm", incoming: true);
        net.Reconcile();
    }

    private byte[] Frame(string from, string to)
    {
        var (a, b) = (net.Bench.Port(from), net.Bench.Port(to));
        return Frames.Ping(b.Mac, a.Mac, a.Addresses[0], b.Addresses[0]);
    }

    /// <summary>The hosts at which a frame for the VM comes out.</summary>
    private string[] To(string host, string from) =>
        [.. net.Send(host, from, Frame(from, "vm")).Select(r => r.Host).Order(StringComparer.Ordinal)];

    private string[] Flood(string host, string from)
    {
        var port = net.Bench.Port(from);
        return [.. net.Send(host, from, Frames.Udp(MacAddress.Broadcast, port.Mac, port.Addresses[0], IpAddress.Parse("255.255.255.255"))).Where(r => r.Port == "vm").Select(r => r.Host).Order(StringComparer.Ordinal)];
    }

    private (ConditionStatus Status, string Reason) Degraded() =>
        net.Bench.Condition(ResourceKind.Port, "vm", ConditionType.Degraded) is var condition ? (condition.Status, condition.Reason) : default;
}
