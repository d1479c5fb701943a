using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows one object for a person: its fields, what is true of it, and what happened to it.</summary>
internal static class DescribeCommand
{
    private const int EventsShown = 10;

    public static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(2);
        var kind = Kind.Find(call.Required(0, "KIND"));
        using var remote = call.Connect();
        var item = await remote.GetAsync(kind, call.Required(1, "ID"), stop);
        var events = (await remote.ListAsync(Kind.Find("event"), $"subject={kind.Plural}/{item["id"]}", stop)).Items;
        var conditions = (item.At("status.conditions") as JsonArray ?? []).Select(c => c!.AsObject()).ToArray();
        (item["status"] as JsonObject)?.Remove("conditions");
        call.Out.Write(YamlText.Of(item));
        if (conditions.Length > 0)
        {
            call.Out.WriteLine("\nConditions");
            Table.Write(call.Out, ["TYPE", "STATUS", "SINCE", "REASON", "MESSAGE"], conditions.Select(c => new[]
            {
                c.Text("type"), c.Text("status"), Column.Moment(c.Text("lastTransitionTime")), c.Text("reason"), c.Text("message"),
            }));
        }

        call.Out.WriteLine("\nEvents");
        new Printer(call).Write(Kind.Find("event"), [.. events.TakeLast(EventsShown)]);
        return ExitCode.Done;
    }
}
