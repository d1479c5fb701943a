using System.Net;

namespace Dwcp.Sdn.Tests.Configuration;

public class CommandLineTests
{
    [Fact]
    public void A_value_follows_its_option_or_an_equals_sign()
    {
        var options = new Given("--http", "127.0.0.1:1", "--grpc=127.0.0.1:2").Options();

        Assert.Equal((IPEndPoint.Parse("127.0.0.1:1"), IPEndPoint.Parse("127.0.0.1:2")), (options.Http, options.Grpc));
    }

    [Theory]
    [InlineData("--insecure-http", true)]
    [InlineData("--insecure-http=true", true)]
    [InlineData("--insecure-http=false", false)]
    public void A_flag_alone_means_true(string arg, bool expected) => Assert.Equal(expected, new Given(arg).Options().InsecureHttp);

    [Theory]
    [InlineData("--ovsbd", "--ovsdb")]
    [InlineData("--Ovsdb", "--ovsdb")]
    [InlineData("--ovs-db", "--ovsdb")]
    [InlineData("--insecure_http", "--insecure-http")]
    [InlineData("--openflow-advertize", "--openflow-advertise")]
    [InlineData("--verison", "--version")]
    [InlineData("-log", "--log")]
    public void A_misspelt_option_is_told_what_was_meant(string given, string meant) =>
        Assert.Equal([$"{given}: no such option. Did you mean {meant}?"], new Given(given).Problems());

    [Fact]
    public void A_name_that_resembles_none_is_not_guessed() =>
        Assert.Equal(["--verbose: no such option. --help lists all of them."], new Given("--verbose").Problems());

    [Fact]
    public void The_value_of_an_unknown_option_is_no_second_problem() => Assert.Single(new Given("--colour", "blue").Problems());

    [Theory]
    [InlineData("--data", "--log", "debug")]
    [InlineData("--data=", "--log", "debug")]
    [InlineData("--log", "debug", "--data", "")]
    public void An_option_without_its_value_does_not_take_the_next_one(params string[] args) =>
        Assert.Equal(["--data: needs a value. Write --data DIR."], new Given(args).Problems());

    [Fact]
    public void An_option_given_twice_is_refused() =>
        Assert.Equal(["--log: given twice, as 'debug' and as 'info'. Keep one of them."], new Given("--log", "debug", "--log=info").Problems());

    [Fact]
    public void An_unknown_variable_is_a_warning_and_the_clients_is_not()
    {
        var options = new Given { Environment = { ["DWCP_HTTPS"] = "x", ["DWCP_SERVER"] = "http://x", ["PATH"] = "/bin" } }.Options();

        Assert.Equal(["DWCP_HTTPS in the environment is no option of the controller; did you mean DWCP_HTTP?"], options.Warnings);
    }

    [Fact]
    public void An_empty_variable_sets_nothing() =>
        Assert.Equal("/var/lib/dwcp", new Given { Environment = { ["DWCP_DATA"] = "" } }.Options().Data);
}
