using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>What is served over TLS, so that whoever has shown a certificate there has to show one again.</summary>
/// <param name="IdsPerCertificate">How many switches, and how many hosts, whoever shows a certificate that names none may be by its first use.</param>
public readonly record struct SecuredSides(bool OpenFlow, bool Ovsdb, int IdsPerCertificate = 1);

/// <summary>Who a host has shown itself to be: the name in its certificate, and the switches that it may be.</summary>
public sealed record HostIdentity(string Name, EquatableArray<DatapathId> Datapaths);

/// <summary>
/// Who may be which switch and which host. What a certificate names binds it; one that names nothing binds by its first use, so many
/// times, which is stored; and who was seen with a certificate is not believed without one.
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

        return known == who.Name ? null
            : known is not null ? $"datapath id {datapath} was seen with the certificate of {known}, not of {who}"
            : TooMany("datapath id", switches.Where(s => s.Value == who.Name).Select(s => s.Key), who, $"{datapath} (urn:dwcp:datapath:{datapath})");
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

        return known == who.Name ? null
            : known is not null ? $"system-id '{host}' was seen with the certificate of {known}, not of {who}"
            : TooMany("system-id", hosts.Where(h => h.Value.Name == who.Name).Select(h => h.Key), who, $"{host} (urn:dwcp:host:{host})");
    }

    /// <summary>Why a certificate that names none may be no further one by its first use, or null.</summary>
    private string? TooMany<T>(string what, IEnumerable<T> before, PeerIdentity who, string wanted)
    {
        const int Named = 8;
        var ids = before.ToList();
        return ids.Count < sides.IdsPerCertificate ? null
            : $"the certificate of {who} names no {what} and is bound to {string.Join(", ", ids.Take(Named))}{(ids.Count > Named ? ", …" : "")} already; "
                + $"issue one that names {wanted}, delete the switch that is no more (dwcpctl delete switches/{ids[0]}), or raise --tls-ids-per-certificate";
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
