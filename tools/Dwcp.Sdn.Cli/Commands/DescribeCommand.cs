using System.CommandLine;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows all about one object: its fields, its conditions, what happened to it, and where its flows are.</summary>
internal sealed class DescribeCommand : CliCommand
{
    private const int EventsShown = 10;

    private readonly Argument<string> _kind = CommonOptions.Kind();
    private readonly Argument<string[]> _ids;

    public DescribeCommand(CommandLine cli)
        : base(cli, "describe", "Show all about one object: fields, conditions, events, flows")
    {
        Add(_kind);
        Add(_ids = CommonOptions.Ids(cli, _kind));
        Examples = [new("dwcpctl describe port vm1", "why a port does not work"), new("dwcpctl describe switches/h1", "a host and its switch")];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var (kind, ids) = ObjectRefs.Parse(parse.GetValue(_kind)!, parse.GetValue(_ids)!);
        var id = kind.IsSingle ? kind.Singular : ids.Count == 1 ? ids[0] : throw new CliException(ExitCode.Usage, "describe takes one object", "Write dwcpctl describe KIND ID");
        using var client = Connect(parse);
        var item = await client.FindAsync(kind.PathOf(id), stop)
            ?? throw new CliException(ExitCode.Refused, $"there is no {kind.Ref(id)}", kind.WhenMissing);
        var description = new Description(Shell);
        description.Title(kind.Ref(id), Verdict.Of(item));
        description.Fields(Objects.Wanted(kind, item));
        if (item["status"] is JsonObject status)
        {
            description.Status(status);
            description.Conditions(status);
        }

        if (kind == KindCatalogue.Switches)
        {
            description.Drops(DropCounts.Of((await client.ReadTextAsync("/metrics", stop)).Text, id));
        }

        if (kind != KindCatalogue.Events)
        {
            var happened = await client.ListAsync("/v1/events", $"subject={kind.SubjectOf(item.Text("id"))}", stop);
            description.Events(happened.Items, EventsShown);
            description.Flows(await FlowsAsync(client, kind, id, item, stop));
        }

        return ExitCode.Done;
    }

    /// <summary>How many flows are there for the object on each switch that carries it, or why that cannot be told.</summary>
    private static async Task<List<(string Switch, string Text)>> FlowsAsync(ControllerClient client, Kind kind, string id, JsonObject item, CancellationToken stop)
    {
        var (switches, filter) = kind.Plural switch
        {
            "switches" => ([id], null),
            "ports" => (item["status"]?["host"] is { } host ? new[] { JsonText.Plain(host) } : [], $"object={kind.Ref(id)}"),
            "networks" => ((item["status"]?["hosts"] as JsonArray ?? []).Select(JsonText.Plain).ToArray(), $"object={kind.Ref(id)}"),
            _ => (Array.Empty<string>(), null),
        };
        var counts = new List<(string, string)>();
        foreach (var name in switches)
        {
            try
            {
                var flows = await client.ListAsync($"/v1/switches/{Uri.EscapeDataString(name)}/flows", filter, stop);
                var packets = flows.Items.Sum(f => long.Parse(f.Text("packets"), System.Globalization.CultureInfo.InvariantCulture));
                counts.Add((name, $"{flows.Items.Count} flows, {packets} packets: dwcpctl flows {name}{(filter is null ? "" : $" --object {kind.Ref(id)}")}"));
            }
            catch (RefusedException e)
            {
                counts.Add((name, e.Message));
            }
        }

        return counts;
    }
}
