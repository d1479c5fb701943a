using System.Globalization;

namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>A leaf of FRR beside hosts of Open vSwitch in one fabric: kernel VXLAN there, flows here, and BGP EVPN between them.</summary>
public sealed class LeafTests
{
    private const int Vni = 10001;

    [Fact]
    public async Task Hosts_of_a_leaf_and_VMs_in_one_VNI_reach_each_other_and_what_is_withdrawn_is_gone()
    {
        await using var site = await Site.UpAsync(["--hosts", "2"], "--bgp", "127.0.0.1:0");
        await using var leaf = await Leaf.UpAsync(site.Lab, 201, null, Vni);
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        var sides = await Task.WhenAll(((string[])["h1", "h2"]).Select(h => SwitchSide.WatchAsync(site.Lab, h)));
        Assert.All(await Task.WhenAll(sides.Select(s => s.FlowsAsync("tun_src=192.0.2.201"))), Assert.Empty);

        await PeerAsync(site, leaf);
        await leaf.HostAsync("x1", Vni, "10.1.0.101/24", "02:00:00:00:01:65");
        await site.ReachesAsync("b1", "10.1.0.101");
        await site.ReachesAsync("b2", "10.1.0.101");
        Assert.Equal(0, (await leaf.PingAsync("x1", "10.1.0.11")).Lost);
        Assert.Equal(0, (await leaf.PingAsync("x1", "10.1.0.12")).Lost);
        Assert.Equal(0, (await site.Lab.PingAsync("b1", "10.1.0.12")).Lost);
        Assert.All(await Task.WhenAll(sides.Select(s => s.FlowsAsync("tun_src=192.0.2.201"))), f => Assert.Single(f));

        // The VM's request is answered in the switch: nobody behind the leaf hears it.
        await Until.TrueAsync(
            "the leaf announces the host's address",
            TimeSpan.FromSeconds(60),
            async () =>
            {
                await leaf.SpeakAsync("x1", "10.1.0.101");
                return (await site.Api.GetAsync("/v1/evpn-routes?prefix=10.1.0.101")).Body.GetProperty("items").GetArrayLength() > 0;
            },
            () => leaf.VtyshAsync("show evpn arp-cache vni all"));
        var routes = (await site.Api.GetAsync("/v1/evpn-routes?bestOnly=true&peer=leaf1")).Body.GetProperty("items").EnumerateArray().ToList();
        Assert.Contains(routes, r => r.GetProperty("type").GetInt32() == 2 && r.TryGetProperty("ip", out var ip) && ip.GetString() == "10.1.0.101");
        Assert.Contains(routes, r => r.GetProperty("type").GetInt32() == 3);
        await ArpIsSuppressedAsync(site, leaf);

        await leaf.PlugAsync("x1", Vni, plugged: false);
        await Command.RunAsync("ip", "netns", "exec", leaf.Space, "ip", "neigh", "flush", "dev", $"br{Vni}"); // FRR may put some back meanwhile, which ip calls a failure.
        await Until.TrueAsync(
            "the host of the leaf is gone from the switches",
            TimeSpan.FromSeconds(60),
            async () => (await Task.WhenAll(sides.Select(s => s.FlowsAsync("02:00:00:00:01:65")))).All(f => f.Length == 0),
            async () => string.Join('\n', await sides[0].FlowsAsync("02:00:00:00:01:65")) + await leaf.VtyshAsync("show bgp l2vpn evpn"));

        Assert.Equal(204, (int)(await site.Api.DeleteAsync("/v1/bgp-peers/leaf1")).Status);
        await Until.TrueAsync(
            "frames of the leaf are refused",
            TimeSpan.FromSeconds(60),
            async () => (await Task.WhenAll(sides.Select(s => s.FlowsAsync("tun_src=192.0.2.201")))).All(f => f.Length == 0));

        // A leaf that sends all the same, to a VM that it has been told of by hand.
        await leaf.PlugAsync("x1", Vni, plugged: true);
        await leaf.InAsync("bridge", "fdb", "replace", Site.MacOf("10.1.0.11"), "dev", $"vx{Vni}", "master", "static");
        await leaf.InAsync("bridge", "fdb", "replace", Site.MacOf("10.1.0.11"), "dev", $"vx{Vni}", "dst", "192.0.2.1", "self");
        await leaf.InHostAsync("x1", "ip", "neigh", "replace", "10.1.0.11", "lladdr", Site.MacOf("10.1.0.11"), "dev", "eth0");
        var before = await RefusedAsync(sides[0]);
        Assert.Equal(0, (await leaf.PingAsync("x1", "10.1.0.11")).Received);
        Assert.InRange(await RefusedAsync(sides[0]) - before, 3, 100);
    }

    /// <summary>How many frames table 1 has refused.</summary>
    private static async Task<int> RefusedAsync(SwitchSide side) =>
        int.Parse(Assert.Single(await side.FlowsAsync(" table=1,", "priority=0 ")).Split("n_packets=")[1].Split(',')[0], CultureInfo.InvariantCulture);

    private static async Task ArpIsSuppressedAsync(Site site, Leaf leaf)
    {
        await using var watch = Command.Start("ip", "netns", "exec", $"{site.Lab.Name}-n201", "tcpdump", "-l", "-n", "-i", "up0", "udp", "port", "4789");
        await Until.TrueAsync("tcpdump listens", TimeSpan.FromSeconds(60), () => Task.FromResult(watch.Printed.Contains("listening", StringComparison.Ordinal)));
        await site.Lab.ExecAsync("b1", "ip", "neigh", "flush", "dev", "eth0");
        await leaf.InHostAsync("x1", "ip", "neigh", "flush", "dev", "eth0");
        Assert.Equal(0, (await site.Lab.PingAsync("b1", "10.1.0.101")).Lost);
        Assert.Equal(0, (await leaf.PingAsync("x1", "10.1.0.12")).Lost);
        await Until.TrueAsync("the pings are seen", TimeSpan.FromSeconds(60), () => Task.FromResult(watch.Printed.Contains("ICMP echo reply", StringComparison.Ordinal)));
        Assert.DoesNotContain("ARP, Request who-has 10.1.0", watch.Printed, StringComparison.Ordinal);
    }

    private static async Task PeerAsync(Site site, Leaf leaf)
    {
        await site.Api.PutAsync("/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.254"}""");
        await site.Api.PutAsync("/v1/bgp-peers/leaf1", $$"""{"address": "{{leaf.Management}}", "remoteAs": 65000}""");
        await site.Api.WaitAsync("/v1/bgp-peers/leaf1", "Degraded", "False");
    }
}
