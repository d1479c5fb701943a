using System.Text.Json;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Cli;

public sealed class GetTests : CliFixture
{
    private const string Fabric4 = """
        kind: Network
        id: blue
        vni: 10100
        labels: {tenant: acme}
        ---
        kind: Network
        id: a-network-with-a-long-name
        vni: 7
        ---
        kind: Port
        id: vm1
        network: blue
        mac: 02:00:00:00:00:11
        addresses: [10.1.0.11, "2001:db8::11"]
        labels: {app: web}
        ---
        kind: Port
        id: vm2
        network: blue
        mac: 02:00:00:00:00:12
        labels: {app: db}
        """;

    [Fact]
    public async Task A_list_is_a_table_as_wide_as_what_is_in_it()
    {
        await ApplyAsync(Fabric4);

        Assert.Equal("""
            ID                            VNI  TYPE      MTU  PORTS  HOSTS  STATE
            a-network-with-a-long-name      7  OVERLAY  1450      0  h1     OK
            blue                        10100  OVERLAY  1450      0  h1     OK

            """, (await RunAsync("get", "networks")).Out);
    }

    [Fact]
    public async Task Wide_has_further_columns()
    {
        await ApplyAsync(Fabric4);

        Assert.Equal("""
            ID   NETWORK  MAC                ADDRESSES               HOST  STATE  LINK     INTERFACE  OFPORT  SECURITY-GROUPS  LABELS
            vm1  blue     02:00:00:00:00:11  10.1.0.11,2001:db8::11        OK     UNBOUND                                      app=web

            """, (await RunAsync("get", "ports", "-o", "wide", "-l", "app=web")).Out);
    }

    [Theory]
    [InlineData("networks")]
    [InlineData("network")]
    [InlineData("Network")]
    public async Task A_kind_has_several_names(string kind)
    {
        await ApplyAsync(Fabric4);

        Assert.Equal("networks/blue\n", (await RunAsync("get", kind, "blue", "-o", "name")).Out);
    }

    [Fact]
    public async Task Objects_are_named_as_they_are_printed()
    {
        await ApplyAsync(Fabric4);

        Assert.Equal("networks/blue\n", (await RunAsync("get", "networks/blue", "-o", "name")).Out);
        Assert.Equal("ports/vm2\nports/vm1\n", (await RunAsync("get", "ports", "vm2", "vm1", "-o", "name")).Out);
    }

    [Fact]
    public async Task Yaml_can_be_applied_again()
    {
        await ApplyAsync(Fabric4);
        var yaml = (await RunAsync("get", "ports", "-o", "yaml")).Out;

        // What was a default is now given, which is a change, once.
        await ApplyAsync(yaml);
        Assert.Equal("ports/vm1 unchanged\nports/vm2 unchanged\n", (await RunAsync(yaml, int.MaxValue, "apply", "-f", "-")).Out);
        Assert.StartsWith("""
            kind: Port
            id: vm1
            labels:
              app: web
            network: blue
            mac: "02:00:00:00:00:11"
            addresses:
            - 10.1.0.11
            - 2001:db8::11

            """, yaml);
    }

    [Fact]
    public async Task Json_can_be_applied_again()
    {
        await ApplyAsync(Fabric4);
        var json = (await RunAsync("get", "ports", "-o", "json")).Out;

        await ApplyAsync(json);
        Assert.Equal(2, JsonDocument.Parse(json).RootElement.GetProperty("items").GetArrayLength());
        Assert.Equal("ports/vm1 unchanged\nports/vm2 unchanged\n", (await RunAsync(json, int.MaxValue, "apply", "-f", "-")).Out);
    }

    [Theory]
    [InlineData("{.items[*].id}", "vm1 vm2\n")]
    [InlineData(".items[0].addresses", "10.1.0.11,2001:db8::11\n")]
    [InlineData("{.items[?(@.labels.app==\"db\")].mac}", "02:00:00:00:00:12\n")]
    public async Task A_path_picks_values(string path, string picked)
    {
        await ApplyAsync(Fabric4);

        Assert.Equal(picked, (await RunAsync("get", "ports", "-o", $"jsonpath={path}")).Out);
    }

    [Fact]
    public async Task Labels_and_fields_select()
    {
        await ApplyAsync(Fabric4);

        Assert.Equal("ports/vm2\n", (await RunAsync("get", "ports", "-l", "app=db", "--filter", "network=blue", "-o", "name")).Out);
    }

