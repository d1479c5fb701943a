using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Fabric;

public class JudgeSubnetTests
{
    private readonly FabricBench bench = new();

    public JudgeSubnetTests() => bench.Do(Ask.Network("blue", 100));

    public static TheoryData<string, string, SubnetSpec> Faults => new()
    {
        { "network", ProblemCodes.Required, new SubnetSpec { Cidr = "10.0.0.0/24" } },
        { "network", ProblemCodes.Invalid, new SubnetSpec { Network = "Blue", Cidr = "10.0.0.0/24" } },
        { "cidr", ProblemCodes.Required, new SubnetSpec { Network = "blue" } },
        { "cidr", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.1/24" } },
        { "cidr", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/33" } },
        { "cidr", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0" } },
        { "cidr", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "2001:db8::1/64" } },
        { "cidr", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "224.0.0.0/24" } },
        { "cidr", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "ff02::/64" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "router" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "10.0.0.1/24" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "10.0.1.1" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "10.0.0.0" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "10.0.0.255" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "2001:db8::1" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "2001:db8::/64", Gateway = "2001:db8::" } },
        { "gateway", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "224.0.0.1" } },
        { "gatewayMac", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Gateway = "10.0.0.1", GatewayMac = "02:00" } },
        { "gatewayMac", ProblemCodes.Invalid, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", GatewayMac = "01:00:00:00:00:01" } },
        { "dhcp", ProblemCodes.NotSupportedYet, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Dhcp = new DhcpSpec { Enabled = true } } },
        { "dhcp", ProblemCodes.NotSupportedYet, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Dhcp = new DhcpSpec { Enabled = false, Dns = ["10.0.0.2"] } } },
        { "dhcp", ProblemCodes.NotSupportedYet, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Dhcp = new DhcpSpec { LeaseSeconds = 60 } } },
        { "ra", ProblemCodes.NotSupportedYet, new SubnetSpec { Network = "blue", Cidr = "10.0.0.0/24", Ra = new RaSpec { Enabled = true } } },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_field_that_is_wrong_or_not_acted_upon_is_refused_by_its_name(string field, string code, SubnetSpec spec)
    {
        var problem = Assert.Single(bench.Refused(new PutCommand(ResourceKind.Subnet, "s", spec, Ask.NoLabels), OutcomeKind.Invalid));

        Assert.Equal((field, code), (problem.Field, problem.Code));
    }

    [Fact]
    public void All_problems_of_a_request_are_told_at_once()
    {
        var spec = new SubnetSpec { Cidr = "10.0.0.0/24", Gateway = "10.0.1.1", GatewayMac = "nothing", Ra = new RaSpec { Enabled = true } };

        var problems = bench.Refused(new PutCommand(ResourceKind.Subnet, "S", spec with { Network = "blue" }, Ask.NoLabels), OutcomeKind.Invalid);

        Assert.Equal(["gateway", "gatewayMac", "id", "ra"], problems.Select(p => p.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.0.254")]
    [InlineData("10.0.0.0/31", "10.0.0.0")]
    [InlineData("10.0.0.0/31", "10.0.0.1")]
    [InlineData("10.0.0.9/32", "10.0.0.9")]
    [InlineData("2001:db8::/127", "2001:db8::")]
    [InlineData("2001:db8::/64", "2001:db8::1")]
    [InlineData("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff")]
    [InlineData("fe80::/64", "fe80::1")]
    public void A_gateway_is_an_address_of_a_host_of_the_prefix(string cidr, string gateway) =>
        Assert.True(bench.Do(Ask.Subnet("s", "blue", cidr, gateway)).Created);

    [Theory]
    [InlineData("10.0.0.0/24", "10.0.0.0/24")]
    [InlineData("10.0.0.0/24", "10.0.0.128/25")]
    [InlineData("10.0.0.128/25", "10.0.0.0/16")]
    [InlineData("2001:db8::/64", "2001:db8::/48")]
    public void Subnets_of_one_network_do_not_overlap(string first, string second)
    {
        bench.Do(Ask.Subnet("a", "blue", first));

        var problem = Assert.Single(bench.Refused(Ask.Subnet("b", "blue", second), OutcomeKind.Conflict));

        Assert.Equal(("cidr", ProblemCodes.Conflict), (problem.Field, problem.Code));
        Assert.True(bench.Do(Ask.Subnet("b", "red", second)).Created);
        Assert.False(bench.Do(Ask.Subnet("a", "blue", second)).Created);
    }

    [Theory]
    [InlineData("blue", "10.0.1.0/24", "cidr")]
    [InlineData("blue", "10.0.0.128/25", "cidr")]
    [InlineData("blue", "2001:db8::/64", "cidr")]
    [InlineData("red", "10.0.0.0/24", "network")]
    public void A_subnet_does_not_leave_the_addresses_of_ports_behind(string network, string cidr, string field)
    {
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24"));
        bench.Do(Ask.Port("given", "blue", "10.0.0.7"));
        bench.Do(Ask.Port("allocated", "blue"));

        var problem = Assert.Single(bench.Refused(Ask.Subnet("s", network, cidr), OutcomeKind.Conflict));

        Assert.Equal((field, ProblemCodes.Conflict), (problem.Field, problem.Code));
        Assert.Contains("2 ports have addresses of 10.0.0.0/24 in network 'blue': allocated, given", problem.Message, StringComparison.Ordinal);
        Assert.Null(bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/23")).Refused);
        bench.Do(Ask.Delete(ResourceKind.Port, "given"));
        bench.Do(Ask.Delete(ResourceKind.Port, "allocated"));
        Assert.Null(bench.Do(Ask.Subnet("s", network, cidr)).Refused);
    }

    [Fact]
    public void A_gateway_is_no_ports_address()
    {
        bench.Do(Ask.Port("vm", "blue", "10.0.0.1"));

        Assert.Equal(("gateway", ProblemCodes.Conflict), bench.Refused(Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1"), OutcomeKind.Conflict).Select(p => (p.Field, p.Code)).Single());
        bench.Do(Ask.Subnet("s", "red", "10.0.0.0/24", "10.0.0.1"));
    }

    [Theory]
    [InlineData(null, "02:00:5e:00:01:01")]
    [InlineData("02:00:00:00:00:99", "02:00:00:00:00:99")]
    public void A_gateways_mac_is_no_ports_mac(string? gatewayMac, string portMac)
    {
        var subnet = Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1", s => s with { GatewayMac = gatewayMac });
        var port = Ask.Port("vm", "blue", s => s with { Mac = portMac });

        bench.Do(port);
        Assert.Equal("gatewayMac", Assert.Single(bench.Refused(subnet, OutcomeKind.Conflict)).Field);
        bench.Do(Ask.Delete(ResourceKind.Port, "vm"));
        bench.Do(subnet);
        Assert.Equal("mac", Assert.Single(bench.Refused(port, OutcomeKind.Conflict)).Field);
    }

    [Fact]
    public void A_subnet_may_come_before_its_network()
    {
        bench.Do(Ask.Subnet("s", "green", "10.0.0.0/24"));

        var waiting = bench.Condition(ResourceKind.Subnet, "s", ConditionType.Accepted);
        bench.Do(Ask.Network("green", 7));

        Assert.Equal((ConditionStatus.False, "NetworkNotFound"), (waiting.Status, waiting.Reason));
        Assert.Equal(ConditionStatus.True, bench.Condition(ResourceKind.Subnet, "s", ConditionType.Accepted).Status);
    }

    [Fact]
    public void Defaults_are_filled_in_and_what_a_get_shows_can_be_put()
    {
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24", "10.0.0.1"));

        var shown = (SubnetSpec)bench.Get(ResourceKind.Subnet, "s").Spec;
        Assert.Equal("02:00:5e:00:01:01", shown.GatewayMac);
        Assert.False(shown.Dhcp!.Enabled);
        Assert.Null(bench.Do(new PutCommand(ResourceKind.Subnet, "s", shown, Ask.NoLabels)).Refused);
    }

    [Fact]
    public void Addresses_in_use_are_counted_as_ports_and_subnets_come_and_go()
    {
        int InUse(string id) => ((SubnetStatus)bench.Get(ResourceKind.Subnet, id).Status).AddressesInUse;

        bench.Do(Ask.Port("a", "blue", "10.0.0.7", "10.0.1.7"));
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/24"));
        Assert.Equal(1, InUse("s"));
        bench.Do(Ask.Port("b", "blue"));
        bench.Do(Ask.Port("c", "red"));
        Assert.Equal(2, InUse("s"));
        bench.Do(Ask.Subnet("s", "blue", "10.0.0.0/23"));
        Assert.Equal(3, InUse("s"));
        bench.Do(Ask.Delete(ResourceKind.Port, "a"));
        Assert.Equal(1, InUse("s"));
        bench.Do(Ask.Delete(ResourceKind.Port, "b"));
        bench.Do(Ask.Subnet("s", "red", "10.0.0.0/23"));
        Assert.Equal(1, InUse("s"));
        bench.Do(Ask.Port("c", "blue"));
        Assert.Equal(0, InUse("s"));
    }
}
