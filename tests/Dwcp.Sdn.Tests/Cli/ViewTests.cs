using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Cli;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Cli;

public sealed class ViewTests : CliFixture
{
    [Fact]
    public async Task Status_of_an_empty_fabric_says_how_to_begin() => Assert.Equal($"""
        controller      OK  0.1.0 at {Server}
        switches        none
        networks        none
        subnets         none
        ports           none
        bridges         none
        links           none
        bgp-speaker     none
        bgp-peers       none
        drops           none

        No host has joined yet. On each host of the fabric:
          ovs-vsctl set open . external_ids:system-id=h1 \
            external_ids:dwcp-vtep-ip=ADDRESS -- set-manager tcp:CONTROLLER:6640

        There is no network yet. What one looks like: dwcpctl explain network

        """, (await RunAsync("status")).Out);

    [Fact]
    public async Task Status_names_what_is_wrong_first_then_what_is_awaited_each_with_the_next_command()
    {
        await BuildAsync();
        var run = await RunAsync("", 80, "status");

        Assert.Equal(0, run.Exit);
        Assert.Equal($"""
            controller      OK  0.1.0 at {Server}
            switches        1 OK, 1 wrong
            networks        1 OK
            subnets         none
            ports           1 OK, 6 waiting
            bridges         none
            links           none
            bgp-speaker     none
            bgp-peers       none
            drops           none

              ! switches/h2
                  SwitchDisconnected: it is not connected; it goes on with the rules that it
                  has
                  next: dwcpctl describe switch h2
              · ports/vm2
                  NoInterface: no interface has its id
                  next: dwcpctl describe port vm2
              · ports/vm3
                  NoInterface: no interface has its id
                  next: dwcpctl describe port vm3
              · ports/vm4
                  NoInterface: no interface has its id
                  next: dwcpctl describe port vm4
              · ports/vm5
                  NoInterface: no interface has its id
                  next: dwcpctl describe port vm5
              · and 2 more ports
                  next: dwcpctl get ports

            """, run.Out);
        Assert.Equal(1, (await RunAsync("status", "--exit-code")).Exit);
    }

    [Fact]
    public async Task A_description_has_fields_conditions_events_and_flows()
    {
        await BuildAsync();
        Fabric.Happen("PortCreated", "ports/vm2", "at revision 3");
        Fabric.Happen("PortCreated", "ports/vm3", "at revision 4");

        Assert.Equal("""
            ports/vm2  NoInterface
              no interface has its id

            Spec
              labels        app=web
              network       blue
              mac           02:00:00:00:00:12
              portSecurity  true

            Status
              state        UNBOUND
              logicalPort  3

            Conditions
              TYPE   STATUS  REASON       SINCE  MESSAGE
              Bound  False   NoInterface  0s     no interface has its id

            Events
              AGE  NAME         MESSAGE
              0s   PortCreated  at revision 3

            """, (await RunAsync("describe", "port", "vm2")).Out);
    }

    [Fact]
    public async Task The_description_of_a_switch_has_its_interfaces_and_how_many_flows_there_are()
    {
        await BuildAsync();
        Fabric.Flows["h1"] = [new(0, 100, "in_port=2", "goto_table:10", 0xD3C9_0003_0000_0001, "ports/vm1", 7, 700)];
        var text = (await RunAsync("describe", "switches/h1")).Out;

        Assert.Contains("""
              ports
                NAME  OFPORT  TYPE    PORTID
                tap0  5       system  vm1

            """, text);
        Assert.Contains("\nFlows\n  h1  1 flows, 7 packets: dwcpctl flows h1\n", text);
        Assert.Contains("\nFlows\n  h2  The switch h2 is not connected\n", (await RunAsync("describe", "switch", "h2")).Out);
    }

