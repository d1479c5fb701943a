using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>
/// What to change on a host so that it has the bridges that the operator wants. What is there already is adopted and given the
/// wanted settings; only what carries our mark is ever removed.
/// </summary>
internal static class BridgePlan
{
    /// <summary>What to change so that a bridge is as wanted; empty when it is.</summary>
    public static ImmutableArray<HostChange> Of(HostInventory host, BridgeIntent wanted)
    {
        var changes = ImmutableArray.CreateBuilder<HostChange>();
        var (spec, name) = (wanted.Spec, wanted.Name);
        var there = host.Bridge(name);
        if (there is null)
        {
            changes.Add(new CreateBridge(name, TypeOf(host, spec), FailModeOf(spec)) { Mark = true });
        }
        else if (spec.FailMode is not null && there.FailMode != FailModeOf(spec))
        {
            changes.Add(new SetFailMode(name, FailModeOf(spec)));
        }

        var ports = (there?.Ports ?? []).Items.ToDictionary(port => port.Name);
        foreach (var port in spec.Ports)
        {
            var (type, settings) = (BridgeRules.TypeOf(port), SettingsOf(port));
            if (ports.GetValueOrDefault(port.Name!) is not { Interfaces: [var only] } found
                || only.Type != type
                || !only.Options.Equals(port.Options)
                || new PortSettings { Vlan = found.Tag, Trunks = found.Trunks, Bfd = only.Bfd } != settings)
            {
                changes.Add(new PutPort(name, port.Name!, type, port.Options) { Settings = settings, Mark = port.Name != name });
            }
        }

        changes.AddRange(MirrorsOf(spec).Where(mirror => (there?.Mirrors ?? []).Items.All(m => m.Settings != mirror)).Select(mirror => new PutMirror(name, mirror)));
        changes.AddRange(ExportsOf(spec).Where(export => (there?.FlowExports ?? []).Items.All(e => e.Settings != export)).Select(export => new PutFlowExport(name, export)));
        changes.AddRange(spec.Qos.Items
            .Select(qos => (qos.Port, Wanted: QosOf(qos)))
            .Where(qos => ports.GetValueOrDefault(qos.Port!)?.Qos is not { IsOurs: true } found || found.Settings != qos.Wanted)
            .Select(qos => new PutQos(name, qos.Port!, qos.Wanted)));
        return changes.ToImmutable();
    }

    /// <summary>What to remove from a host: what carries our mark and is in none of these bridges.</summary>
    public static ImmutableArray<HostChange> Leftovers(HostInventory host, IReadOnlyCollection<BridgeIntent> wanted)
    {
        var changes = ImmutableArray.CreateBuilder<HostChange>();
        foreach (var bridge in host.Bridges.Items.Where(bridge => bridge.Name != HostJoin.Bridge))
        {
            var spec = wanted.FirstOrDefault(w => w.Name == bridge.Name)?.Spec;
            var goes = spec is null && bridge.IsOurs;
            if (goes)
            {
                changes.Add(new DeleteBridge(bridge.Name));
            }

            if (!goes || bridge.Ports.Items.Any(port => !port.IsOurs && port.Name != bridge.Name))
            {
                Leftovers(bridge, spec ?? new BridgeSpec(), changes);
            }
        }

        return changes.ToImmutable();
    }

    private static void Leftovers(BridgeInventory bridge, BridgeSpec spec, ImmutableArray<HostChange>.Builder changes)
    {
        foreach (var mirror in bridge.Mirrors.Items.Where(m => m.IsOurs && spec.Mirrors.Items.All(w => w.Name != m.Settings.Name)))
        {
            changes.Add(new DeleteMirror(bridge.Name, mirror.Settings.Name));
        }

        var exports = ExportsOf(spec).Select(export => export.Kind).ToHashSet();
        foreach (var export in bridge.FlowExports.Items.Where(e => e.IsOurs && !exports.Contains(e.Settings.Kind)))
        {
            changes.Add(new DeleteFlowExport(bridge.Name, export.Settings.Kind));
        }

        foreach (var port in bridge.Ports)
        {
            if (port.IsOurs && spec.Ports.Items.All(w => w.Name != port.Name))
            {
                changes.Add(new DeletePort(bridge.Name, port.Name));
            }
            else if (port.Qos is { IsOurs: true } && spec.Qos.Items.All(w => w.Port != port.Name))
            {
                changes.Add(new DeleteQos(bridge.Name, port.Name));
            }
        }
    }

    /// <summary>The datapath of a bridge that is made, in OVSDB's words.</summary>
    public static string TypeOf(HostInventory host, BridgeSpec spec) => spec.DatapathType?.ToLowerInvariant() ?? host.DatapathTypeWish ?? "system";

