using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Which conditions of an object somebody should look at.</summary>
internal static class Judgement
{
    // So it was asked for, or the condition that explains it is shown already.
    private static readonly HashSet<string> AsAsked = ["Observed", "NotManaged", "NotBound"];

    public static IReadOnlyList<(string Reason, string Message)> Of(JsonObject item)
        => [.. (item.At("status.conditions") as JsonArray ?? []).Select(c => c!.AsObject()).Where(IsWrong).Select(c => (c.Text("reason"), c.Text("message")))];

    private static bool IsWrong(JsonObject condition)
        => condition.Text("status") != (condition.Text("type") == "Degraded" ? "False" : "True") && !AsAsked.Contains(condition.Text("reason"));
}
