using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>An interface of a host that says it is a port.</summary>
public sealed record Claim(string Host, KnownInterface Interface);

/// <summary>Which interfaces say they are which port, in any order and before the port exists. The oldest claim stays; later ones are refused as long as it is there.</summary>
public sealed class Claims
{
    private readonly Dictionary<string, List<Claim>> byPort = [];

    /// <summary>The claims to a port, the oldest first.</summary>
    public IReadOnlyList<Claim> To(string portId) => byPort.TryGetValue(portId, out var claims) ? claims : [];

    /// <summary>Replaces all claims of a host and returns the ports whose claims changed.</summary>
    public HashSet<string> Replace(string host, IEnumerable<KnownInterface> before, IEnumerable<KnownInterface> now)
    {
        var changed = new HashSet<string>();
        var kept = now.ToHashSet();
        foreach (var old in before)
        {
            if (!kept.Remove(old) && byPort.TryGetValue(old.PortId, out var claims))
            {
                claims.Remove(new Claim(host, old));
                changed.Add(old.PortId);
                if (claims.Count == 0)
                {
                    byPort.Remove(old.PortId);
                }
            }
        }

        foreach (var added in kept)
        {
            if (!byPort.TryGetValue(added.PortId, out var claims))
            {
                byPort.Add(added.PortId, claims = []);
            }

            claims.Add(new Claim(host, added));
            claims.Sort(static (a, b) =>
                (a.Interface.Since, a.Host, a.Interface.Name).CompareTo((b.Interface.Since, b.Host, b.Interface.Name)));
            changed.Add(added.PortId);
        }

        return changed;
    }
}
