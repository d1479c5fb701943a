using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Cli;

/// <summary>What each command says, word for word, over REST and over gRPC.</summary>
public sealed class CommandTests : CliFixture
{
    private const string Fabric3 = """
        # Two networks and a port.
        kind: network
        id: blue
        vni: 5001
        labels: {tenant: "1"}
        ---
        kind: network
        id: green
        vni: 5002
        type: OVERLAY
        ---
        {"kind": "port", "id": "p1", "network": "blue", "addresses": ["10.0.0.5", "fd00::5"]}
        """;

    [Theory]
    [InlineData(Rest)]
    [InlineData(Grpc)]
    public async Task What_is_applied_is_created_then_unchanged_then_configured_then_deleted(string way)
    {
        Environment["DWCP_SERVER"] = AddressOf(way);
        var file = FileOf(Fabric3);

        Assert.Equal("network/blue created\nnetwork/green created\nport/p1 created\n[0]", (await RunAsync("apply", "-f", file)).ToString());
        Assert.Equal("network/blue unchanged\nnetwork/green unchanged\nport/p1 unchanged\n[0]", (await RunAsync("apply", "-f", file)).ToString());
        File.WriteAllText(file, Fabric3.Replace("5001", "5003", StringComparison.Ordinal));
        Assert.Equal("network/blue configured (dry run)\nnetwork/green unchanged (dry run)\nport/p1 unchanged (dry run)\n[0]", (await RunAsync("apply", "-f", file, "--dry-run")).ToString());
        Assert.Equal("network/blue configured\nnetwork/green unchanged\nport/p1 unchanged\n[0]", (await RunAsync("apply", "-f", file)).ToString());
        Assert.Equal("port/p1 deleted\nnetwork/green deleted\nnetwork/blue deleted\n[0]", (await RunAsync("delete", "-f", file)).ToString());
        Assert.Equal("port/p1 was not there\n[0]", (await RunAsync("delete", "port", "p1")).ToString());
    }

    [Theory]
    [InlineData(Rest)]
    [InlineData(Grpc)]
    public async Task Objects_are_shown_in_tables(string way)
    {
        Environment["DWCP_SERVER"] = AddressOf(way);
        await RunAsync("apply", "-f", FileOf(Fabric3));

        Assert.Equal(
            """
            ID      VNI    TYPE      MTU   HOSTS   PORTS   PROGRAMMED
            blue    5001   OVERLAY   -     1       0       -
            green   5002   OVERLAY   -     1       0       -
            [0]
            """,
            (await RunAsync("get", "networks")).ToString());
        Assert.Equal(
            """
            ID   NETWORK   MAC                 ADDRESSES          HOST   STATE     PROGRAMMED   ACCEPTED   INTERFACE   OFPORT   LABELS
            p1   blue      02:00:00:00:00:11   10.0.0.5,fd00::5   -      UNBOUND   -            True       -           -        -
            [0]
            """,
            (await RunAsync("get", "port", "p1", "-owide")).ToString());
        Assert.Equal("network/blue\n[0]", (await RunAsync("get", "net", "-l", "tenant=1", "-o", "name")).ToString());
        Assert.Equal("network/green\n[0]", (await RunAsync("get", "net", "--filter=vni=5002", "-o", "name")).ToString());
        Assert.Equal("There are no subnets.\n[0]", (await RunAsync("get", "subnets")).ToString());
    }

    [Theory]
    [InlineData(Rest)]
    [InlineData(Grpc)]
    public async Task Everything_that_is_wrong_is_told_with_what_helps_and_the_rest_goes_on(string way)
    {
        Environment["DWCP_SERVER"] = AddressOf(way);
        var file = FileOf("kind: network\nid: bad\nvni: 0\nmtu: 1\n---\nkind: network\nid: good\nvni: 7\n");

        var said = await RunAsync("apply", "-f", file);

        Assert.Equal(
            $"""
            network/good created
            {file}:1: network/bad: vni: 0 is no VNI
                Give 1 to 16777215
            {file}:1: network/bad: mtu: Too small
                Give at least 68
            [1]
            """,
            said.ToString());
        Assert.Equal("network/nope: id: There is no network nope\n    List the network objects to see which there are\n[1]", (await RunAsync("get", "network", "nope")).ToString());
    }

    [Fact]
    public async Task A_field_that_does_not_exist_is_told_with_the_nearest()
    {
        var said = await RunWithInputAsync("""{"kind": "network", "id": "n", "vnis": 5}""", "apply", "-f", "-");

        Assert.Equal(1, said.Code);
        Assert.Contains("vnis: There is no field vnis in Network\n    Did you mean vni?", said.Error);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("yaml")]
    public async Task What_get_writes_apply_takes(string format)
    {
        await RunAsync("apply", "-f", FileOf(Fabric3));
        foreach (var kind in new[] { "networks", "ports" })
        {
            var written = (await RunAsync("get", kind, "-o", format)).Out;

            // Once what was a default is asked for; then nothing changes any more.
            Assert.Equal(0, (await RunWithInputAsync(written, "apply", "-f", "-")).Code);
            Assert.DoesNotContain("configured", (await RunWithInputAsync(written, "apply", "-f", "-")).ToString());
            Assert.Equal("[0]", (await RunWithInputAsync(written, "diff", "-f", "-")).ToString());
        }
    }

