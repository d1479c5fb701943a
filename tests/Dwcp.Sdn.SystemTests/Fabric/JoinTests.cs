namespace Dwcp.Sdn.SystemTests;

/// <summary>Hosts join by themselves, whoever made their bridges and in whatever order things come.</summary>
public sealed class JoinTests
{
    [Fact]
    public async Task Bridges_and_ports_of_others_are_adopted_as_soon_as_their_hosts_announce_themselves()
    {
        await using var site = await Site.AloneAsync(["--adopt", "--no-announce", "--vms", "1"]);
        var datapath = await site.Lab.VsctlAsync("h1", "get", "Bridge", "br-int", "datapath_id");
        await site.MeetAsync("h1");
        await site.MeetAsync("h2");

        // The interfaces are there first, then come the ports, and the network last.
        await site.AnnounceAsync("h1", "h1", "192.0.2.1");
        await site.AnnounceAsync("h2", "h2", "192.0.2.2");
        await site.SettledJoinAsync("h1", "h2");
        await site.PortAsync("vm11", "blue", "10.1.0.11");
        Assert.Equal("False NetworkNotFound", await site.Api.ConditionAsync("/v1/ports/vm11", "Accepted"));
        await site.Api.PutAsync("/v1/ports/vm21", """{"network": "blue", "mac": "02:00:00:00:01:0c", "addresses": ["10.1.0.12"]}""");
        await site.NetworkAsync("blue", 1);
        await site.ProgrammedAsync("vm11", "vm21");
        await site.DressAsync("vm11", Site.MacOf("10.1.0.11"), "10.1.0.11/24");
        await site.DressAsync("vm21", Site.MacOf("10.1.0.12"), "10.1.0.12/24");

        await site.ReachesAsync("vm11", "10.1.0.12");
        Assert.Equal(datapath, await site.Lab.VsctlAsync("h1", "get", "Bridge", "br-int", "datapath_id"));
        Assert.Equal("secure", await site.Lab.VsctlAsync("h1", "get", "Bridge", "br-int", "fail_mode"));
        Assert.Equal(["vm11", "vxlan0"], (await site.Lab.VsctlAsync("h1", "list-ports", "br-int")).Split('\n'));
    }

    [Fact]
    public async Task A_host_that_listens_itself_is_connected_to_as_soon_as_it_does_and_again_when_it_returns()
    {
        await using var lab = await Lab.UpAsync("--hosts", "1");
        var octets = lab.Management.GetAddressBytes();
        var host = $"{octets[0]}.{octets[1]}.{octets[2]}.1";
        await using var controller = await ControllerProcess.StartAsync(lab, "--ovsdb-connect", $"tcp:{host}:6640");
        var api = new RestApi(controller);

        await lab.VsctlAsync("h1", "set-manager", "ptcp:6640:0.0.0.0");
        await api.WaitAsync("/v1/switches/h1", "Programmed", "True");

        await lab.VsctlAsync("h1", "del-manager");
        await lab.VsctlAsync("h1", "set", "Open_vSwitch", ".", "external_ids:dwcp-vtep-ip=192.0.2.9");
        await lab.VsctlAsync("h1", "set-manager", "ptcp:6640:0.0.0.0");
        await Until.TrueAsync("the session is back", TimeSpan.FromSeconds(20), async () =>
            (await api.GetAsync("/v1/switches/h1")).Body.GetProperty("status").GetProperty("vtepIp").GetString() == "192.0.2.9");
    }

    [Fact]
    public async Task A_host_that_announces_nothing_is_shown_and_not_touched()
    {
        await using var site = await Site.AloneAsync(["--hosts", "1", "--adopt", "--no-announce", "--vms", "1"]);
        await site.Lab.VsctlAsync("h1", "set", "Open_vSwitch", ".", "external_ids:system-id=h1");
        await site.Lab.VsctlAsync("h1", "set-controller", "br-int", $"tcp:{site.Controller.OpenFlow}");
        var side = await SwitchSide.WatchAsync(site.Lab, "h1");
        await site.MeetAsync("h1");

        await site.Api.WaitAsync("/v1/switches/h1", "Accepted", "False NotAnnounced");
        await Until.TrueAsync("its switch is connected", TimeSpan.FromSeconds(15), async () => (await site.Api.GetAsync("/v1/switches")).Body.GetProperty("items").EnumerateArray().Any(s => s.GetProperty("status").TryGetProperty("connected", out var c) && c.GetBoolean()));

        Assert.Equal("vm11", await site.Lab.VsctlAsync("h1", "list-ports", "br-int"));
        Assert.Equal("[]", await site.Lab.VsctlAsync("h1", "get", "Bridge", "br-int", "fail_mode"));
        Assert.Equal(0, side.Changes());
    }

