using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric;

/// <summary>Who may be which switch and which host, by their certificates.</summary>
public sealed partial class FabricMachine
{
    /// <summary>Switches of which it is remembered that somebody was refused as one; further ones are only logged.</summary>
    private const int MostRefusals = 1024;

    private readonly Dictionary<DatapathId, string> refusals = [];
    private readonly Dictionary<string, byte[]?> identitiesToStore = [];

    /// <summary>Why a switch that has connected may not be who it says it is, or null. It is told as an event once, until a switch with that id is believed.</summary>
    /// <param name="address">Where it connects from, without its port, which is another each time.</param>
    public string? DoubtSwitch(DatapathId datapath, PeerIdentity? identity, string address)
    {
        var doubt = identities.DoubtSwitch(datapath, identity);
        if (doubt is not null)
        {
            SwitchRefused(datapath, $"a switch at {address} is refused: {doubt}");
        }

        return doubt;
    }

    /// <summary>A switch was refused before it could be programmed.</summary>
    public void SwitchRefused(DatapathId datapath, string message)
    {
        var known = refusals.TryGetValue(datapath, out var before);
        if (before != message && (known || refusals.Count < MostRefusals))
        {
            refusals[datapath] = message;
            var subject = SwitchRef(datapath);
            dirty.Add(subject);
            Happened("SwitchRefused", subject, message);
        }
    }

    private void SwitchIsKnown(SwitchSighting sighting)
    {
        refusals.Remove(sighting.DatapathId);
        if (identities.Learn(sighting.DatapathId, sighting.Identity))
        {
            identitiesToStore[Records.KeyOfIdentity(sighting.DatapathId)] = Records.WriteIdentity(sighting.Identity!.Name);
            OwnersChanged([sighting.DatapathId]);
        }
    }

    private void HostIsKnown(string host, PeerIdentity? identity)
    {
        if (identities.Learn(host, identity))
        {
            identitiesToStore[Records.KeyOfIdentity(host)] = Records.Write(identities.Hosts[host]);
            OwnersChanged(new[] { registry.Known.GetValueOrDefault(host)?.DatapathId }.OfType<DatapathId>());
        }
    }

    /// <summary>An operator has let go of a switch or a host: who comes next with its name is believed anew.</summary>
    private void ForgetIdentity(string id)
    {
        var known = registry.Known.GetValueOrDefault(id)?.DatapathId ?? (DatapathId.TryParse(id, out var named) ? named : null);
        if (known is { } datapath && !sightings.ContainsKey(datapath) && identities.Forget(datapath))
        {
            identitiesToStore[Records.KeyOfIdentity(datapath)] = null;
            OwnersChanged([datapath]);
        }

        if (registry.SpeakerOf(id) is null && identities.Forget(id))
        {
            identitiesToStore[Records.KeyOfIdentity(id)] = null;
        }
    }

    /// <summary>Why certificates leave a switch without rules, or null.</summary>
    private string? IdentityTrouble(string id)
    {
        var known = registry.Known.GetValueOrDefault(id)?.DatapathId;
        if (known is { } owned && !identities.MayOwn(id, owned))
        {
            return $"the certificates of its host and of its bridge, datapath id {owned}, do not belong together; issue one for the host that names it (dwcpctl pki issue … --host {id} --dpid {owned})";
        }

        var datapath = known ?? (DatapathId.TryParse(id, out var named) ? named : null);
        return datapath is { } d && !sightings.ContainsKey(d) ? refusals.GetValueOrDefault(d) : null;
    }

    private void OwnersChanged(IEnumerable<DatapathId> datapaths)
    {
        foreach (var datapath in datapaths)
        {
            dirty.Add(SwitchRef(datapath.ToString()));
            dirty.UnionWith(registry.HostsOf(datapath).Select(SwitchRef));
            toWake.Add(datapath);
        }
    }

    private void StoreIdentities(ImmutableArray<StorePut>.Builder puts, ImmutableArray<string>.Builder deletes)
    {
        foreach (var (key, value) in identitiesToStore)
        {
            if (value is null)
            {
                deletes.Add(key);
            }
            else
            {
                puts.Add(new StorePut(key, value));
            }
        }

        identitiesToStore.Clear();
    }
}