    [Fact]
    public async Task Flows_show_for_whom_they_are_and_break_at_commas_on_a_terminal()
    {
        await BuildAsync();
        Fabric.Flows["h1"] =
        [
            new(0, 100, "in_port=2,vlan_vid=0x0", "set_field:0x1->reg1,goto_table:10", 0xD3C9_0003_0000_0001, "ports/vm1", 7, 700),
            new(10, 0, "", "", 0xD3C9_0000_0000_0000, "", 0, 0),
        ];

        Assert.Equal("""
            TABLE  PRIO  PACKETS  OBJECT     MATCH -> ACTIONS
                0   100        7  ports/vm1  in_port=2,vlan_vid=0x0 -> set_field:0x1->reg1,goto_table:10
               10     0        0             any -> drop

            """, (await RunAsync("flows", "h1")).Out);
        Assert.Equal("""
            TABLE  PRIO  PACKETS  OBJECT     MATCH -> ACTIONS
                0   100        7  ports/vm1  in_port=2, vlan_vid=0x0 ->
                                             set_field:0x1->reg1, goto_table:10

            """, (await RunAsync("", 72, "flows", "h1", "--object", "ports/vm1", "--hit")).Out);
        Assert.Equal(new(1, "", "dwcpctl: The switch h2 is not connected\n  See its conditions for why, and ask again when it is back\n"), await RunAsync("flows", "h2"));
    }

