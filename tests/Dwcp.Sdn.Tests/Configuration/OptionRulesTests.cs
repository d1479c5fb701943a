namespace Dwcp.Sdn.Tests.Configuration;

public class OptionRulesTests
{
    [Theory]
    [InlineData("--http", "0.0.0.0:8080")]
    [InlineData("--http", "[::]:8080")]
    [InlineData("--grpc", "192.0.2.1:8081")]
    [InlineData("--grpc", "[2001:db8::1]:8081")]
    public void HTTP_without_TLS_is_kept_to_loopback_unless_the_operator_insists(string option, string endpoint)
    {
        Assert.Equal([$"{option}: {endpoint} can be reached from other machines, with neither TLS nor authentication. Listen on 127.0.0.1, or add --insecure-http if strangers cannot reach that address."],
            new Given(option, endpoint).Problems());
        Assert.True(new Given(option, endpoint, "--insecure-http").Options().InsecureHttp);
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("127.1.2.3:1")]
    [InlineData("[::1]:1")]
    public void Loopback_needs_no_insistence(string endpoint) => Assert.Empty(new Given("--http", endpoint).Options().Warnings);

    [Fact]
    public void The_place_of_an_open_listener_is_where_it_was_given() =>
        Assert.StartsWith("/etc/dwcp.yaml:2: http: 0.0.0.0:80 can be reached", new Given { Yaml = "log: info\nhttp: 0.0.0.0:80" }.Problems().Single());

    [Theory]
    [InlineData("--tls-certificate", "--tls-key")]
    [InlineData("--tls-key", "--tls-certificate")]
    [InlineData("--tls-ca", "--tls-certificate")]
    public void A_certificate_its_key_and_its_authority_are_given_together(string given, string missing) =>
        Assert.StartsWith($"{given}: it needs {missing} as well. Give --tls-certificate, --tls-key, --tls-ca together", new Given(given, "/x", "--openflow-tls", "127.0.0.1:1").Problems().Single());

    [Fact]
    public void A_revocation_list_is_that_of_an_authority_that_is_given() =>
        Assert.StartsWith("--tls-crl: it needs --tls-ca as well", new Given("--tls-crl", "/x").Problems().Single());

    [Fact]
    public void Half_of_TLS_is_a_warning()
    {
        Assert.Contains(new Given("--ovsdb-tls", "127.0.0.1:6641").Options().Warnings, w => w.Contains("their switches are told to connect without TLS"));
        Assert.DoesNotContain(new Given("--ovsdb-tls", "127.0.0.1:6641", "--openflow-tls", "127.0.0.1:6654").Options().Warnings, w => w.Contains("without TLS"));
        Assert.Contains(new Given("--tls-certificate", "/c", "--tls-key", "/k", "--tls-ca", "/a").Options().Warnings, w => w.StartsWith("--tls-ca has no effect"));
    }

    [Theory]
    [InlineData("--openflow", "192.0.2.1:6653", "--openflow 192.0.2.1:6653 speaks without TLS")]
    [InlineData("--ovsdb", "0.0.0.0:6640", "--ovsdb 0.0.0.0:6640 speaks without TLS")]
    public void A_plain_southbound_listener_that_others_reach_is_a_warning(string option, string endpoint, string warning) =>
        Assert.Contains(new Given(option, endpoint).Options().Warnings, w => w.StartsWith(warning, StringComparison.Ordinal));

    [Fact]
    public void Hosts_that_would_be_sent_where_nothing_listens_are_a_warning()
    {
        const string Warning = "a joining host will be told to connect where nothing listens";

        Assert.Contains(new Given("--ovsdb", "0.0.0.0:6640").Options().Warnings, w => w.Contains(Warning));
        Assert.DoesNotContain(new Given("--ovsdb", "0.0.0.0:6640", "--openflow", "0.0.0.0:6653").Options().Warnings, w => w.Contains(Warning));
        Assert.DoesNotContain(new Given("--ovsdb", "0.0.0.0:6640", "--openflow-advertise", "192.0.2.1:6653").Options().Warnings, w => w.Contains(Warning));
    }

    [Theory]
    [InlineData("127.0.0.1:6653", "127.0.0.1:6653")]
    [InlineData("0.0.0.0:6653", "127.0.0.1:6653")]
    [InlineData("127.0.0.1:6653", "[::]:6653")]
    public void Two_listeners_cannot_share_a_port(string openflow, string ovsdb) =>
        Assert.Equal([$"--ovsdb: {ovsdb} is taken by --openflow ({openflow}). Give each of them its own port."],
            new Given("--openflow", openflow, "--ovsdb", ovsdb).Problems());

    [Fact]
    public void Nor_can_BGP_although_it_listens_later() =>
        Assert.Equal(["--bgp: 127.0.0.1:8080 is taken by --http (127.0.0.1:8080). Give each of them its own port."], new Given("--bgp", "127.0.0.1:8080").Problems());

    [Theory]
    [InlineData("127.0.0.1:0", "127.0.0.1:0")]
    [InlineData("127.0.0.1:6653", "127.0.0.2:6653")]
    [InlineData("0.0.0.0:6653", "[::1]:6653")]
    public void Two_listeners_may_share_what_does_not_overlap(string openflow, string ovsdb) =>
        Assert.Equal(openflow, new Given("--openflow", openflow, "--ovsdb", ovsdb).Options().OpenFlow.ToString());
}