    [Fact]
    public async Task Of_two_hosts_with_one_system_id_the_first_stays_and_the_second_takes_over_when_it_goes()
    {
        await using var site = await Site.AloneAsync(["--no-announce"]);
        await site.AnnounceAsync("h1", "twin", "192.0.2.1");
        await site.AnnounceAsync("h2", "twin", "192.0.2.2");
        await site.MeetAsync("h1");
        await site.Api.WaitAsync("/v1/switches/twin", "Programmed", "True");
        await site.MeetAsync("h2");

        await site.Api.WaitAsync("/v1/switches/twin", "Degraded", "True DuplicateSystemId");
        Assert.Contains("has the same system-id and is refused", await site.Api.MessageAsync("/v1/switches/twin", "Degraded"));
        Assert.Equal("192.0.2.1", (await site.Api.GetAsync("/v1/switches/twin")).Body.GetProperty("status").GetProperty("vtepIp").GetString());
        Assert.Equal("br-ext", await site.Lab.VsctlAsync("h2", "list-br"));

        await site.Lab.VsctlAsync("h1", "del-manager");
        await Until.TrueAsync("the second has taken over", TimeSpan.FromSeconds(15), async () => (await site.Api.GetAsync("/v1/switches/twin")).Body.GetProperty("status").GetProperty("vtepIp").GetString() == "192.0.2.2");
        await site.Api.WaitAsync("/v1/switches/twin", "Degraded", "False");
        await Until.TrueAsync("its bridge is made", TimeSpan.FromSeconds(10), async () => (await site.Lab.VsctlAsync("h2", "list-br")).Contains("br-int", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_two_hosts_with_one_VTEP_address_the_first_stays_and_the_second_joins_when_it_has_one_of_its_own()
    {
        await using var site = await Site.AloneAsync(["--no-announce"]);
        await site.AnnounceAsync("h1", "h1", "192.0.2.1");
        await site.AnnounceAsync("h2", "h2", "192.0.2.1");
        await site.MeetAsync("h1");
        await site.Api.WaitAsync("/v1/switches/h1", "Programmed", "True");
        await site.MeetAsync("h2");

        await site.Api.WaitAsync("/v1/switches/h2", "Accepted", "False DuplicateVtepAddress");
        Assert.Contains("'h1'", await site.Api.MessageAsync("/v1/switches/h2", "Accepted"));
        Assert.Equal("br-ext", await site.Lab.VsctlAsync("h2", "list-br"));

        // It stays so over a restart, in whatever order they come back.
        await site.Controller.KillAsync();
        await site.Lab.VsctlAsync("h1", "del-manager");
        await site.Controller.StartAgainAsync();
        await site.Api.WaitAsync("/v1/switches/h2", "Accepted", "False DuplicateVtepAddress");
        await site.MeetAsync("h1");

        await site.Lab.VsctlAsync("h2", "set", "Open_vSwitch", ".", "external_ids:dwcp-vtep-ip=\"192.0.2.2\"");
        await site.Api.WaitAsync("/v1/switches/h2", "Programmed", "True");
        await TwoVmsAsync(site);
    }

    [Fact]
    public async Task Of_two_interfaces_with_one_iface_id_the_first_stays_and_the_second_takes_over_when_it_goes()
    {
        await using var site = await Site.UpAsync([]);
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h1", "b2", "blue", "10.1.0.12");
        await site.Lab.PlugAsync("h2", "copy", "b2", Site.MacOf("10.1.0.12"), "10.1.0.12/24");

        await site.Api.WaitAsync("/v1/ports/b2", "Degraded", "True DuplicateInterface");
        Assert.Contains("copy of h2", await site.Api.MessageAsync("/v1/ports/b2", "Degraded"));
        Assert.Equal("h1", await HostOfAsync(site, "b2"));
        Assert.Equal(1, (await site.Lab.PingAsync("b1", "10.1.0.12", count: 1)).Received);
        Assert.Equal(0, (await site.Lab.PingAsync("copy", "10.1.0.11", count: 1)).Received);

        await site.Lab.UnplugAsync("b2");
        await site.Api.WaitAsync("/v1/ports/b2", "Degraded", "False");
        await site.ProgrammedAsync("b2");
        Assert.Equal("h2", await HostOfAsync(site, "b2"));
        await site.ReachesAsync("b1", "10.1.0.12");
    }

    [Fact]
    public async Task A_host_that_is_renamed_or_moves_its_VTEP_is_put_right()
    {
        await using var site = await Site.UpAsync([]);
        await TwoVmsAsync(site);

        await site.Lab.VsctlAsync("h2", "set", "Open_vSwitch", ".", "external_ids:system-id=h2-new");
        await Until.TrueAsync("the port is bound on the host's new name", TimeSpan.FromSeconds(10), async () => await HostOfAsync(site, "b2") == "h2-new", () => Task.FromResult(site.Controller.Log));
        await site.Api.WaitAsync("/v1/switches/h2-new", "Programmed", "True");
        await site.ProgrammedAsync("b1", "b2");
        await site.ReachesAsync("b1", "10.1.0.12");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await site.Api.GetAsync("/v1/switches/h2")).Status);

        (await site.Lab.ExecAsync("h2", "ip", "address", "add", "192.0.2.202/24", "dev", "br-ext")).Succeeded();
        await site.Lab.VsctlAsync("h2", "set", "Open_vSwitch", ".", "external_ids:dwcp-vtep-ip=\"192.0.2.202\"");
        var side = await SwitchSide.WatchAsync(site.Lab, "h1");
        await Until.TrueAsync("the other host allows the new address alone", TimeSpan.FromSeconds(10), async () => (await side.FlowsAsync("tun_src=192.0.2.202")).Length == 1 && (await side.FlowsAsync("tun_src=192.0.2.2 ")).Length == 0);
        await site.ReachesAsync("b1", "10.1.0.12");
        Assert.Contains("local_ip=\"192.0.2.202\"", await site.Lab.VsctlAsync("h2", "get", "Interface", "vxlan0", "options"));
    }

    [Fact]
    public async Task A_port_whose_interface_comes_back_under_another_OpenFlow_number_goes_on()
    {
        await using var site = await Site.UpAsync([]);
        await TwoVmsAsync(site);
        var before = await site.Lab.VsctlAsync("h2", "get", "Interface", "b2", "ofport");

        await site.Lab.VsctlAsync("h2", "del-port", "br-int", "b2");
        await site.Lab.VsctlAsync("h2", "add-port", "br-int", "b2", "--", "set", "Interface", "b2", "external_ids:iface-id=b2", "ofport_request=99");

        await site.ReachesAsync("b1", "10.1.0.12");
        await site.ProgrammedAsync("b2");
        Assert.NotEqual("99", before);
        Assert.Equal(99, (await site.Api.GetAsync("/v1/ports/b2")).Body.GetProperty("status").GetProperty("ofport").GetInt32());
        var side = await SwitchSide.WatchAsync(site.Lab, "h2");
        Assert.Empty(await side.FlowsAsync($"in_port={before},"));
    }

    [Fact]
    public async Task A_tunnel_port_that_the_host_cannot_make_is_told_and_made_as_soon_as_it_can_be()
    {
        await using var site = await Site.AloneAsync(["--hosts", "1", "--no-announce", "--adopt", "--vms", "1"]);
        await site.Lab.VsctlAsync("h1", "add-port", "br-int", "theirs", "--", "set", "Interface", "theirs", "type=vxlan", "options:remote_ip=flow", "options:key=flow", "options:local_ip=192.0.2.1");
        await site.AnnounceAsync("h1", "h1", "192.0.2.1");
        await site.MeetAsync("h1");

        await site.Api.WaitAsync("/v1/switches/h1", "Degraded", "True");
        Assert.Contains("remove the port that is in its way", await site.Api.MessageAsync("/v1/switches/h1", "Degraded"));

        await site.Lab.VsctlAsync("h1", "del-port", "br-int", "theirs");
        await site.Api.WaitAsync("/v1/switches/h1", "Degraded", "False");
        await site.Api.WaitAsync("/v1/switches/h1", "Programmed", "True");
        var side = await SwitchSide.WatchAsync(site.Lab, "h1");
        await Until.TrueAsync("frames go out by the tunnel port", TimeSpan.FromSeconds(10), async () => (await side.FlowsAsync("table=85,", "output:")).Length > 0);
    }

    private static async Task TwoVmsAsync(Site site)
    {
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        await site.ReachesAsync("b1", "10.1.0.12");
    }

    private static async Task<string?> HostOfAsync(Site site, string port) =>
        (await site.Api.GetAsync($"/v1/ports/{port}")).Body.GetProperty("status").TryGetProperty("host", out var host) ? host.GetString() : null;
}
