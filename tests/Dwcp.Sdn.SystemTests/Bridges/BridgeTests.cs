using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.SystemTests.Ovsdb;

namespace Dwcp.Sdn.SystemTests.Bridges;

/// <summary>Bridges that are asked for over REST appear in a real Open vSwitch, are kept as asked, and go without what others made.</summary>
public sealed class BridgeTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly OvsSandbox ovs = new();
    private ControllerProcess controller = null!;

    public async Task InitializeAsync()
    {
        controller = await ControllerProcess.StartAsync();
        ovs.Vsctl("set", "open", ".", "external_ids:system-id=h1", "external_ids:dwcp-datapath-type=netdev");
        ovs.SetManager(controller.Ovsdb.Port);
    }

    public async Task DisposeAsync()
    {
        await controller.DisposeAsync();
        ovs.Dispose();
    }

    [Fact]
    public async Task Ports_of_every_kind_are_made_and_each_tells_what_became_of_it()
    {
        ovs.AddVeth("eth1", "peer1");
        await PutAsync("b1", """
            {"switch": "h1", "name": "br-x", "failMode": "SECURE", "ports": [
              {"name": "eth1", "vlan": 7},
              {"name": "vx", "type": "VXLAN", "options": {"remote_ip": "192.0.2.9", "key": "5"}},
              {"name": "gn", "type": "geneve", "options": {"remote_ip": "flow", "key": "flow"}},
              {"name": "gr", "type": "gre", "options": {"remote_ip": "192.0.2.10"}},
              {"name": "tap-in", "type": "INTERNAL", "trunks": [10, 20]},
              {"name": "p-x", "type": "patch", "options": {"peer": "p-y"}},
              {"name": "none0"}]}
            """);
        await PutAsync("b2", """{"switch": "h1", "name": "br-y", "ports": [{"name": "p-y", "type": "patch", "options": {"peer": "p-x"}}]}""");

        await UntilAsync("b2", "Programmed", "True");
        await UntilAsync("b1", "Degraded", "True");

        // The switch tells of p-x that its peer is there now after it has told of the peer.
        var bridge = await UntilAsync("b1", b => (string)PortsOf(b)["p-x"]["state"]! == "UP", "p-x is not up");
        var ports = PortsOf(bridge);
        Assert.Equal("FAILED", (string)ports["none0"]["state"]!);
        Assert.Contains("No such device", (string)ports["none0"]["error"]!, StringComparison.Ordinal);
        Assert.All(new[] { "eth1", "vx", "gn", "gr", "p-x" }, name => Assert.Equal("UP", (string)ports[name]["state"]!));
        Assert.Equal(("PortFailed", "False"), (Reason(bridge, "Degraded"), Status(bridge, "Programmed")));
        Assert.Equal(("netdev", false), ((string)bridge["status"]!["datapathType"]!, (bool)bridge["status"]!["adopted"]!));
        Assert.Equal(["br-x", "br-y"], ovs.Vsctl("list-br").Split('\n'));
        Assert.Equal("7", ovs.Vsctl("get", "port", "eth1", "tag"));
        Assert.Equal("[10, 20]", ovs.Vsctl("get", "port", "tap-in", "trunks"));
        Assert.Equal("""{key="5", remote_ip="192.0.2.9"}""", ovs.Vsctl("get", "interface", "vx", "options"));
        Assert.Equal("secure", ovs.Vsctl("get", "bridge", "br-x", "fail_mode"));

        ovs.AddVeth("none0", "peer2");
        await UntilAsync("b1", "Programmed", "True");
    }

    [Fact]
    public async Task What_somebody_changes_on_the_host_is_put_right_and_the_same_again_changes_nothing()
    {
        const string Spec = """{"switch": "h1", "name": "br-x", "ports": [{"name": "vx", "type": "vxlan", "options": {"remote_ip": "192.0.2.9"}, "vlan": 3}]}""";
        await PutAsync("b1", Spec);
        await UntilAsync("b1", "Programmed", "True");

        ovs.Vsctl("set", "interface", "vx", "options:remote_ip=192.0.2.66");
        await WaitAsync(() => ovs.Vsctl("get", "interface", "vx", "options:remote_ip") == "\"192.0.2.9\"");
        ovs.Vsctl("del-port", "br-x", "vx");
        await WaitAsync(() => ovs.Vsctl("list-ports", "br-x") == "vx");
        Assert.Equal("3", ovs.Vsctl("get", "port", "vx", "tag"));
        ovs.Vsctl("del-br", "br-x");
        await WaitAsync(() => ovs.Vsctl("list-br") == "br-x");

        var before = await UntilAsync("b1", "Programmed", "True");
        var commits = ovs.Log().Split("dwcp:").Length;
        await PutAsync("b1", Spec);
        var after = await UntilAsync("b1", "Programmed", "True");
        Assert.Equal((string)before["resourceVersion"]!, (string)after["resourceVersion"]!);
        Assert.Equal(commits, ovs.Log().Split("dwcp:").Length);
    }

    [Fact]
    public async Task Only_what_was_made_for_the_object_goes_with_it()
    {
        ovs.Vsctl("add-br", "br-old", "--", "set", "bridge", "br-old", "datapath_type=netdev", "--", "add-port", "br-old", "theirs", "--", "set", "interface", "theirs", "type=internal");
        ovs.AddVeth("eth1", "peer1");
        await PutAsync("old", """
            {"switch": "h1", "name": "br-old", "ports": [{"name": "eth1"}, {"name": "theirs", "type": "internal"}],
             "mirrors": [{"name": "m", "selectAll": true, "outputPort": "theirs"}],
             "flowExport": {"sflow": {"targets": ["127.0.0.1:6343"], "sampling": 64}},
             "qos": [{"port": "theirs", "type": "linux-htb", "options": {"max-rate": "1000000"}, "queues": [{"queue": 1, "options": {"max-rate": "500000"}}]}]}
            """);
        await PutAsync("new", """{"switch": "h1", "name": "br-new", "ports": [{"name": "gn", "type": "geneve", "options": {"remote_ip": "192.0.2.9"}}]}""");
        var bridge = await UntilAsync("old", "Programmed", "True");
        await UntilAsync("new", "Programmed", "True");
        Assert.True((bool)bridge["status"]!["adopted"]!);
        Assert.Equal(("1", "1"), (Count("mirror"), Count("sflow")));
        Assert.Equal(("1", "1"), (Count("qos"), Count("queue")));

        Assert.Equal(HttpStatusCode.NoContent, (await controller.Http.DeleteAsync("/v1/bridges/old")).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await controller.Http.DeleteAsync("/v1/bridges/new")).StatusCode);

        await WaitAsync(() => ovs.Vsctl("list-br") == "br-old" && ovs.Vsctl("list-ports", "br-old") == "theirs");
        Assert.Equal(("0", "0"), (Count("mirror"), Count("sflow")));
        Assert.Equal(("0", "0"), (Count("qos"), Count("queue")));
    }

    [Fact]
    public async Task A_bridge_of_ours_in_which_others_have_put_ports_is_given_up_and_stays()
    {
        await PutAsync("b1", """{"switch": "h1", "name": "br-x", "ports": [{"name": "mine", "type": "internal"}]}""");
        await UntilAsync("b1", "Programmed", "True");
        ovs.Vsctl("add-port", "br-x", "theirs", "--", "set", "interface", "theirs", "type=internal");

        await controller.Http.DeleteAsync("/v1/bridges/b1");
        await WaitAsync(() => ovs.Vsctl("list-ports", "br-x") == "theirs");
        Assert.Equal("{}", ovs.Vsctl("get", "bridge", "br-x", "external_ids"));
    }

    [Fact]
    public async Task Mirrors_exporters_and_queues_are_set_as_asked_and_tell_which_mechanism_is_in_effect()
    {
        ovs.AddVeth("eth1", "peer1");
        await PutAsync("b1", """
            {"switch": "h1", "name": "br-x", "ports": [{"name": "eth1"}, {"name": "span", "type": "internal"}, {"name": "vx", "type": "vxlan", "options": {"remote_ip": "192.0.2.9"}}],
             "mirrors": [{"name": "m", "sourcePorts": ["eth1"], "destinationPorts": ["eth1", "vx"], "vlans": [5], "outputPort": "span", "snapLength": 128}],
             "flowExport": {
               "sflow": {"targets": ["127.0.0.1:6343"], "agent": "lo", "headerBytes": 128, "sampling": 64, "pollingSeconds": 10},
               "ipfix": {"targets": ["127.0.0.1:4739"], "sampling": 400, "observationDomain": 7, "sampleTunnels": true},
               "netflow": {"targets": ["127.0.0.1:2055"], "engineId": 3, "activeTimeoutSeconds": 60}},
             "qos": [
               {"port": "eth1", "type": "linux-htb", "options": {"max-rate": "1000000000"}, "queues": [{"queue": 0, "options": {"min-rate": "1000000"}}, {"queue": 5, "dscp": 46, "options": {"max-rate": "2000000"}}]},
               {"port": "span", "type": "linux-noop"},
               {"port": "vx", "type": "linux-htb"}]}
            """);
        var bridge = await UntilAsync("b1", "Programmed", "True");

        Assert.Equal(["sflow", "ipfix", "netflow"], bridge["status"]!["flowExports"]!.AsArray().Select(word => (string)word!));
        Assert.Equal(("128", "5"), (ovs.Vsctl("get", "mirror", "m", "snaplen"), ovs.Vsctl("get", "mirror", "m", "select_vlan").Trim('[', ']')));
        Assert.Equal("64", ovs.Vsctl("--columns=sampling", "--bare", "list", "sflow"));
        Assert.Equal("7", ovs.Vsctl("--columns=obs_domain_id", "--bare", "list", "ipfix"));
        Assert.Equal("60", ovs.Vsctl("--columns=active_timeout", "--bare", "list", "netflow"));
        await WaitAsync(() => ovs.Inside("tc", "qdisc", "show", "dev", "eth1").Contains("htb", StringComparison.Ordinal)); // The switch follows its database.
        await WaitAsync(() => ovs.Inside("tc", "class", "show", "dev", "eth1").Contains("class htb 1:6", StringComparison.Ordinal)); // Queue 5.
        Assert.Equal(
            [("eth1", "tc linux-htb", "PARTLY"), ("span", "none", "IN_EFFECT"), ("vx", "none", "NOT_IN_EFFECT")],
            bridge["status"]!["qos"]!.AsArray().Select(qos => ((string)qos!["port"]!, (string)qos["mechanism"]!, (string)qos["state"]!)));
        Assert.Equal(("True", "QosNotInEffect"), (Status(bridge, "Degraded"), Reason(bridge, "Degraded")));

        using var patched = await controller.Http.PatchAsync("/v1/bridges/b1", JsonContent("""{"mirrors": [], "flowExport": {"ipfix": null, "netflow": null}, "qos": []}"""));
        Assert.Equal(HttpStatusCode.OK, patched.StatusCode);
        await WaitAsync(() => Count("mirror") == "0" && Count("ipfix") == "0" && Count("netflow") == "0" && Count("qos") == "0" && Count("queue") == "0");
        Assert.Equal("1", Count("sflow"));
        await WaitAsync(() => !ovs.Inside("tc", "qdisc", "show", "dev", "eth1").Contains("htb", StringComparison.Ordinal)); // The switch follows its database.
    }

    [Fact]
    public async Task A_tunnel_whose_other_end_says_nothing_degrades_the_bridge_as_long_as_it_has_bfd()
    {
        await PutAsync("b1", """{"switch": "h1", "name": "br-x", "ports": [{"name": "vx", "type": "vxlan", "options": {"remote_ip": "192.0.2.9", "key": "5"}, "bfd": {"minRxMs": 100, "minTxMs": 100}}]}""");

        var bridge = await UntilAsync("b1", "Degraded", "True");
        Assert.Equal("BfdDown", Reason(bridge, "Degraded"));
        Assert.Equal(("down", "false"), ((string)bridge["status"]!["ports"]![0]!["bfd"]!["state"]!, (string)bridge["status"]!["ports"]![0]!["bfd"]!["forwarding"]!));
        Assert.Equal("""{enable="true", min_rx="100", min_tx="100"}""", ovs.Vsctl("get", "interface", "vx", "bfd"));

        await PutAsync("b1", """{"switch": "h1", "name": "br-x", "ports": [{"name": "vx", "type": "vxlan", "options": {"remote_ip": "192.0.2.9", "key": "5"}}]}""");
        await UntilAsync("b1", "Degraded", "False");
        Assert.Equal("{}", ovs.Vsctl("get", "interface", "vx", "bfd"));
    }

    [Fact]
    public async Task A_bridge_waits_for_its_host_and_survives_a_restart_of_the_controller_without_a_change()
    {
        await PutAsync("later", """{"switch": "h9", "name": "br-x"}""");
        var later = await UntilAsync("later", "Accepted", "False");
        Assert.Equal(("HostNotFound", "Unknown"), (Reason(later, "Accepted"), Status(later, "Programmed")));
        await PutAsync("b1", """{"switch": "h1", "name": "br-x", "ports": [{"name": "gr", "type": "gre", "options": {"remote_ip": "192.0.2.9"}}]}""");
        await UntilAsync("b1", "Programmed", "True");
        var commits = ovs.Log().Split("dwcp:").Length;

        await controller.KillAsync();
        await controller.StartAgainAsync();
        ovs.SetManager(controller.Ovsdb.Port); // It has another port now.
        await UntilAsync("b1", "Programmed", "True");
        Assert.Equal(commits, ovs.Log().Split("dwcp:").Length);

        ovs.Vsctl("set", "open", ".", "external_ids:system-id=h9");
        await UntilAsync("later", "Programmed", "True");
    }

    private string Count(string table) =>
        ovs.Vsctl("--columns=_uuid", "--bare", "list", table).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ToString(CultureInfo.InvariantCulture);

    private async Task PutAsync(string id, string json)
    {
        using var answer = await controller.Http.PutAsync($"/v1/bridges/{id}", JsonContent(json));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static StringContent JsonContent(string json) => new(json, System.Text.Encoding.UTF8, "application/json");

    private Task<JsonNode> UntilAsync(string id, string condition, string status) =>
        UntilAsync(id, bridge => Status(bridge, condition) == status, $"{condition} is not {status}");

    private async Task<JsonNode> UntilAsync(string id, Func<JsonNode, bool> holds, string what)
    {
        JsonNode? last = null;
        await WaitAsync(
            async () => holds(last = (await controller.Http.GetFromJsonAsync<JsonNode>($"/v1/bridges/{id}"))!),
            () => $"{what}: {last?.ToJsonString(new JsonSerializerOptions { WriteIndented = true })}\n{controller.Log}");
        return last!;
    }

    private static Dictionary<string, JsonNode> PortsOf(JsonNode bridge) =>
        bridge["status"]!["ports"]!.AsArray().ToDictionary(port => (string)port!["name"]!, port => port!);

    private static string Status(JsonNode bridge, string condition) => Field(bridge, condition, "status");

    private static string Reason(JsonNode bridge, string condition) => Field(bridge, condition, "reason");

    private static string Field(JsonNode bridge, string condition, string field) =>
        (string)bridge["status"]!["conditions"]!.AsArray().First(c => (string)c!["type"]! == condition)![field]!;

    private Task WaitAsync(Func<bool> holds) => WaitAsync(() => Task.FromResult(holds()), () => controller.Log);

    private static async Task WaitAsync(Func<Task<bool>> holds, Func<string> why)
    {
        for (var deadline = DateTime.UtcNow + Patience; !await holds(); await Task.Delay(100))
        {
            Assert.True(DateTime.UtcNow < deadline, why());
        }
    }
}
