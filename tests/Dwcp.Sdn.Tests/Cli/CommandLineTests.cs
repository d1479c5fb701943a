using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Tests.Cli;

/// <summary>Help, completion, man page and contexts: all from one table.</summary>
public sealed class CommandLineTests : CliFixture
{
    [Fact]
    public async Task Every_command_is_in_the_overview_and_has_help_of_its_own()
    {
        var overview = (await RunAsync("help")).Out;
        Assert.Equal(overview, (await RunAsync()).Out);
        foreach (var command in CommandTable.All)
        {
            Assert.Contains($"\n  {command.Name} ", overview);
            var help = await RunAsync(command.Name, "--help");
            Assert.Equal(command.Name == "help" ? overview : (await RunAsync("help", command.Name)).Out, help.Out);
            Assert.All(command.Options, o => Assert.Contains(o.Usage, help.Out));
        }

        Assert.All(overview.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task The_man_page_has_every_command_and_option()
    {
        var page = (await RunAsync("man")).Out.Replace("\\-", "-", StringComparison.Ordinal);

        Assert.StartsWith(".TH DWCPCTL 1", page);
        Assert.All(CommandTable.All, c => Assert.Contains($".SS \"dwcpctl {c.Name}", page));
        Assert.All(CommandTable.All.SelectMany(c => c.Options).Concat(CommandTable.Global), o => Assert.Contains($".B {o.Usage}\n", page));
    }

    [Theory]
    [InlineData("", "apply,completion,context,delete,describe,diff,events,explain,get,help,man,status,version,watch")]
    [InlineData("de", "delete,describe")]
    [InlineData("get ", "event,network,port,subnet,switch")]
    [InlineData("get s", "subnet,switch")]
    [InlineData("get network ", "blue,green")]
    [InlineData("get network blue ", "green")]
    [InlineData("describe network b", "blue")]
    [InlineData("get ports -o ", "json,jsonpath=,name,table,wide,yaml")]
    [InlineData("get ports -o y", "yaml")]
    [InlineData("get ports --out", "--output")]
    [InlineData("apply --wait=P", "--wait=Programmed")]
    [InlineData("explain subnet.dh", "subnet.dhcp")]
    [InlineData("context ", "list,remove,set,use")]
    [InlineData("completion z", "zsh")]
    [InlineData("status ", "")]
    [InlineData("get nonsense ", "")]
    public async Task The_shell_is_offered_what_fits(string line, string expected)
    {
        await RunWithInputAsync("[{kind: network, id: blue, vni: 1}, {kind: network, id: green, vni: 2}]", "apply", "-f", "-");

        var said = await RunAsync(["__complete", .. line.Split(' ')]);

        Assert.Equal(expected, string.Join(',', said.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task Without_a_controller_completion_offers_what_it_knows_and_says_nothing()
    {
        Environment["DWCP_SERVER"] = "http://127.0.0.1:1";

        Assert.Equal("[0]", (await RunAsync("__complete", "get", "port", "")).ToString());
    }

    [Fact]
    public async Task A_context_names_a_controller_and_weighs_less_than_the_environment()
    {
        Environment.Remove("DWCP_SERVER");
        Assert.Equal("There are no contexts; make one with dwcpctl context set NAME URL.\n[0]", (await RunAsync("context", "list")).ToString());
        await RunAsync("context", "set", "here", AddressOf(Rest));
        await RunAsync("context", "set", "nowhere", "grpc://127.0.0.1:1");

        Assert.Equal(0, (await RunAsync("get", "ports")).Code);
        Assert.Equal(3, (await RunAsync("get", "ports", "--context", "nowhere")).Code);
        await RunAsync("context", "use", "nowhere");
        Assert.Equal(3, (await RunAsync("get", "ports")).Code);
        Environment["DWCP_SERVER"] = AddressOf(Grpc);
        Assert.Equal(0, (await RunAsync("get", "ports")).Code);
        Assert.Equal(3, (await RunAsync("get", "ports", "--context", "nowhere")).Code);
        var words = (await RunAsync("context", "list")).Out.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["NAME", "SERVER", "CURRENT", "here", AddressOf(Rest), "-", "nowhere", "grpc://127.0.0.1:1", "yes"], words);
        await RunAsync("context", "remove", "nowhere");
        Assert.DoesNotContain("nowhere", (await RunAsync("context", "list")).Out);
    }

    [Theory]
    [InlineData("{.id}", "p1")]
    [InlineData("{$.id}", "p1")]
    [InlineData("host {.status.host}!", "host h1!")]
    [InlineData("{.addresses[0]}", "10.0.0.5")]
    [InlineData("{.addresses[-1]}", "10.0.0.6")]
    [InlineData("{.addresses[9]}", "")]
    [InlineData("{.addresses[*]}", "10.0.0.5 10.0.0.6")]
    [InlineData("{.addresses}", "[\"10.0.0.5\",\"10.0.0.6\"]")]
    [InlineData("{.status.conditions[*].type}", "Accepted Bound")]
    [InlineData("{range .status.conditions[*]}{.type}={.status}{\"\\n\"}{end}", "Accepted=True\nBound=False\n")]
    [InlineData("{range .status.conditions[*]}{range .more[*]}x{end}{end}", "")]
    [InlineData("{.labels['a.b']}", "1")]
    [InlineData("{.no.such}", "")]
    [InlineData("{\"}\"}", "}")]
    public void A_template_picks_values(string template, string expected)
    {
        var node = JsonNode.Parse("""
            {"id": "p1", "addresses": ["10.0.0.5", "10.0.0.6"], "labels": {"a.b": "1"},
             "status": {"host": "h1", "conditions": [{"type": "Accepted", "status": "True"}, {"type": "Bound", "status": "False"}]}}
            """)!;

        Assert.Equal(expected, JsonPath.Evaluate(template, node));
    }

    [Theory]
    [InlineData("a: 1\nb: true\nc: null\nd: 1.5\ne: text\nf: \"5\"\n", """{"a":1,"b":true,"c":null,"d":1.5,"e":"text","f":"5"}""")]
    [InlineData("- 02:00:00:00:00:11\n- 65000:100\n- 10.0.0.0/24\n", """["02:00:00:00:00:11","65000:100","10.0.0.0/24"]""")]
    [InlineData("{\"a\": [{\"b\": false}]}", """{"a":[{"b":false}]}""")]
    public void Yaml_is_read_by_the_core_schema(string yaml, string json)
        => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), YamlText.Read(new StringReader(yaml)).Single().Document));

    [Theory]
    [InlineData("""{"a":"1","b":"true","c":"null","d":"text","e":5,"f":[],"g":{},"h":"a: b","i":"","j":"1e3","k":"~","l":"0x10"}""")]
    public void What_is_written_as_yaml_is_read_back_as_it_was(string json)
        => Assert.Equal(json, YamlText.Read(new StringReader(YamlText.Of(JsonNode.Parse(json)))).Single().Document!.ToJsonString());

    [Theory]
    [InlineData("", "a\nb\n", "+ a|+ b")]
    [InlineData("a\nb\n", "", "- a|- b")]
    [InlineData("a\nb\nc\n", "a\nx\nc\n", "  a|- b|+ x|  c")]
    [InlineData("a\n", "a\n", "  a")]
    public void Lines_are_compared(string before, string after, string expected) => Assert.Equal(expected, string.Join('|', LineDiff.Between(before, after)));
}
