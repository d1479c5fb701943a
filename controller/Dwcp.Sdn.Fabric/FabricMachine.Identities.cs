using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Hosts;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric;

/// <summary>Who may be which switch and which host, by their certificates.</summary>
public sealed partial class FabricMachine
{
    private readonly Refusals<DatapathId> switchRefusals = new();
    private readonly Refusals<string> hostRefusals = new();
    private readonly Dictionary<string, byte[]?> identitiesToStore = [];

    /// <summary>
    /// Why a switch that has connected may not be who it says it is, or null. A certificate that names no switch is bound to this one then, at
    /// once: of those who show it at the same time none may be one more.
    /// </summary>
    /// <param name="address">Where it connects from, without its port, which is another each time.</param>
    public string? DoubtSwitch(DatapathId datapath, PeerIdentity? identity, string address)
    {
        var doubt = identities.DoubtSwitch(datapath, identity);
        if (doubt is not null)
        {
            Refused(datapath, doubt, identity?.Name ?? address, address, doubt);
        }
        else if (identity is { Datapaths.IsEmpty: true })
        {
            Learn(datapath, identity);
        }

        return doubt;
    }

    /// <summary>A switch was refused before it could be programmed, since another has its datapath id.</summary>
    /// <param name="by">The name in its certificate, or where it connects from.</param>
    /// <param name="why">For people; it may say another thing each time.</param>
    public void SwitchRefused(DatapathId datapath, string by, string address, string why) => Refused(datapath, "rival", by, address, why);

    private void Refused(DatapathId datapath, string cause, string by, string address, string why)
    {
        if (switchRefusals.Add(new(datapath, cause, by, $"a switch at {address} is refused: {why}")))
        {
            dirty.Add(SwitchRef(datapath));
        }
    }

    private void TellRefusals(DateTimeOffset now)
    {
        foreach (var (datapath, message) in switchRefusals.Tell(now))
        {
            dirty.Add(SwitchRef(datapath));
            Happened("SwitchRefused", SwitchRef(datapath), message);
        }

        foreach (var (host, message) in hostRefusals.Tell(now))
        {
            happened.Add(("HostRefused", host, message));
        }
    }

    private void SwitchIsKnown(SwitchSighting sighting)
    {
        switchRefusals.Forget(sighting.DatapathId);
        Learn(sighting.DatapathId, sighting.Identity);
    }

    private void Learn(DatapathId datapath, PeerIdentity? identity)
    {
        if (identities.Learn(datapath, identity))
        {
            identitiesToStore[Records.KeyOfIdentity(datapath)] = Records.WriteIdentity(identity!.Name);
            OwnersChanged([datapath]);
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
        return datapath is { } d && !sightings.ContainsKey(d) ? switchRefusals.Of(d) : null;
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