    [Fact]
    public async Task A_diff_shows_what_would_change_and_says_so_in_its_exit_code()
    {
        await RunAsync("apply", "-f", FileOf(Fabric3));

        Assert.Equal("[0]", (await RunAsync("diff", "-f", FileOf(Fabric3))).ToString());
        var said = await RunAsync("diff", "-f", FileOf(Fabric3.Replace("5001", "5003", StringComparison.Ordinal)));
        Assert.Equal(1, said.Code);
        Assert.StartsWith("network/blue\n  id: blue\n  labels:\n    tenant: \"1\"\n- vni: 5001\n+ vni: 5003\n  type: OVERLAY\n", said.Out);
        Assert.DoesNotContain("green", said.Out);
    }

    [Fact]
    public async Task The_status_is_one_screen_with_the_next_command()
    {
        await RunAsync("apply", "-f", FileOf(Fabric3));
        Fabric.SetStatus(ResourceKind.Port, "p1", status => status with
        {
            Conditions = [new(ConditionType.Bound, ConditionStatus.False, "NoInterface", "no interface has iface-id=p1", 1, DateTimeOffset.UnixEpoch)],
        });
        Fabric.Happen("SwitchConnected", "switches/h1", "from 192.0.2.1");

        var said = await RunAsync("status");

        Assert.Equal(0, said.Code);
        var lines = said.Out.Split('\n');
        Assert.StartsWith($"Controller    OK     {AddressOf(Rest)}, version ", lines[0]);
        Assert.EndsWith(", ready", lines[0]);
        Assert.Equal(
            [
                "Switches      OK     none",
                "Networks      OK     2",
                "Subnets       OK     none",
                "Ports         WRONG  1 of 1 not as they should be, 0 up",
                "  p1: NoInterface: no interface has iface-id=p1",
                "      dwcpctl describe port p1",
                "",
                "Last events",
            ],
            lines[1..9]);
        Assert.EndsWith("  switches/h1  SwitchConnected  from 192.0.2.1", lines[9]);
    }

    [Fact]
    public async Task A_controller_that_is_not_ready_says_what_it_waits_for()
    {
        Waiting.Add("the store is loading");

        Assert.Contains("not ready\n              the store is loading\n", (await RunAsync("status")).Out);
        Assert.Contains("WRONG", (await RunAsync("status", "-s", AddressOf(Grpc))).Out);
    }

    [Fact]
    public async Task An_object_is_described_with_its_conditions_and_its_events()
    {
        await RunAsync("apply", "-f", FileOf(Fabric3));
        Fabric.Happen("PortCreated", "ports/p1", "made");
        Fabric.Happen("PortCreated", "ports/p2", "another");

        var said = await RunAsync("describe", "port", "p1");

        Assert.StartsWith("id: p1\n", said.Out);
        Assert.Contains("\nConditions\nTYPE       STATUS   SINCE", said.Out);
        Assert.Contains("PortCreated   ports/p1   made\n", said.Out);
        Assert.DoesNotContain("another", said.Out);
        Assert.Contains("PortCreated   ports/p2   another\n", (await RunAsync("events", "port/p2")).Out);
    }

    [Theory]
    [InlineData(Rest)]
    [InlineData(Grpc)]
    public async Task Waiting_ends_when_the_condition_is_true_of_what_was_applied(string way)
    {
        Environment["DWCP_SERVER"] = AddressOf(way);
        var waiting = RunAsync("apply", "-f", FileOf("kind: port\nid: p1\nnetwork: blue\n"), "--wait", "--timeout", "20s");
        await Task.Delay(300);
        Assert.False(waiting.IsCompleted);

        SetProgrammed("p1", ConditionStatus.False, 1);
        SetProgrammed("p1", ConditionStatus.True, 0);
        await Task.Delay(200);
        Assert.False(waiting.IsCompleted);
        SetProgrammed("p1", ConditionStatus.True, 1);

        Assert.Equal("port/p1 created\n[0]", (await waiting.WaitAsync(TimeSpan.FromSeconds(10))).ToString());
    }

    [Fact]
    public async Task Waiting_too_long_is_exit_code_4_and_tells_what_is_missing()
    {
        await RunAsync("apply", "-f", FileOf("kind: port\nid: p1\nnetwork: blue\n"));
        SetProgrammed("p1", ConditionStatus.False, 1);

        var said = await RunAsync("apply", "-f", FileOf("kind: port\nid: p1\nnetwork: blue\n"), "--wait", "--timeout=0.3s");

        Assert.Equal("port/p1 unchanged\n1 of 1 did not become Programmed within 0.3 s:\n  port/p1: False (Pending): waits for h1\n[4]", said.ToString());
    }