    [Fact]
    public async Task What_is_not_there_is_refused_by_name()
    {
        await ApplyAsync(Fabric4);
        var run = await RunAsync("get", "ports", "vm1", "vm7", "vm8");

        Assert.Equal((1, ""), (run.Exit, run.Out));
        Assert.Equal("dwcpctl: there is no ports/vm7, no ports/vm8\n  dwcpctl get ports shows which there are\n", run.Error);
    }

    [Fact]
    public async Task Nothing_is_told_to_the_person_and_not_to_the_pipe()
    {
        var run = await RunAsync("get", "ports", "-l", "app=web");

        Assert.Equal((0, "", "no ports with label.app=web\n"), (run.Exit, run.Out, run.Error));
        Assert.Equal(0, JsonDocument.Parse((await RunAsync("get", "ports", "-o", "json")).Out).RootElement.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task State_is_the_reason_that_stands_out()
    {
        await ApplyAsync(Fabric4);
        SetConditions(
            ResourceKind.Port, "vm1",
            Is(ConditionType.Accepted, ConditionStatus.True, "Valid"), Is(ConditionType.Bound, ConditionStatus.False, "NoInterface"), Is(ConditionType.Programmed, ConditionStatus.False, "NotBound"));
        SetConditions(ResourceKind.Port, "vm2", Is(ConditionType.Accepted, ConditionStatus.True, "Valid"), Is(ConditionType.Degraded, ConditionStatus.True, "DuplicateInterface"));

        Assert.Equal("""
            ID   NETWORK  MAC                ADDRESSES               HOST  STATE
            vm1  blue     02:00:00:00:00:11  10.1.0.11,2001:db8::11        NoInterface
            vm2  blue     02:00:00:00:00:12                                DuplicateInterface

            """, (await RunAsync("get", "ports")).Out);
    }

    [Fact]
    public async Task A_terminal_cuts_the_last_column_and_a_pipe_does_not()
    {
        await ApplyAsync(Fabric4);
        SetConditions(ResourceKind.Port, "vm1", Is(ConditionType.Bound, ConditionStatus.False, "AReasonThatIsRatherLong"));

        Assert.All((await RunAsync("", 80, "get", "ports", "vm1")).Out.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Contains("…\n", (await RunAsync("", 80, "get", "ports", "vm1")).Out);
        Assert.Contains("AReasonThatIsRatherLong\n", (await RunAsync("get", "ports", "vm1")).Out);
    }

    [Fact]
    public async Task Waiting_ends_when_the_condition_holds()
    {
        await ApplyAsync(Fabric4);
        SetConditions(ResourceKind.Port, "vm1", Is(ConditionType.Programmed, ConditionStatus.False, "Pending"));
        var waiting = RunAsync("get", "port", "vm1", "--wait", "-o", "name");
        await Task.Delay(300);
        Assert.False(waiting.IsCompleted);
        SetConditions(ResourceKind.Port, "vm1", Is(ConditionType.Programmed, ConditionStatus.True, "Confirmed"));

        Assert.Equal(new(0, "ports/vm1\n", ""), await waiting);
    }

    [Fact]
    public async Task A_condition_of_an_older_spec_does_not_count()
    {
        await ApplyAsync(Fabric4);
        SetConditions(ResourceKind.Port, "vm1", Is(ConditionType.Programmed, ConditionStatus.True, "Confirmed", generation: 0));

        Assert.Equal(4, (await RunAsync("get", "port", "vm1", "--wait=Programmed", "--timeout", "50ms")).Exit);
    }

    [Fact]
    public async Task Waiting_in_vain_says_what_stood_in_the_way()
    {
        await ApplyAsync(Fabric4);
        SetConditions(
            ResourceKind.Port, "vm1",
            Is(ConditionType.Bound, ConditionStatus.False, "NoInterface", "no interface has its id"), Is(ConditionType.Programmed, ConditionStatus.False, "NotBound", "not bound"));
        SetConditions(ResourceKind.Port, "vm2", Is(ConditionType.Programmed, ConditionStatus.True, "Confirmed"));
        var run = await RunAsync("get", "ports", "--wait=Programmed", "--timeout", "50ms");

        Assert.Equal((4, ""), (run.Exit, run.Out));
        Assert.Equal("dwcpctl: not Programmed within 50 ms. 1 of 2 are not.\n  ports/vm1: NoInterface: no interface has its id\n", run.Error);
    }
}
