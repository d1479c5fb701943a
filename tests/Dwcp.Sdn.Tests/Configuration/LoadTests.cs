using System.Net;
using Dwcp.Sdn.Controller.Configuration;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Configuration;

public class LoadTests
{
    [Fact]
    public void Nothing_given_means_the_defaults_of_the_contract()
    {
        var options = new Given().Options();

        Assert.Equal("/var/lib/dwcp", options.Data);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:6653"), options.OpenFlow);
        Assert.Null(options.OpenFlowTls);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:6640"), options.Ovsdb);
        Assert.Null(options.OvsdbTls);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:179"), options.Bgp);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:8080"), options.Http);
        Assert.Equal(IPEndPoint.Parse("127.0.0.1:8081"), options.Grpc);
        Assert.Empty(options.OvsdbConnect);
        Assert.Null(options.OpenFlowAdvertise);
        Assert.Equal(UnknownSwitches.Observed, options.OpenFlowUnknown);
        Assert.False(options.InsecureHttp);
        Assert.Equal(LogLevel.Information, options.Log);
        Assert.Equal(TimeSpan.FromMinutes(1), options.ReconcileAudit);
        Assert.Null(options.ConfigFile);
        Assert.Empty(options.Warnings);
        Assert.All(options.Effective, e => Assert.Equal(SettingSource.Default, e.Source));
    }

    [Fact]
    public void The_command_line_outweighs_the_environment_and_that_the_file()
    {
        var environment = new Dictionary<string, string> { ["DWCP_LOG"] = "error", ["DWCP_DATA"] = "/env" };
        const string Yaml = """
            log: debug
            data: /file
            reconcile-audit: 5s
            """;

        var options = new Given("--log", "trace") { Environment = environment, Yaml = Yaml }.Options();

        Assert.Equal((LogLevel.Trace, "/env", TimeSpan.FromSeconds(5)), (options.Log, options.Data, options.ReconcileAudit));
        Assert.Contains(new EffectiveOption("log", "trace", SettingSource.CommandLine, "--log"), options.Effective);
        Assert.Contains(new EffectiveOption("data", "/env", SettingSource.Environment, "DWCP_DATA"), options.Effective);
        Assert.Contains(new EffectiveOption("reconcile-audit", "5s", SettingSource.File, "/etc/dwcp.yaml:3: reconcile-audit"), options.Effective);
        Assert.Contains(new EffectiveOption("http", "127.0.0.1:8080", SettingSource.Default, "default"), options.Effective);
        Assert.Equal(Given.File, options.ConfigFile);
    }

    [Fact]
    public void The_environment_can_name_the_file()
    {
        var loaded = ControllerOptions.Load([], new Dictionary<string, string> { ["DWCP_CONFIG"] = "/a.yaml" }, path => path == "/a.yaml" ? "log: debug" : "");

        Assert.Equal(LogLevel.Debug, Assert.IsType<Loaded.Ready>(loaded).Options.Log);
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var problems = new Given("--htpp", "1.2.3.4:1", "--openflow", "1.2.3.4", "stray", "--log=loud", "--data")
        {
            Environment = { ["DWCP_OVSDB"] = "localhost:6640" },
            Yaml = """
                log: info
                reconcile-audit: 30
                colour: blue
                """,
        }.Problems();

        Assert.Equal(
        [
            "--htpp: no such option. Did you mean --http?",
            "'stray': the controller takes options only. Put the option's name before it; --help lists them.",
            "--data: needs a value. Write --data DIR.",
            "/etc/dwcp.yaml:3: colour: no such option. The options are data, openflow, openflow-tls, ovsdb, ovsdb-connect, ovsdb-tls, tls-certificate, tls-key, tls-ca, tls-crl, tls-ids-per-certificate, bgp, http, grpc, openflow-advertise, openflow-tls-advertise, openflow-unknown, insecure-http, http-names, log, reconcile-audit, events-kept, max-requests, max-watches, max-calls.",
            "--openflow: '1.2.3.4' has no port. Write 1.2.3.4:PORT.",
            "DWCP_OVSDB: 'localhost' is not an IP address. Write 127.0.0.1:6640 or [::1]:6640.",
            "--log: 'loud' is not a level. Write trace, debug, information, warning, error or critical.",
            "/etc/dwcp.yaml:2: reconcile-audit: '30' is not a duration. Write a whole number and ms, s, m or h, such as 30s.",
        ], problems);
    }

    [Fact]
    public void Hosts_to_connect_to_are_a_list()
    {
        Assert.Equal(["tcp:192.0.2.1:6640", "unix:/run/db.sock"], new Given("--ovsdb-connect", "tcp:192.0.2.1:6640, unix:/run/db.sock").Options().OvsdbConnect);
        Assert.True(new Given("--ovsdb-connect", "tcp:192.0.2.2:6640,ssl:192.0.2.1:6640").Options().OvsdbIsSecured);
        Assert.Equal(
            ["--ovsdb-connect: '192.0.2.1:6640' is no place where an ovsdb-server listens. Write tcp:ADDR:PORT, such as tcp:192.0.2.1:6640, ssl:ADDR:PORT or unix:PATH."],
            new Given("--ovsdb-connect", "tcp:192.0.2.2:6640,192.0.2.1:6640").Problems());
    }

    [Fact]
    public void Names_of_the_machine_are_a_list()
    {
        Assert.Equal(["controller.example.org", "sdn.example.org"], new Given("--http-names", "controller.example.org, sdn.example.org").Options().HttpNames);
        Assert.Equal(
            ["--http-names: 'http://controller' is not the name of a host. Write names alone, such as controller.example.org, without a scheme and a port."],
            new Given("--http-names", "sdn.example.org,http://controller").Problems());
    }

    [Fact]
    public void A_bad_value_in_the_file_is_told_even_where_the_command_line_outweighs_it() =>
        Assert.Equal(["/etc/dwcp.yaml:1: http: '99999' is not a port. Write a number from 0 to 65535 after the colon."],
            new Given("--http", "127.0.0.1:80") { Yaml = "http: 127.0.0.1:99999" }.Problems());

    [Fact]
    public void A_refusal_counts_its_problems_and_ends_with_code_2()
    {
        var one = Assert.IsType<Loaded.Refused>(new Given("--log").Load());
        var two = Assert.IsType<Loaded.Refused>(new Given("--log", "--data").Load());

        Assert.Equal("dwcp-controller: not started, one thing is wrong with its configuration\n  --log: needs a value. Write --log LEVEL.\n", one.Text);
        Assert.StartsWith("dwcp-controller: not started, 2 things are wrong", two.Text);
        Assert.Equal(2, Loaded.Refused.ExitCode);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Help_names_every_option_whatever_else_is_given(string flag)
    {
        var help = Assert.IsType<Loaded.Told>(new Given("--nonsense", flag).Load()).Text;

        Assert.All(Options.All, o => Assert.Matches($@"\n  {o.Flag}( {o.Placeholder.Replace("|", @"\|")})?(  +|\n +){o.Help.Split(' ')[0]}", help));
        Assert.All(help.Split('\n'), line => Assert.InRange(line.Length, 0, 110));
        Assert.DoesNotContain(help.Split('\n'), line => line.EndsWith(' '));
    }

    [Fact]
    public void Version_is_the_program_and_a_number() =>
        Assert.Matches(@"^dwcp-controller \d+\.\d+\.\d+\S*\n$", Assert.IsType<Loaded.Told>(new Given("--version").Load()).Text);
}
