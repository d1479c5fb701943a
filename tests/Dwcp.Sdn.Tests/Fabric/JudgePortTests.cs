using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Fabric;

public class JudgePortTests
{
    private readonly FabricBench bench = new();

    public JudgePortTests()
    {
        bench.Do(Ask.Network("blue", 100));
        bench.Do(Ask.Subnet("v4", "blue", "10.0.0.0/24", "10.0.0.1"));
        bench.Do(Ask.Subnet("v6", "blue", "2001:db8::/64", "2001:db8::1"));
    }

    public static TheoryData<string, string, OutcomeKind, PortSpec> Faults => new()
    {
        { "network", ProblemCodes.Required, OutcomeKind.Invalid, new PortSpec() },
        { "network", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "b/c" } },
        { "mac", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Mac = "02:00:00:00:00" } },
        { "mac", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Mac = "ff:ff:ff:ff:ff:ff" } },
        { "mac", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Mac = "00:00:00:00:00:00" } },
        { "addresses[0]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["10.0.0.7/24"] } },
        { "addresses[0]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["10.0.7"] } },
        { "addresses[1]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["10.0.0.7", "10.0.0.7"] } },
        { "addresses[1]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["2001:db8::7", "2001:DB8:0::7"] } },
        { "addresses[0]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["224.0.0.1"] } },
        { "addresses[0]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["::"] } },
        { "addresses[0]", ProblemCodes.Invalid, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = ["255.255.255.255"] } },
        { "addresses[0]", ProblemCodes.Conflict, OutcomeKind.Conflict, new PortSpec { Network = "blue", Addresses = ["10.0.0.1"] } },
        { "addresses[0]", ProblemCodes.Conflict, OutcomeKind.Conflict, new PortSpec { Network = "blue", Addresses = ["10.0.1.7"] } },
        { "addresses[0]", ProblemCodes.Conflict, OutcomeKind.Conflict, new PortSpec { Network = "blue", Addresses = ["10.0.0.255"] } },
        { "addresses[0]", ProblemCodes.Conflict, OutcomeKind.Conflict, new PortSpec { Network = "blue", Addresses = ["2001:db8::"] } },
        { "addresses", ProblemCodes.OutOfRange, OutcomeKind.Invalid, new PortSpec { Network = "blue", Addresses = [.. Enumerable.Range(2, 65).Select(i => $"10.0.0.{i}")] } },
        { "securityGroups", ProblemCodes.NotSupportedYet, OutcomeKind.Invalid, new PortSpec { Network = "blue", SecurityGroups = ["web"] } },
        { "qosPolicy", ProblemCodes.NotSupportedYet, OutcomeKind.Invalid, new PortSpec { Network = "blue", QosPolicy = "gold" } },
        { "allowedPairs", ProblemCodes.NotSupportedYet, OutcomeKind.Invalid, new PortSpec { Network = "blue", AllowedPairs = [new AddressPairSpec(null, "10.0.0.9")] } },
        { "bindings", ProblemCodes.NotSupportedYet, OutcomeKind.Invalid, new PortSpec { Network = "blue", Bindings = [new BindingSpec("h1", null)] } },
    };

    private string[] AddressesOf(string port) => [.. bench.Port(port).Addresses.Select(a => a.ToString())];

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_field_that_is_wrong_or_not_acted_upon_is_refused_by_its_name(string field, string code, OutcomeKind kind, PortSpec spec)
    {
        var problem = Assert.Single(bench.Refused(new PutCommand(ResourceKind.Port, "vm", spec, Ask.NoLabels), kind));

        Assert.Equal((field, code), (problem.Field, problem.Code));
    }

    [Fact]
    public void All_problems_of_a_request_are_told_at_once()
    {
        var spec = new PortSpec
        {
            Network = "blue",
            Mac = "x",
            Addresses = ["10.0.0.1", "y", "10.9.9.9"],
            SecurityGroups = ["web"],
            QosPolicy = "gold",
            AllowedPairs = [new AddressPairSpec(null, null)],
            Bindings = [new BindingSpec(null, null)],
        };

        var problems = bench.Refused(new PutCommand(ResourceKind.Port, "VM", spec, Ask.NoLabels), OutcomeKind.Invalid);

        Assert.Equal(
            ["addresses[0]", "addresses[1]", "addresses[2]", "allowedPairs", "bindings", "id", "mac", "qosPolicy", "securityGroups"],
            problems.Select(p => p.Field).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_mac_and_an_address_belong_to_one_port_of_a_network()
    {
        bench.Do(Ask.Port("a", "blue", s => s with { Mac = "02:00:00:00:00:11", Addresses = ["10.0.0.7"] }));
        var same = Ask.Port("b", "blue", s => s with { Mac = "02:00:00:00:00:11", Addresses = ["10.0.0.7"] });

        Assert.Equal(["addresses[0]", "mac"], bench.Refused(same, OutcomeKind.Conflict).Select(p => p.Field).Order());
        bench.Do(Ask.Port("b", "red", s => s with { Mac = "02:00:00:00:00:11", Addresses = ["10.0.0.7"] }));
        bench.Refused(same, OutcomeKind.Conflict);
    }

    [Fact]
    public void A_port_gets_a_mac_and_an_address_of_each_family_that_its_network_has()
    {
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));

        Assert.Equal(["10.0.0.2", "2001:db8::2"], AddressesOf("a"));
        Assert.Equal(2, AddressesOf("b").Except(AddressesOf("a")).Count());
        Assert.NotEqual(bench.Port("a").Mac, bench.Port("b").Mac);
        Assert.True((bench.Port("a").Mac.Value >> 40 & 3) == 2, "locally administered, unicast");
        Assert.Equal([1u, 2u], [bench.Port("a").LogicalPort, bench.Port("b").LogicalPort]);
    }

    [Fact]
    public void Addresses_that_are_named_are_all_that_the_port_has()
    {
        bench.Do(Ask.Port("a", "blue", "10.0.0.77"));
        bench.Do(Ask.Port("b", "blue", "fe80::1"));

        Assert.Equal(["10.0.0.77"], AddressesOf("a"));
        Assert.Equal(["fe80::1"], AddressesOf("b"));
    }

    [Fact]
    public void A_network_without_subnets_takes_any_address_and_gives_none()
    {
        bench.Do(Ask.Network("bare", 5));
        bench.Do(Ask.Port("a", "bare"));
        bench.Do(Ask.Port("b", "bare", "203.0.113.9"));

        Assert.Empty(AddressesOf("a"));
        Assert.Equal(["203.0.113.9"], AddressesOf("b"));
    }

    [Theory]
    [InlineData("10.1.0.0/29", 6)]
    [InlineData("10.1.0.0/30", 2)]
    [InlineData("10.1.0.0/31", 2)]
    [InlineData("10.1.0.0/32", 1)]
    [InlineData("2001:db8:1::/126", 3)]
    [InlineData("2001:db8:1::/127", 2)]
    [InlineData("2001:db8:1::/128", 1)]
    public void A_subnet_gives_each_of_its_addresses_once_and_then_says_so(string cidr, int addresses)
    {
        bench.Do(Ask.Network("small", 5));
        bench.Do(Ask.Subnet("s", "small", cidr));
        foreach (var n in Enumerable.Range(0, addresses))
        {
            bench.Do(Ask.Port($"p{n}", "small"));
        }

        var problem = Assert.Single(bench.Refused(Ask.Port("more", "small"), OutcomeKind.Conflict));

        Assert.Equal(("addresses", ProblemCodes.Exhausted), (problem.Field, problem.Code));
        Assert.Equal(addresses, Enumerable.Range(0, addresses).SelectMany(n => AddressesOf($"p{n}")).Distinct().Count());
        bench.Do(Ask.Delete(ResourceKind.Port, "p0"));
        bench.Do(Ask.Port("more", "small"));
    }

    [Fact]
    public void A_second_subnet_of_a_family_helps_out_when_the_first_is_full()
    {
        bench.Do(Ask.Network("small", 5));
        bench.Do(Ask.Subnet("a", "small", "10.1.0.0/31"));
        bench.Do(Ask.Subnet("b", "small", "10.2.0.0/31"));
        foreach (var n in Enumerable.Range(0, 4))
        {
            bench.Do(Ask.Port($"p{n}", "small"));
        }

        Assert.Equal(4, Enumerable.Range(0, 4).Select(n => Assert.Single(AddressesOf($"p{n}"))).Distinct().Count());
    }

    [Fact]
    public void What_was_allocated_stays_whatever_is_put_later()
    {
        bench.Do(Ask.Port("a", "blue"));
        var (mac, addresses, number) = (bench.Port("a").Mac, AddressesOf("a"), bench.Port("a").LogicalPort);

        bench.Do(Ask.Port("z", "blue"));
        bench.Do(Ask.Port("a", "blue", s => s with { PortSecurity = false }));
        bench.Do(Ask.Delete(ResourceKind.Subnet, "v4"));
        bench.Do(Ask.Port("a", "blue", s => s with { PortSecurity = true }));

        Assert.Equal((mac, number), (bench.Port("a").Mac, bench.Port("a").LogicalPort));
        Assert.Equal(addresses, AddressesOf("a"));
    }

    [Fact]
    public void Putting_the_same_twice_changes_nothing()
    {
        bench.Do(Ask.Port("a", "blue"));
        Assert.True(bench.Do(Ask.Port("a", "blue")).ChangesNothing);

        var shown = (PortSpec)bench.Get(ResourceKind.Port, "a").Spec;
        bench.Do(new PutCommand(ResourceKind.Port, "a", shown, Ask.NoLabels));
        Assert.True(bench.Do(new PutCommand(ResourceKind.Port, "a", shown, Ask.NoLabels)).ChangesNothing);
    }

    [Fact]
    public void A_port_that_a_full_subnet_could_not_serve_can_be_put_again_as_it_is()
    {
        bench.Do(Ask.Network("small", 5));
        bench.Do(Ask.Port("a", "small"));
        bench.Do(Ask.Port("b", "small"));
        bench.Do(Ask.Subnet("s", "small", "10.1.0.9/32"));

        Assert.Equal(["10.1.0.9"], AddressesOf("a").Concat(AddressesOf("b")));
        Assert.True(bench.Do(Ask.Port("a", "small")).ChangesNothing);
        Assert.True(bench.Do(Ask.Port("b", "small")).ChangesNothing);
        Assert.Equal(ProblemCodes.Exhausted, Assert.Single(bench.Refused(Ask.Port("b", "small", s => s with { PortSecurity = false }), OutcomeKind.Conflict)).Code);
    }

    [Fact]
    public void A_port_before_its_network_and_subnet_is_completed_with_them()
    {
        bench.Do(Ask.Port("early", "green"));
        bench.Do(Ask.Port("fixed", "green", "10.5.0.1"));
        Assert.Equal((ConditionStatus.False, "NetworkNotFound"), (Accepted("early").Status, Accepted("early").Reason));
        Assert.Empty(AddressesOf("early"));

        var subnet = bench.Do(Ask.Subnet("s", "green", "10.5.0.0/24"));
        bench.Do(Ask.Network("green", 7));

        Assert.Equal(2, subnet.Changed.Length);
        Assert.Equal(["10.5.0.2"], AddressesOf("early"));
        Assert.Equal(["10.5.0.1"], AddressesOf("fixed"));
        Assert.Equal(ConditionStatus.True, Accepted("early").Status);
        Assert.Equal(1, bench.Port("early").Generation);

        Condition Accepted(string id) => bench.Condition(ResourceKind.Port, id, ConditionType.Accepted);
    }

    [Fact]
    public void Many_ports_that_waited_for_their_subnet_are_completed_in_reasonable_time()
    {
        bench.Batch([.. Enumerable.Range(0, 4000).Select(n => Ask.Port($"p{n}", "green"))]);

        var completed = bench.Do(Ask.Subnet("s", "green", "10.16.0.0/16", "10.16.0.1")).Changed.OfType<Dwcp.Sdn.Fabric.Intent.Port>().ToList();

        Assert.Equal(4000, completed.Count);
        Assert.Equal(4000, completed.SelectMany(p => p.Addresses).Distinct().Count());
    }

    [Fact]
    public void A_port_that_moves_to_another_network_keeps_its_number_and_what_is_free_there()
    {
        bench.Do(Ask.Network("red", 7));
        bench.Do(Ask.Subnet("r", "red", "10.7.0.0/24"));
        bench.Do(Ask.Port("a", "blue", s => s with { Mac = "02:00:00:00:00:11" }));
        var number = bench.Port("a").LogicalPort;

        bench.Do(Ask.Port("a", "red"));
        Assert.Equal(("02:00:00:00:00:11", number), (bench.Port("a").Mac.ToString(), bench.Port("a").LogicalPort));
        Assert.Equal(["10.7.0.1"], AddressesOf("a"));

        bench.Do(Ask.Port("b", "blue", s => s with { Mac = "02:00:00:00:00:11" }));
        bench.Do(Ask.Port("a", "blue"));
        Assert.NotEqual("02:00:00:00:00:11", bench.Port("a").Mac.ToString());
    }

    [Fact]
    public void Objects_may_be_deleted_in_any_order()
    {
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Delete(ResourceKind.Network, "blue"));
        Assert.Equal("NetworkNotFound", bench.Condition(ResourceKind.Port, "a", ConditionType.Accepted).Reason);
        Assert.Equal("NetworkNotFound", bench.Condition(ResourceKind.Subnet, "v4", ConditionType.Accepted).Reason);

        bench.Do(Ask.Delete(ResourceKind.Subnet, "v4"));
        bench.Do(Ask.Delete(ResourceKind.Port, "a"));
        bench.Do(Ask.Delete(ResourceKind.Subnet, "v6"));

        Assert.Empty(bench.Store);
        Assert.All(Enum.GetValues<ResourceKind>(), kind => Assert.Empty(bench.Machine.Snapshot.Of(kind)));
    }

    [Fact]
    public void A_number_is_given_again_the_lowest_first()
    {
        bench.Do(Ask.Port("a", "blue"));
        bench.Do(Ask.Port("b", "blue"));
        bench.Do(Ask.Port("c", "blue"));
        bench.Do(Ask.Delete(ResourceKind.Port, "b"));
        bench.Do(Ask.Delete(ResourceKind.Port, "a"));
        bench.Do(Ask.Port("d", "blue"));
        bench.Do(Ask.Port("e", "blue"));
        bench.Do(Ask.Port("f", "blue"));

        Assert.Equal([3u, 1u, 2u, 4u], "cdef".Select(id => bench.Port($"{id}").LogicalPort));
    }

    [Fact]
    public void Judging_alone_changes_nothing()
    {
        var before = bench.Machine.Intent;
        var judged = Dwcp.Sdn.Fabric.Intent.Judge.Of(before, Ask.Port("a", "blue"));

        Assert.Same(before, bench.Machine.Intent);
        Assert.Empty(bench.Machine.Snapshot.Ports);
        var now = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var preview = bench.Machine.Preview(judged, now)!;
        Assert.Equal(["10.0.0.2", "2001:db8::2"], ((PortSpec)preview.Spec).Addresses);
        Assert.All(preview.Status.Conditions, c => Assert.Equal(now, c.LastTransition));
    }
}