    [Fact]
    public async Task Events_are_in_order_and_selected()
    {
        Fabric.Happen("SwitchConnected", "switches/h1", "0000000000000001 from 192.0.2.1:40000");
        Fabric.Happen("PortCreated", "ports/vm1", "at revision 3");
        Fabric.Happen("SwitchDisconnected", "switches/h1", "no answer");

        Assert.Equal("""
            TIME                 SUBJECT      NAME                MESSAGE
            TIME                 switches/h1  SwitchConnected     0000000000000001 from 192.0.2.1:40000
            TIME                 ports/vm1    PortCreated         at revision 3
            TIME                 switches/h1  SwitchDisconnected  no answer

            """, WithoutTimes((await RunAsync("events")).Out));
        Assert.Equal(["SwitchDisconnected"], (await RunAsync("events", "--filter", "subject=switches/h1", "--last", "1", "-o", "jsonpath={.items[*].name}")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_watch_shows_what_is_there_and_then_each_change()
    {
        await ApplyAsync("kind: Network\nid: blue\nvni: 7\n---\nkind: Network\nid: a-long-name\nvni: 8\n");
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter();
        using var stop = new CancellationTokenSource();
        var watch = new CommandLine(ShellOf("", output, error)).RunAsync(["watch", "networks"], stop.Token);
        await UntilAsync(() => output.ToString().Contains("blue", StringComparison.Ordinal));
        await ApplyAsync("kind: Network\nid: red\nvni: 9\n");
        await RunAsync("delete", "network", "blue");
        await UntilAsync(() => output.ToString().Contains("DELETED", StringComparison.Ordinal));
        await stop.CancelAsync();

        Assert.Equal(130, await watch);
        Assert.Equal("""
            EVENT     ID           VNI  TYPE      MTU  PORTS  HOSTS  STATE
            ADDED     a-long-name    8  OVERLAY  1450      0  h1     OK
            ADDED     blue           7  OVERLAY  1450      0  h1     OK
            ADDED     red            9  OVERLAY  1450      0  h1     OK
            DELETED   blue           7  OVERLAY  1450      0  h1     OK

            """, output.ToString());
    }

    [Fact]
    public async Task A_watch_from_a_version_that_is_too_old_lists_and_goes_on()
    {
        await ApplyAsync("kind: Network\nid: blue\nvni: 7\n");
        using var client = new ControllerClient(new(Server), TimeProvider.System);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await using var changes = new Watcher(client, TimeProvider.System, _ => { }).ChangesAsync(KindCatalogue.Find("networks"), "1.00000001.0", null, stop.Token).GetAsyncEnumerator(stop.Token);

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal([("ADDED", "blue")], changes.Current.Select(c => (c.Event, c.Item.Text("id"))));
        await ApplyAsync("kind: Network\nid: red\nvni: 9\n");
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal([("ADDED", "red")], changes.Current.Select(c => (c.Event, c.Item.Text("id"))));
    }

    [Fact]
    public async Task A_watch_lists_again_until_the_controller_can_answer()
    {
        string[] answers =
        [
            "200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: ADDED\nid: 1.1.1\ndata: {\"id\": \"blue\"}\n\n",
            "410 Gone\r\nContent-Type: application/problem+json\r\n\r\n{\"type\": \"urn:dwcp:problem:version-too-old\", \"title\": \"version-too-old\", \"status\": 410, \"detail\": \"\", \"errors\": []}",
            "503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\r\n{\"type\": \"urn:dwcp:problem:unavailable\", \"title\": \"unavailable\", \"status\": 503, \"detail\": \"\", \"errors\": []}",
            "200 OK\r\nContent-Type: application/json\r\n\r\n{\"items\": [{\"id\": \"blue\"}, {\"id\": \"red\"}], \"resourceVersion\": \"1.2.1\"}",
        ];
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var server = AnswerAsync(listener, answers);
        using var client = new ControllerClient(new($"http://{listener.LocalEndpoint}"), TimeProvider.System);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var changes = new Watcher(client, TimeProvider.System, _ => { }).ChangesAsync(KindCatalogue.Find("networks"), "1.1.0", null, stop.Token).GetAsyncEnumerator(stop.Token);

        Assert.True(await changes.MoveNextAsync());
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal([("ADDED", "red")], changes.Current.Select(c => (c.Event, c.Item.Text("id"))));
        await server;
    }

    [Fact]
    public async Task What_a_switch_has_dropped_is_in_its_description_and_of_all_in_the_status()
    {
        await ApplyAsync("kind: Switch\nid: h1\nmode: FABRIC\n");
        Assert.Contains("\nDrops\n  none\n", (await RunAsync("describe", "switch", "h1")).Out);
        using var meter = new Meter("Dwcp.Sdn.Tests.Drops");
        meter.CreateObservableCounter("dwcp.drops", () => new[] { Of(12, "h1", 0, "unknown-port"), Of(30, "h1", 10, "spoofed"), Of(4, "h2", 10, "unknown-port") }, "{packet}");

        Assert.Contains("\nDrops\n  spoofed       30 packets\n  unknown-port  12 packets\n", (await RunAsync("describe", "switch", "h1")).Out);
        Assert.Contains("\ndrops           spoofed 30, unknown-port 16\n", (await RunAsync("status")).Out);

        static Measurement<long> Of(long count, string at, int table, string reason) => new(count, new("switch", at), new("table", table), new("reason", reason));
    }

    /// <summary>Gives each connection the next answer and ends it.</summary>
    private static async Task AnswerAsync(TcpListener listener, IEnumerable<string> answers)
    {
        foreach (var answer in answers)
        {
            using var connection = await listener.AcceptTcpClientAsync();
            await using var stream = connection.GetStream();
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { Length: > 0 })
            {
                // The head of the request, of which nothing matters.
            }

            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer.Replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n", StringComparison.Ordinal).Insert(0, "HTTP/1.1 ")));
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; !holds(); i++)
        {
            Assert.True(i < 1000, "it has not come after 10 s");
            await Task.Delay(10);
        }
    }

    /// <summary>One of two switches is away; one of seven ports works and the others have no VM.</summary>
    private async Task BuildAsync()
    {
        await ApplyAsync("kind: Switch\nid: h1\nmode: FABRIC\n---\nkind: Switch\nid: h2\nmode: FABRIC\n---\nkind: Network\nid: blue\nvni: 7\n");
        SetConditions(
            ResourceKind.Switch, "h2",
            Is(ConditionType.Accepted, ConditionStatus.True, "Announced"),
            Is(ConditionType.Programmed, ConditionStatus.Unknown, "SwitchDisconnected", "it is not connected; it goes on with the rules that it has"));
        Fabric.SetStatus(ResourceKind.Switch, "h2", status => (SwitchStatus)status with { Connected = false });
        for (var i = 1; i <= 7; i++)
        {
            await ApplyAsync($"kind: Port\nid: vm{i}\nnetwork: blue\nmac: 02:00:00:00:00:1{i}\nlabels: {{app: web}}\n");
            if (i > 1)
            {
                SetConditions(ResourceKind.Port, $"vm{i}", Is(ConditionType.Bound, ConditionStatus.False, "NoInterface", "no interface has its id"));
            }
        }
    }
}
