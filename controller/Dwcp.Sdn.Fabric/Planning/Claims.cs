using Dwcp.Sdn.Core;
using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>An interface of a host that says it is a port.</summary>
public sealed record Claim(string Host, KnownInterface Interface);

/// <summary>Which interfaces say they are which port, in any order and before the port exists. The oldest claim stays; later ones are refused as long as it is there.</summary>
public sealed class Claims
{
    private readonly Dictionary<string, List<Claim>> byPort = [];
    private readonly Dictionary<string, EquatableArray<KnownInterface>> byHost = [];

    /// <summary>The claims to a port, the oldest first.</summary>
    public IReadOnlyList<Claim> To(string portId) => byPort.TryGetValue(portId, out var claims) ? claims : [];

    /// <summary>The ports that a host claims.</summary>
    public IEnumerable<string> Of(string host) => byHost.GetValueOrDefault(host).Items.Select(i => i.PortId).Distinct();

    /// <summary>Replaces all claims of a host and returns the ports whose claims changed.</summary>
    public HashSet<string> Replace(string host, EquatableArray<KnownInterface> now)
    {
        var changed = new HashSet<string>();
        var added = now.Items.ToHashSet();
        foreach (var old in byHost.GetValueOrDefault(host))
        {
            if (!added.Remove(old))
            {
                Remove(new Claim(host, old));
                changed.Add(old.PortId);
            }
        }

        foreach (var claimed in added)
        {
            Add(new Claim(host, claimed));
            changed.Add(claimed.PortId);
        }

        if (now.IsEmpty)
        {
            byHost.Remove(host);
        }
        else
        {
            byHost[host] = now;
        }

        return changed;
    }

    private static (long, string, string) OrderOf(Claim claim) => (claim.Interface.Since, claim.Host, claim.Interface.Name);

    private void Add(Claim claim)
    {
        if (!byPort.TryGetValue(claim.Interface.PortId, out var claims))
        {
            byPort.Add(claim.Interface.PortId, claims = []);
        }

        claims.Add(claim);
        claims.Sort(static (a, b) => OrderOf(a).CompareTo(OrderOf(b)));
    }

    private void Remove(Claim claim)
    {
        var claims = byPort[claim.Interface.PortId];
        claims.Remove(claim);
        if (claims.Count == 0)
        {
            byPort.Remove(claim.Interface.PortId);
        }
    }
}
