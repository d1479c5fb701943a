using System.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Configuration;

public class YamlFileTests
{
    [Fact]
    public void Every_style_of_a_plain_value_is_read()
    {
        var options = new Given
        {
            Yaml = """
                # where to listen
                ---
                http: "[::1]:9090"
                'grpc': 127.0.0.1:9091   # a comment
                insecure-http: true
                log: >-
                  debug
                """,
        }.Options();

        Assert.Equal((IPEndPoint.Parse("[::1]:9090"), IPEndPoint.Parse("127.0.0.1:9091"), true, LogLevel.Debug),
            (options.Http, options.Grpc, options.InsecureHttp, options.Log));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    [InlineData("{}")]
    public void An_empty_file_sets_nothing(string yaml) => Assert.Equal(LogLevel.Information, new Given { Yaml = yaml }.Options().Log);

    [Theory]
    [InlineData("log: debug\nhtp: 127.0.0.1:1", "/etc/dwcp.yaml:2: htp: no such option. Did you mean http?")]
    [InlineData("openflow_advertise: 192.0.2.1:6653", "/etc/dwcp.yaml:1: openflow_advertise: no such option. Did you mean openflow-advertise?")]
    [InlineData("log: debug\n\nlog: info", "/etc/dwcp.yaml:3: log: given before, in line 1. Keep one of them.")]
    [InlineData("log:", "/etc/dwcp.yaml:1: log: has no value. Give one, or remove the line.")]
    [InlineData("log: ~", "/etc/dwcp.yaml:1: log: has no value. Give one, or remove the line.")]
    [InlineData("log: ''", "/etc/dwcp.yaml:1: log: has no value. Give one, or remove the line.")]
    [InlineData("http: [127.0.0.1, 80]", "/etc/dwcp.yaml:1: http: holds a list or a mapping and wants one value. Write 'http: ADDR:PORT', in quotes if the value begins with a bracket.")]
    [InlineData("http:\n  address: 127.0.0.1\n  port: 80", "/etc/dwcp.yaml:1: http: holds a list or a mapping and wants one value. Write 'http: ADDR:PORT', in quotes if the value begins with a bracket.")]
    [InlineData("config: /other.yaml", "/etc/dwcp.yaml:1: config: has no effect in a file. Give it on the command line or in the environment.")]
    [InlineData("? [a, b]\n: c", "/etc/dwcp.yaml:1: a key is a list or a mapping. Write an option's name.")]
    [InlineData("- log", "/etc/dwcp.yaml:1: not a list of options. Write one option per line, such as 'http: 127.0.0.1:8080'.")]
    [InlineData("log debug", "/etc/dwcp.yaml:1: not a list of options. Write one option per line, such as 'http: 127.0.0.1:8080'.")]
    [InlineData("log: debug\n---\nlog: info", "/etc/dwcp.yaml:2: a second document begins here. Keep one, and remove the line '---'.")]
    public void What_is_wrong_is_told_with_its_line_and_remedy(string yaml, string problem) =>
        Assert.Equal([problem], new Given { Yaml = yaml }.Problems());

    [Theory]
    [InlineData("log: debug\nhttp: [::1]:80", 2)]
    [InlineData("log: debug\ndata: \"/x", 2)]
    [InlineData("log: debug\n\tdata: /x", 2)]
    [InlineData("log: *anchor", 1)]
    [InlineData("log: {\n", 2)]
    public void A_file_that_is_no_YAML_is_refused_with_a_line(string yaml, int line)
    {
        var problem = Assert.Single(new Given { Yaml = yaml }.Problems());

        Assert.StartsWith($"/etc/dwcp.yaml:{line}: ", problem);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_a_problem_of_the_option_that_names_it()
    {
        Assert.Equal(["--config: '/missing.yaml' cannot be read (Could not find file '/missing.yaml'). Name a YAML file that this user may read."],
            new Given("--config", "/missing.yaml").Problems());
        Assert.StartsWith("DWCP_CONFIG: ", new Given { Environment = { ["DWCP_CONFIG"] = "/missing.yaml" } }.Problems().Single());
    }
}
