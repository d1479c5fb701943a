using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>How an object fares.</summary>
internal enum Health
{
    Good,

    /// <summary>Nothing is wrong; something has yet to come, such as the VM of a port.</summary>
    Waiting,
    Bad,
}

/// <summary>The conditions of an object in one word and one sentence.</summary>
internal readonly record struct Verdict(Health Health, string Word, string Message)
{
    // A switch that the operator or the host does not offer is not wrong.
    private static readonly string[] NotOffered = ["Observed", "NotAnnounced", "NoHost"];

    public static Verdict Of(JsonObject item)
    {
        var conditions = (item["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>().ToDictionary(c => c.Text("type"));
        if (Is("Accepted", "False") is { } refused)
        {
            return Say(NotOffered.Contains(refused.Text("reason")) ? Health.Waiting : Health.Bad, refused);
        }

        if (Is("Degraded", "True") is { } degraded)
        {
            return Say(degraded.Text("reason") == "ShutDown" ? Health.Waiting : Health.Bad, degraded);
        }

        if (Is("Bound", "False") is { } unbound)
        {
            return Say(unbound.Text("reason") == "NoInterface" ? Health.Waiting : Health.Bad, unbound);
        }

        if (Is("Programmed", "Unknown") is { } unknown)
        {
            return Say(Health.Bad, unknown);
        }

        return Is("Programmed", "False") is { } pending ? Say(Health.Waiting, pending) : new(Health.Good, "OK", "");

        JsonObject? Is(string type, string status) => conditions.TryGetValue(type, out var condition) && condition.Text("status") == status ? condition : null;
    }

    private static Verdict Say(Health health, JsonObject condition) => new(health, condition.Text("reason"), condition.Text("message"));
}