    private static BridgeFailMode FailModeOf(BridgeSpec spec) => spec.FailMode switch
    {
        "SECURE" => BridgeFailMode.Secure,
        "STANDALONE" => BridgeFailMode.Standalone,
        _ => BridgeFailMode.Unset,
    };

    private static PortSettings SettingsOf(BridgePortSpec port) => new()
    {
        Vlan = (int?)port.Vlan,
        Trunks = Numbers(port.Trunks),
        Bfd = port.Bfd is { } bfd
            ? Map(
                ("enable", Flag(bfd.Enabled ?? true)),
                ("min_rx", Text(bfd.MinRxMs)),
                ("min_tx", Text(bfd.MinTxMs)),
                ("decay_min_rx", Text(bfd.DecayMinRxMs)),
                ("forwarding_if_rx", Flag(bfd.ForwardingIfRx)),
                ("check_tnl_key", Flag(bfd.CheckTunnelKey)),
                ("mult", Text(bfd.Multiplier)))
            : StringMap.Empty,
    };

    private static IEnumerable<MirrorSettings> MirrorsOf(BridgeSpec spec) => spec.Mirrors.Items.Select(mirror => new MirrorSettings(mirror.Name!)
    {
        SelectAll = mirror.SelectAll ?? false,
        SourcePorts = Words(mirror.SourcePorts),
        DestinationPorts = Words(mirror.DestinationPorts),
        Vlans = Numbers(mirror.Vlans),
        OutputPort = mirror.OutputPort,
        OutputVlan = (int?)mirror.OutputVlan,
        SnapLength = (int?)mirror.SnapLength,
    });

    private static IEnumerable<FlowExport> ExportsOf(BridgeSpec spec)
    {
        if (spec.FlowExport?.Sflow is { } sflow)
        {
            yield return new FlowExport(FlowExportKind.Sflow, Words(sflow.Targets))
            {
                Settings = Map(("agent", sflow.Agent), ("header", Text(sflow.HeaderBytes)), ("polling", Text(sflow.PollingSeconds)), ("sampling", Text(sflow.Sampling))),
            };
        }

        if (spec.FlowExport?.Ipfix is { } ipfix)
        {
            yield return new FlowExport(FlowExportKind.Ipfix, Words(ipfix.Targets))
            {
                Settings = Map(
                    ("sampling", Text(ipfix.Sampling)),
                    ("obs_domain_id", Text(ipfix.ObservationDomain)),
                    ("obs_point_id", Text(ipfix.ObservationPoint)),
                    ("cache_active_timeout", Text(ipfix.CacheActiveTimeoutSeconds)),
                    ("cache_max_flows", Text(ipfix.CacheMaxFlows))),
                OtherConfig = Map(
                    ("enable-tunnel-sampling", Flag(ipfix.SampleTunnels)),
                    ("enable-input-sampling", Flag(ipfix.SampleInput)),
                    ("enable-output-sampling", Flag(ipfix.SampleOutput))),
            };
        }

        if (spec.FlowExport?.Netflow is { } netflow)
        {
            yield return new FlowExport(FlowExportKind.Netflow, Words(netflow.Targets))
            {
                Settings = Map(
                    ("engine_type", Text(netflow.EngineType)),
                    ("engine_id", Text(netflow.EngineId)),
                    ("add_id_to_interface", netflow.AddIdToInterface == true ? "true" : null),
                    ("active_timeout", netflow.ActiveTimeoutSeconds is > 0 ? Text(netflow.ActiveTimeoutSeconds) : null)),
            };
        }
    }

    private static QosSettings QosOf(BridgeQosSpec qos) => new(qos.Type!)
    {
        OtherConfig = qos.Options,
        Queues = [.. qos.Queues.Items.OrderBy(queue => queue.Queue).Select(queue => new QueueSettings(queue.Queue!.Value) { Dscp = (int?)queue.Dscp, OtherConfig = queue.Options })],
    };

    private static EquatableArray<int> Numbers(EquatableArray<uint> numbers) => [.. numbers.Items.Select(number => (int)number).Distinct().Order()];

    private static EquatableArray<string> Words(EquatableArray<string> words) => [.. words.Items.Distinct().Order(StringComparer.Ordinal)];

    private static string? Text(uint? number) => number?.ToString();

    private static string? Flag(bool? flag) => flag switch
    {
        true => "true",
        false => "false",
        null => null,
    };

    private static StringMap Map(params ReadOnlySpan<(string Key, string? Value)> pairs)
    {
        var given = new List<KeyValuePair<string, string>>();
        foreach (var (key, value) in pairs)
        {
            if (value is not null)
            {
                given.Add(new(key, value));
            }
        }

        return StringMap.Create([.. given]);
    }
}
