using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>The whole fabric on one screen: what is well in a line each, what is not with the command that tells more.</summary>
internal static class StatusCommand
{
    private const int WrongShown = 5;
    private const int EventsShown = 5;

    public static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(0);
        using var remote = call.Connect();
        var waitsFor = await remote.WaitsForAsync(stop);
        var version = await remote.VersionAsync(stop);
        Line(call.Out, "Controller", waitsFor.Count == 0, $"{remote.Address.GetLeftPart(UriPartial.Authority)}{(version is null ? "" : $", version {version.Split('+')[0]}")}, {(waitsFor.Count == 0 ? "ready" : "not ready")}");
        foreach (var reason in waitsFor)
        {
            call.Out.WriteLine($"              {reason}");
        }

        foreach (var kind in Kind.Writable.OrderByDescending(k => k.Name == "switch"))
        {
            Show(call.Out, kind, (await remote.ListAsync(kind, "", stop)).Items);
        }

        var events = (await remote.ListAsync(Kind.Find("event"), "", stop)).Items;
        call.Out.WriteLine($"\nLast events{(events.Count == 0 ? ": none" : "")}");
        foreach (var happened in events.TakeLast(EventsShown))
        {
            call.Out.WriteLine($"  {Column.Moment(happened.Text("time"))}  {happened.Text("subject")}  {happened.Text("name")}  {happened.Text("message")}".TrimEnd());
        }

        return ExitCode.Done;
    }

    private static void Show(TextWriter to, Kind kind, IReadOnlyList<JsonObject> items)
    {
        var wrong = items.Select(i => (Id: i.Text("id"), Wrong: Judgement.Of(i))).Where(i => i.Wrong.Count > 0).ToArray();
        var title = char.ToUpperInvariant(kind.Plural[0]) + kind.Plural[1..];
        Line(to, title, wrong.Length == 0, items.Count == 0 ? "none" : wrong.Length == 0 ? $"{items.Count}{Extra(kind, items)}" : $"{wrong.Length} of {items.Count} not as they should be{Extra(kind, items)}");
        foreach (var (id, reasons) in wrong.Take(WrongShown))
        {
            to.WriteLine($"  {id}: {string.Join("; ", reasons.Select(r => $"{r.Reason}: {r.Message}"))}");
            to.WriteLine($"      dwcpctl describe {kind.Name} {id}");
        }

        if (wrong.Length > WrongShown)
        {
            to.WriteLine($"  and {wrong.Length - WrongShown} more");
            to.WriteLine($"      dwcpctl get {kind.Plural}");
        }
    }

    private static string Extra(Kind kind, IReadOnlyList<JsonObject> items) => kind.Name switch
    {
        "switch" => $", {items.Count(i => i.Text("status.connected") == "true")} connected",
        "port" => $", {items.Count(i => i.Text("status.state") == "UP")} up",
        _ => "",
    };

    private static void Line(TextWriter to, string title, bool isWell, string text) => to.WriteLine($"{title,-12}  {(isWell ? "OK   " : "WRONG")}  {text}");
}
