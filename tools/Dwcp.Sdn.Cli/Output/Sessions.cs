using System.Globalization;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>The sessions of a BGP peer in a word or a number; a peer that is a range has as many sessions as came.</summary>
internal static class Sessions
{
    public const string Established = "ESTABLISHED";

    public static IEnumerable<JsonObject> Of(JsonObject peer) => (peer["status"]?["sessions"] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>The state of one session; of a range how many stand of those that came.</summary>
    public static string State(JsonObject peer)
    {
        var states = Of(peer).Select(s => s.Text("state")).ToArray();
        return peer.Text("listenRange").Length > 0 ? $"{states.Count(s => s == Established)}/{states.Length} {Established}"
            : states.Length > 0 ? states[0]
            : peer.Text("shutdown") == "true" ? "SHUTDOWN" : "IDLE";
    }

    public static string Routes(JsonObject peer) => Sum(peer, "routes");

    public static string Malformed(JsonObject peer) => Sum(peer, "malformed");

    public static string LastError(JsonObject peer) => Of(peer).Select(s => s.Text("lastError")).FirstOrDefault(e => e.Length > 0) ?? "";

    private static string Sum(JsonObject peer, string name)
        => Of(peer).Sum(s => long.TryParse(s.Text(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var count) ? count : 0).ToString(CultureInfo.InvariantCulture);
}
