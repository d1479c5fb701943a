using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Fabric;

public class JudgeNetworkTests
{
    private readonly FabricBench bench = new();

    public static TheoryData<string, string, NetworkSpec> Faults => new()
    {
        { "vni", ProblemCodes.Required, new NetworkSpec() },
        { "vni", ProblemCodes.OutOfRange, new NetworkSpec { Vni = 0 } },
        { "vni", ProblemCodes.OutOfRange, new NetworkSpec { Vni = 16777216 } },
        { "type", ProblemCodes.Invalid, new NetworkSpec { Vni = 1, Type = "overlay" } },
        { "type", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Type = "VLAN" } },
        { "type", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Type = "MACVLAN" } },
        { "type", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Type = "BRIDGE" } },
        { "encapsulation", ProblemCodes.Invalid, new NetworkSpec { Vni = 1, Encapsulation = "" } },
        { "encapsulation", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Encapsulation = "GENEVE" } },
        { "encapsulation", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Encapsulation = "GRE" } },
        { "unknownUnicast", ProblemCodes.Invalid, new NetworkSpec { Vni = 1, UnknownUnicast = "LEARN" } },
        { "vrf", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Vrf = "red" } },
        { "mtu", ProblemCodes.NotSupportedYet, new NetworkSpec { Vni = 1, Mtu = 1500 } },
        { "importTargets[1]", ProblemCodes.Invalid, new NetworkSpec { Vni = 1, ImportTargets = ["65000:1", "blue"] } },
        { "exportTargets[1]", ProblemCodes.Invalid, new NetworkSpec { Vni = 1, ExportTargets = ["65000:1", "65000:1"] } },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_field_that_is_wrong_or_not_acted_upon_is_refused_by_its_name(string field, string code, NetworkSpec spec)
    {
        var problem = Assert.Single(bench.Refused(new PutCommand(ResourceKind.Network, "blue", spec, Ask.NoLabels), OutcomeKind.Invalid));

        Assert.Equal((field, code), (problem.Field, problem.Code));
        Assert.NotEmpty(problem.Message);
        Assert.NotEmpty(problem.Remedy);
    }

    [Fact]
    public void All_problems_of_a_request_are_told_at_once()
    {
        var spec = new NetworkSpec { Vni = 16777216, Type = "VLAN", Encapsulation = "X", Vrf = "red", Mtu = 9000, ImportTargets = ["1:"] };
        var labels = Ask.NoLabels.Add("", "x");

        var problems = bench.Refused(new PutCommand(ResourceKind.Network, "Blue!", spec, labels), OutcomeKind.Invalid);

        Assert.Equal(
            ["encapsulation", "id", "importTargets[0]", "labels.", "mtu", "type", "vni", "vrf"],
            problems.Select(p => p.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("a-b.c_d")]
    [InlineData("123456789012345678901234567890123456789012345678901234567890123")]
    public void An_id_is_up_to_63_of_a_z_0_9_dash_dot_and_underscore(string id) =>
        Assert.True(bench.Do(Ask.Network(id, 1)).Created);

    [Theory]
    [InlineData("", ProblemCodes.Required)]
    [InlineData("A", ProblemCodes.Invalid)]
    [InlineData("-a", ProblemCodes.Invalid)]
    [InlineData("a/b", ProblemCodes.Invalid)]
    [InlineData("a\n", ProblemCodes.Invalid)]
    [InlineData("ä", ProblemCodes.Invalid)]
    [InlineData("1234567890123456789012345678901234567890123456789012345678901234", ProblemCodes.Invalid)]
    public void Anything_else_is_no_id(string id, string code)
    {
        var problem = Assert.Single(bench.Refused(Ask.Network(id, 1), OutcomeKind.Invalid));

        Assert.Equal(("id", code), (problem.Field, problem.Code));
    }

    [Fact]
    public void Two_networks_cannot_have_one_vni()
    {
        bench.Do(Ask.Network("blue", 100));

        var problem = Assert.Single(bench.Refused(Ask.Network("red", 100), OutcomeKind.Conflict));

        Assert.Equal(("vni", ProblemCodes.Conflict), (problem.Field, problem.Code));
        Assert.Contains("blue", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vni_is_free_again_when_its_network_has_another_or_is_gone()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Network("blue", 101));
        bench.Do(Ask.Network("red", 100));
        bench.Do(Ask.Delete(ResourceKind.Network, "blue"));

        Assert.True(bench.Do(Ask.Network("green", 101)).Created);
    }

    [Fact]
    public void What_is_wrong_in_itself_outweighs_what_contradicts_but_both_are_told()
    {
        bench.Do(Ask.Network("blue", 100));

        var problems = bench.Refused(Ask.Network("red", 100, s => s with { Type = "X" }), OutcomeKind.Invalid);

        Assert.Equal(["type", "vni"], problems.Select(p => p.Field).Order());
    }

    [Fact]
    public void Defaults_and_allocations_are_filled_in_and_what_was_given_is_kept_apart()
    {
        bench.Do(Ask.Network("blue", 100));

        var network = bench.Get(ResourceKind.Network, "blue");
        Assert.Equal(new NetworkSpec { Vni = 100 }, network.Given);
        Assert.Equal(
            new NetworkSpec { Vni = 100, Type = "OVERLAY", Encapsulation = "VXLAN", Mtu = 1450, ArpSuppression = true, UnknownUnicast = "DROP" },
            network.Spec);
        Assert.Equal((1u, 1450u), (((NetworkStatus)network.Status).BridgeDomain, ((NetworkStatus)network.Status).Mtu));
    }

    [Fact]
    public void What_a_get_shows_can_be_put()
    {
        bench.Do(Ask.Network("blue", 100));
        var shown = (NetworkSpec)bench.Get(ResourceKind.Network, "blue").Spec;

        Assert.Null(bench.Do(new PutCommand(ResourceKind.Network, "blue", shown, Ask.NoLabels)).Refused);
    }

    [Fact]
    public void The_lowest_free_bridge_domain_is_given()
    {
        bench.Do(Ask.Network("a", 1));
        bench.Do(Ask.Network("b", 2));
        bench.Do(Ask.Network("c", 3));
        bench.Do(Ask.Delete(ResourceKind.Network, "b"));
        bench.Do(Ask.Delete(ResourceKind.Network, "a"));
        bench.Do(Ask.Network("d", 4));
        bench.Do(Ask.Network("e", 5));
        bench.Do(Ask.Network("f", 6));

        Assert.Equal([3u, 1u, 2u, 4u], "cdef".Select(id => bench.Machine.Intent.Networks[$"{id}"].BridgeDomain));
    }

    [Fact]
    public void Putting_the_same_twice_changes_nothing()
    {
        bench.Do(Ask.Network("blue", 100, s => s with { UnknownUnicast = "FLOOD" }));
        var before = bench.Get(ResourceKind.Network, "blue");

        var again = bench.Do(Ask.Network("blue", 100, s => s with { UnknownUnicast = "FLOOD" }));

        Assert.True(again.ChangesNothing);
        Assert.False(again.Created);
        Assert.Equal((before.Version, before.Generation), (bench.Get(ResourceKind.Network, "blue").Version, bench.Get(ResourceKind.Network, "blue").Generation));
    }

    [Fact]
    public void A_change_moves_version_and_generation_and_labels_alone_move_the_version()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Network("blue", 101));
        var changed = bench.Get(ResourceKind.Network, "blue");
        bench.Do(Ask.Network("blue", 101) with { Labels = Ask.NoLabels.Add("team", "a") });
        var labelled = bench.Get(ResourceKind.Network, "blue");

        Assert.Equal(2, changed.Generation);
        Assert.Equal(2, labelled.Generation);
        Assert.True(labelled.Version > changed.Version);
        Assert.True(bench.Do(Ask.Network("blue", 101) with { Labels = Ask.NoLabels.Add("team", "a") }).ChangesNothing);
    }

    [Fact]
    public void A_request_for_another_version_is_refused()
    {
        bench.Do(Ask.Network("blue", 100));
        var version = bench.Get(ResourceKind.Network, "blue").Version;
        bench.Do(Ask.Network("blue", 101));

        Assert.Equal(ProblemCodes.VersionMoved, Assert.Single(bench.Refused(Ask.Network("blue", 102) with { IfVersion = version }, OutcomeKind.VersionMoved)).Code);
        bench.Refused(Ask.Delete(ResourceKind.Network, "blue") with { IfVersion = version }, OutcomeKind.VersionMoved);
        bench.Refused(Ask.Network("red", 7) with { IfVersion = 1 }, OutcomeKind.VersionMoved);
        bench.Refused(Ask.Network("blue", 7) with { IfVersion = 0 }, OutcomeKind.VersionMoved);
        bench.Do(Ask.Network("blue", 103) with { IfVersion = bench.Get(ResourceKind.Network, "blue").Version });
        bench.Do(Ask.Delete(ResourceKind.Network, "blue") with { IfVersion = bench.Get(ResourceKind.Network, "blue").Version });
    }

    [Fact]
    public void Deleting_what_is_not_there_is_done_already()
    {
        foreach (var kind in Enum.GetValues<ResourceKind>())
        {
            Assert.True(bench.Do(Ask.Delete(kind, "nobody")).ChangesNothing);
        }
    }

    [Theory]
    [InlineData(0, 128, 256, null)]
    [InlineData(64, 128, 256, null)]
    [InlineData(65, 3, 3, "labels")]
    [InlineData(1, 129, 3, "labels.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…")]
    [InlineData(1, 3, 257, "labels.aaa")]
    public void Labels_are_few_and_short(int count, int key, int value, string? field)
    {
        var labels = Ask.NoLabels.AddRange(Enumerable.Range(0, count).Select(i => KeyValuePair.Create(
            i == 0 ? new string('a', key) : $"k{i}", new string('v', value))));
        var put = Ask.Network("blue", 1) with { Labels = labels };

        if (field is null)
        {
            bench.Do(put);
        }
        else
        {
            Assert.Equal((field, ProblemCodes.OutOfRange), bench.Refused(put, OutcomeKind.Invalid).Select(p => (p.Field, p.Code)).Single());
        }
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("FABRIC", null, null)]
    [InlineData("OBSERVED", null, null)]
    [InlineData("LEARNING", null, null)]
    [InlineData("fabric", "mode", ProblemCodes.Invalid)]
    public void A_switch_is_of_the_fabric_or_observed_or_learns(string? mode, string? field, string? code)
    {
        if (field is null)
        {
            bench.Do(Ask.Switch("h1", mode));
        }
        else
        {
            Assert.Equal((field, code), bench.Refused(Ask.Switch("h1", mode), OutcomeKind.Invalid).Select(p => (p.Field, p.Code)).Single());
        }
    }

    [Fact]
    public void A_flow_budget_is_not_acted_upon_yet() => Assert.Equal(
        ("flowBudget", ProblemCodes.NotSupportedYet),
        bench.Refused(new PutCommand(ResourceKind.Switch, "h1", new SwitchSpec { FlowBudget = 10 }, Ask.NoLabels), OutcomeKind.Invalid).Select(p => (p.Field, p.Code)).Single());
}
