using System.CommandLine;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows the flows that are in a switch now, each with the object that it is there for.</summary>
internal sealed class FlowsCommand : CliCommand
{
    private static readonly string[] Right = ["TABLE", "PRIO", "PACKETS"];

    private readonly Argument<string> _switch;
    private readonly Option<string?> _object = new("--object") { HelpName = "KIND/ID", Description = "Only those that are there for the object" };
    private readonly Option<int?> _table = CommonOptions.Number(new("--table") { HelpName = "N", Description = "Only those of a table" });
    private readonly Option<bool> _hit = new("--hit") { Description = "Only those that have matched a packet" };
    private readonly Option<string?> _output = CommonOptions.Output();

    public FlowsCommand(CommandLine cli)
        : base(cli, "flows", "Show the flows in a switch")
    {
        Add(_switch = CommonOptions.SwitchId(cli));
        Add(_object);
        Add(_table);
        Add(_hit);
        Add(_output);
        Examples = [new("dwcpctl flows h1 --object ports/vm1", "the flows of one port"), new("dwcpctl flows h1 --table 10 --hit", "what packets have matched in a table")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var format = OutputFormat.Parse(parse.GetValue(_output));
        string?[] terms = [parse.GetValue(_object) is { } name ? $"object={name}" : null, parse.GetValue(_table) is { } table ? $"table={table}" : null];
        using var client = Connect(parse);
        var (items, _) = await client.ListAsync($"/v1/switches/{Uri.EscapeDataString(parse.GetValue(_switch)!)}/flows", string.Join(',', terms.Where(t => t is not null)), stop);
        if (parse.GetValue(_hit))
        {
            items.RemoveAll(f => f.Text("packets") == "0");
        }

        switch (format.Form)
        {
            case OutputForm.Table or OutputForm.Wide when items.Count == 0:
                Shell.Error.WriteLine("no flows");
                break;
            case OutputForm.Table or OutputForm.Wide:
                Print(items, format.Form == OutputForm.Wide);
                break;
            case OutputForm.Yaml:
                Shell.Out.Write(YamlText.Of(new JsonArray([.. items.Select(i => i.DeepClone())])));
                break;
            case OutputForm.Json:
                Shell.Out.WriteLine(JsonText.Pretty(List(items)));
                break;
            case OutputForm.JsonPath:
                Shell.Out.WriteLine(format.Path!.Evaluate(List(items)));
                break;
            default:
                throw new CliException(ExitCode.Usage, "flows have no names", "Use -o table, wide, json, yaml or jsonpath");
        }

        return ExitCode.Done;
    }

    private static JsonObject List(List<JsonObject> items) => new() { ["items"] = new JsonArray([.. items.Select(i => i.DeepClone())]) };

    private void Print(List<JsonObject> items, bool wide)
    {
        string[] further = wide ? ["BYTES", "COOKIE"] : [];
        var table = new Table(["TABLE", "PRIO", "PACKETS", .. further, "OBJECT", "MATCH -> ACTIONS"]) { Right = [.. Right, "BYTES"], Overflow = Overflow.Wrap };
        foreach (var flow in items)
        {
            Cell[] more = wide ? [flow.Text("bytes"), flow.Text("cookie")] : [];
            var match = flow.Text("match") is { Length: > 0 } some ? some : "any";
            var actions = flow.Text("actions") is { Length: > 0 } text ? text : "drop";
            table.Add([flow.Text("table"), flow.Text("priority"), flow.Text("packets"), .. more, flow.Text("object"), $"{Breakable(match)} -> {Breakable(actions)}"]);
        }

        table.WriteTo(Shell.Out, Shell.Width, new(Shell.HasColours));
    }

    // A terminal breaks long matches after their commas; a pipe gets the words of ovs-ofctl as they are.
    private string Breakable(string text) => Shell.Width == int.MaxValue ? text : text.Replace(",", ", ", StringComparison.Ordinal).Replace("(, ", "(,", StringComparison.Ordinal);
}
