using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>What is served over TLS, so that whoever has shown a certificate there has to show one again.</summary>
public readonly record struct SecuredSides(bool OpenFlow, bool Ovsdb);

/// <summary>Who a host has shown itself to be: the name in its certificate, and the switches that it may be.</summary>
public sealed record HostIdentity(string Name, EquatableArray<DatapathId> Datapaths);

/// <summary>
/// Who may be which switch and which host. What a certificate names binds it; one that names nothing binds by its first use, which is
/// stored; and who was seen with a certificate is not believed without one.
/// </summary>
public sealed class Identities(SecuredSides sides)
{
    private readonly Dictionary<DatapathId, string> switches = [];
    private readonly Dictionary<string, HostIdentity> hosts = [];

    /// <summary>By whom each switch was first, or last with its name in the certificate.</summary>
    public IReadOnlyDictionary<DatapathId, string> Switches => switches;

    public IReadOnlyDictionary<string, HostIdentity> Hosts => hosts;

    public void Restore(DatapathId datapath, string name) => switches[datapath] = name;

    public void Restore(string host, HostIdentity identity) => hosts[host] = identity;

    /// <summary>Why somebody may not be a switch, or null.</summary>
    public string? DoubtSwitch(DatapathId datapath, PeerIdentity? who)
    {
        if (!sides.OpenFlow)
        {
            return null;
        }

        var known = switches.GetValueOrDefault(datapath);
        if (who is null)
        {
            return known is null ? null : $"datapath id {datapath} was seen with the certificate of {known}, and is not believed without TLS";
        }

        if (!who.Datapaths.IsEmpty)
        {
            return who.Datapaths.Items.Contains(datapath) ? null
                : $"the certificate of {who} is for {string.Join(", ", who.Datapaths)}, not for datapath id {datapath}; issue one that names it (dwcpctl pki issue … --dpid {datapath})";
        }

        return known is null || known == who.Name ? null : $"datapath id {datapath} was seen with the certificate of {known}, not of {who}";
    }

    /// <summary>Why somebody may not be a host, or null.</summary>
    public string? DoubtHost(string host, PeerIdentity? who)
    {
        if (!sides.Ovsdb)
        {
            return null;
        }

        var known = hosts.GetValueOrDefault(host)?.Name;
        if (who is null)
        {
            return known is null ? null : $"system-id '{host}' was seen with the certificate of {known}, and is not believed without TLS";
        }

        if (who.Host is { } named)
        {
            return named == host ? null : $"its certificate is for the host '{named}', not for the system-id '{host}'";
        }

        return known is null || known == who.Name ? null : $"system-id '{host}' was seen with the certificate of {known}, not of {who}";
    }

    /// <summary>Notes who a switch is; false when that is known already.</summary>
    public bool Learn(DatapathId datapath, PeerIdentity? who)
    {
        if (who is null || switches.GetValueOrDefault(datapath) == who.Name)
        {
            return false;
        }

        switches[datapath] = who.Name;
        return true;
    }

    /// <summary>Notes who a host is; false when that is known already.</summary>
    public bool Learn(string host, PeerIdentity? who)
    {
        var now = who is null ? null : new HostIdentity(who.Name, who.Datapaths);
        if (now is null || hosts.GetValueOrDefault(host) == now)
        {
            return false;
        }

        hosts[host] = now;
        return true;
    }

    public bool Forget(DatapathId datapath) => switches.Remove(datapath);

    public bool Forget(string host) => hosts.Remove(host);

    /// <summary>Whether a switch may be that host's, as far as certificates say: what a host claims of itself does not make it so.</summary>
    public bool MayOwn(string host, DatapathId datapath)
    {
        var known = sides.Ovsdb ? hosts.GetValueOrDefault(host) : null;
        if (known is { Datapaths.IsEmpty: false })
        {
            return known.Datapaths.Items.Contains(datapath);
        }

        // A host that has shown no certificate is not the one that the switch's certificate names.
        return !sides.OpenFlow
            || switches.GetValueOrDefault(datapath) is not { } by
            || by == known?.Name
            || (known is null && (!by.StartsWith(PeerIdentity.HostName(""), StringComparison.Ordinal) || by == PeerIdentity.HostName(host)));
    }
}