    [Theory]
    [InlineData(Rest)]
    [InlineData(Grpc)]
    public async Task A_watch_shows_objects_and_changes_as_they_come(string way)
    {
        Environment["DWCP_SERVER"] = AddressOf(way);
        await RunAsync("apply", "-f", FileOf(Fabric3));
        using var stop = new CancellationTokenSource();
        var watch = RunAsync("", stop.Token, "watch", "network", "blue", "-o", "name");
        await Task.Delay(500);
        await RunAsync("apply", "-f", FileOf(Fabric3.Replace("500", "600", StringComparison.Ordinal)));
        await RunAsync("delete", "port", "p1");
        await RunAsync("delete", "network", "blue");
        await Task.Delay(500);

        await stop.CancelAsync();

        Assert.Equal("ADDED network/blue\nMODIFIED network/blue\nDELETED network/blue\n[130]", (await watch.WaitAsync(TimeSpan.FromSeconds(5))).ToString());
    }

    [Fact]
    public async Task No_controller_is_exit_code_3()
    {
        foreach (var server in new[] { "http://127.0.0.1:1", "grpc://127.0.0.1:1" })
        {
            var said = await RunAsync("get", "ports", "--server", server);

            Assert.Equal(3, said.Code);
            Assert.Contains($"No controller answers at {server}", said.Error);
        }
    }

    [Theory]
    [InlineData("nonsense", "'nonsense' is no command")]
    [InlineData("get", "KIND is missing")]
    [InlineData("get nonsense", "'nonsense' is no kind. There are: network, subnet, port, switch, event")]
    [InlineData("get ports --colour", "get has no option --colour")]
    [InlineData("get ports -o", "--output needs a value: -o, --output FORMAT")]
    [InlineData("get ports -o xml", "'xml' is not table, wide, json, yaml, name or jsonpath=TEMPLATE")]
    [InlineData("get ports -o jsonpath={.a", "jsonpath: a { is not closed")]
    [InlineData("get ports -o yaml -o json", "--output is given twice")]
    [InlineData("apply", "-f FILE is missing; - reads from the input")]
    [InlineData("apply -f /no/such/file", "Could not find a part of the path '/no/such/file'.")]
    [InlineData("apply -f - --wait --timeout soon", "--timeout: 'soon' is no duration such as 30s, 5m or 1h")]
    [InlineData("delete port", "ID is missing")]
    [InlineData("delete", "delete takes either KIND ID... or -f FILE")]
    [InlineData("watch port a b", "'b' is one argument too many")]
    [InlineData("status --follow", "status has no option --follow")]
    [InlineData("explain port.colour", "Port has no field 'colour'. It has: id, labels")]
    [InlineData("get ports --server ftp://x:1", "'ftp://x:1' is no address of a controller; write http://HOST:PORT or grpc://HOST:PORT")]
    [InlineData("get ports --context nowhere", "There is no context 'nowhere'; see dwcpctl context list")]
    [InlineData("events --last none", "--last: 'none' is no number above zero")]
    public async Task Wrong_usage_is_exit_code_2_and_says_what_is_wrong(string line, string message)
    {
        var said = await RunWithInputAsync("kind: port\nid: p\n", line.Split(' '));

        Assert.Equal(2, said.Code);
        Assert.StartsWith($"dwcpctl: {message}", said.Error);
        Assert.Equal("", said.Out);
    }

    [Theory]
    [InlineData("vni: 5\n", "kind is missing; it is one of network, subnet, port, switch")]
    [InlineData("kind: network\n", "id is missing")]
    [InlineData("kind: event\nid: 1\n", "'event' is not one of network, subnet, port, switch")]
    [InlineData("- 5\n", "a document is an object with kind and id")]
    [InlineData("kind: network\nid: a\n---\nkind: network\nid: a\n", "network/a was asked for before, in -:1")]
    [InlineData("kind: [\n", "While parsing a node, did not find expected node content.")]
    [InlineData("", "the files ask for nothing")]
    public async Task A_file_that_cannot_be_meant_is_exit_code_2_and_nothing_is_sent(string text, string message)
    {
        var said = await RunWithInputAsync(text, "apply", "-f", "-");

        Assert.Equal(2, said.Code);
        Assert.Contains(message, said.Error);
        Assert.Empty(Fabric.List(ResourceKind.Network).Items);
    }

    [Fact]
    public async Task Kinds_and_fields_are_explained_without_a_controller()
    {
        Environment["DWCP_SERVER"] = "http://127.0.0.1:1";

        Assert.Matches("vni +integer +Required: 1 to 16777215", (await RunAsync("explain", "network")).Out);
        Assert.Equal("vni: integer\nRequired: 1 to 16777215.\n[0]", (await RunAsync("explain", "network.vni")).ToString());
        Assert.Contains("UNBOUND   No host carries the port.\n", (await RunAsync("explain", "port.status.state")).Out);
        Assert.Contains("leaseSeconds   integer", (await RunAsync("explain", "subnet.dhcp")).Out);
    }

    private void SetProgrammed(string port, ConditionStatus status, long generation) => Fabric.SetStatus(ResourceKind.Port, port, s => s with
    {
        Conditions = [new(ConditionType.Programmed, status, "Pending", "waits for h1", generation, DateTimeOffset.UnixEpoch)],
    });
}
