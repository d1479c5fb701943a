using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.Collections;
using V1 = Dwcp.Sdn.Api.V1;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>Bridges as messages and back.</summary>
internal static partial class Mapping
{
    public static BridgeSpec ToSpec(V1.Bridge m) => new()
    {
        Switch = Given(m.Switch),
        Name = Given(m.Name),
        DatapathType = m.HasDatapathType ? Text(m.DatapathType) : null,
        FailMode = m.HasFailMode ? Text(m.FailMode) : null,
        Ports = [.. m.Ports.Select(ToSpec)],
        Mirrors = [.. m.Mirrors.Select(ToSpec)],
        FlowExport = m.FlowExport is { } export ? ToSpec(export) : null,
        Qos = [.. m.Qos.Select(ToSpec)],
    };

    public static V1.Bridge ToBridge(Resource resource)
    {
        var spec = (BridgeSpec)resource.Spec;
        var status = (BridgeStatus)resource.Status;
        var m = new V1.Bridge
        {
            Switch = spec.Switch ?? "",
            Name = spec.Name ?? "",
            Ports = { spec.Ports.Select(ToPort) },
            Mirrors = { spec.Mirrors.Select(ToMirror) },
            FlowExport = ToExport(spec.FlowExport),
            Qos = { spec.Qos.Select(ToQos) },
            Status = new()
            {
                Conditions = { Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                Adopted = status.Adopted,
                Ports = { status.Ports.Select(ToStatus) },
                Mirrors = { status.Mirrors },
                FlowExports = { status.FlowExports },
                Qos = { status.Qos.Select(ToStatus) },
            },
        };
        Set(spec.DatapathType, v => m.DatapathType = Value<V1.Bridge.Types.DatapathType>(v));
        Set(spec.FailMode, v => m.FailMode = Value<V1.Bridge.Types.FailMode>(v));
        Set(status.DatapathId, v => m.Status.DatapathId = v);
        Set(status.DatapathType, v => m.Status.DatapathType = v);
        return m;
    }

    private static BridgePortSpec ToSpec(V1.BridgePort m) => new()
    {
        Name = Given(m.Name),
        Type = m.HasType ? m.Type : null,
        Options = Map(m.Options),
        Vlan = m.HasVlan ? m.Vlan : null,
        Trunks = [.. m.Trunks],
        Bfd = m.Bfd is { } bfd
            ? new()
            {
                Enabled = bfd.HasEnabled ? bfd.Enabled : null,
                MinRxMs = bfd.HasMinRxMs ? bfd.MinRxMs : null,
                MinTxMs = bfd.HasMinTxMs ? bfd.MinTxMs : null,
                DecayMinRxMs = bfd.HasDecayMinRxMs ? bfd.DecayMinRxMs : null,
                ForwardingIfRx = bfd.HasForwardingIfRx ? bfd.ForwardingIfRx : null,
                CheckTunnelKey = bfd.HasCheckTunnelKey ? bfd.CheckTunnelKey : null,
                Multiplier = bfd.HasMultiplier ? bfd.Multiplier : null,
            }
            : null,
    };

    private static V1.BridgePort ToPort(BridgePortSpec spec)
    {
        var m = new V1.BridgePort { Name = spec.Name ?? "", Trunks = { spec.Trunks } };
        Fill(m.Options, spec.Options);
        Set(spec.Type, v => m.Type = v);
        Set(spec.Vlan, v => m.Vlan = v);
        if (spec.Bfd is { } bfd)
        {
            m.Bfd = new();
            Set(bfd.Enabled, v => m.Bfd.Enabled = v);
            Set(bfd.MinRxMs, v => m.Bfd.MinRxMs = v);
            Set(bfd.MinTxMs, v => m.Bfd.MinTxMs = v);
            Set(bfd.DecayMinRxMs, v => m.Bfd.DecayMinRxMs = v);
            Set(bfd.ForwardingIfRx, v => m.Bfd.ForwardingIfRx = v);
            Set(bfd.CheckTunnelKey, v => m.Bfd.CheckTunnelKey = v);
            Set(bfd.Multiplier, v => m.Bfd.Multiplier = v);
        }

        return m;
    }

    private static MirrorSpec ToSpec(V1.BridgeMirror m) => new()
    {
        Name = Given(m.Name),
        SelectAll = m.HasSelectAll ? m.SelectAll : null,
        SourcePorts = List(m.SourcePorts),
        DestinationPorts = List(m.DestinationPorts),
        Vlans = [.. m.Vlans],
        OutputPort = m.HasOutputPort ? m.OutputPort : null,
        OutputVlan = m.HasOutputVlan ? m.OutputVlan : null,
        SnapLength = m.HasSnapLength ? m.SnapLength : null,
    };

    private static V1.BridgeMirror ToMirror(MirrorSpec spec)
    {
        var m = new V1.BridgeMirror
        {
            Name = spec.Name ?? "",
            SourcePorts = { spec.SourcePorts },
            DestinationPorts = { spec.DestinationPorts },
            Vlans = { spec.Vlans },
        };
        Set(spec.SelectAll, v => m.SelectAll = v);
        Set(spec.OutputPort, v => m.OutputPort = v);
        Set(spec.OutputVlan, v => m.OutputVlan = v);
        Set(spec.SnapLength, v => m.SnapLength = v);
        return m;
    }

    private static FlowExportSpec ToSpec(V1.FlowExport m) => new()
    {
        Sflow = m.Sflow is { } sflow
            ? new()
            {
                Targets = List(sflow.Targets),
                Agent = sflow.HasAgent ? sflow.Agent : null,
                HeaderBytes = sflow.HasHeaderBytes ? sflow.HeaderBytes : null,
                Sampling = sflow.HasSampling ? sflow.Sampling : null,
                PollingSeconds = sflow.HasPollingSeconds ? sflow.PollingSeconds : null,
            }
            : null,
        Ipfix = m.Ipfix is { } ipfix
            ? new()
            {
                Targets = List(ipfix.Targets),
                Sampling = ipfix.HasSampling ? ipfix.Sampling : null,
                ObservationDomain = ipfix.HasObservationDomain ? ipfix.ObservationDomain : null,
                ObservationPoint = ipfix.HasObservationPoint ? ipfix.ObservationPoint : null,
                CacheActiveTimeoutSeconds = ipfix.HasCacheActiveTimeoutSeconds ? ipfix.CacheActiveTimeoutSeconds : null,
                CacheMaxFlows = ipfix.HasCacheMaxFlows ? ipfix.CacheMaxFlows : null,
                SampleTunnels = ipfix.HasSampleTunnels ? ipfix.SampleTunnels : null,
                SampleInput = ipfix.HasSampleInput ? ipfix.SampleInput : null,
                SampleOutput = ipfix.HasSampleOutput ? ipfix.SampleOutput : null,
            }
            : null,
        Netflow = m.Netflow is { } netflow
            ? new()
            {
                Targets = List(netflow.Targets),
                EngineType = netflow.HasEngineType ? netflow.EngineType : null,
                EngineId = netflow.HasEngineId ? netflow.EngineId : null,
                AddIdToInterface = netflow.HasAddIdToInterface ? netflow.AddIdToInterface : null,
                ActiveTimeoutSeconds = netflow.HasActiveTimeoutSeconds ? netflow.ActiveTimeoutSeconds : null,
            }
            : null,
    };

    private static V1.FlowExport? ToExport(FlowExportSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.FlowExport();
        if (spec.Sflow is { } sflow)
        {
            m.Sflow = new() { Targets = { sflow.Targets } };
            Set(sflow.Agent, v => m.Sflow.Agent = v);
            Set(sflow.HeaderBytes, v => m.Sflow.HeaderBytes = v);
            Set(sflow.Sampling, v => m.Sflow.Sampling = v);
            Set(sflow.PollingSeconds, v => m.Sflow.PollingSeconds = v);
        }

        if (spec.Ipfix is { } ipfix)
        {
            m.Ipfix = new() { Targets = { ipfix.Targets } };
            Set(ipfix.Sampling, v => m.Ipfix.Sampling = v);
            Set(ipfix.ObservationDomain, v => m.Ipfix.ObservationDomain = v);
            Set(ipfix.ObservationPoint, v => m.Ipfix.ObservationPoint = v);
            Set(ipfix.CacheActiveTimeoutSeconds, v => m.Ipfix.CacheActiveTimeoutSeconds = v);
            Set(ipfix.CacheMaxFlows, v => m.Ipfix.CacheMaxFlows = v);
            Set(ipfix.SampleTunnels, v => m.Ipfix.SampleTunnels = v);
            Set(ipfix.SampleInput, v => m.Ipfix.SampleInput = v);
            Set(ipfix.SampleOutput, v => m.Ipfix.SampleOutput = v);
        }

        if (spec.Netflow is { } netflow)
        {
            m.Netflow = new() { Targets = { netflow.Targets } };
            Set(netflow.EngineType, v => m.Netflow.EngineType = v);
            Set(netflow.EngineId, v => m.Netflow.EngineId = v);
            Set(netflow.AddIdToInterface, v => m.Netflow.AddIdToInterface = v);
            Set(netflow.ActiveTimeoutSeconds, v => m.Netflow.ActiveTimeoutSeconds = v);
        }

        return m;
    }

    private static BridgeQosSpec ToSpec(V1.BridgeQos m) => new()
    {
        Port = Given(m.Port),
        Type = Given(m.Type),
        Options = Map(m.Options),
        Queues = [.. m.Queues.Select(q => new BridgeQueueSpec { Queue = q.HasQueue ? q.Queue : null, Dscp = q.HasDscp ? q.Dscp : null, Options = Map(q.Options) })],
    };

    private static V1.BridgeQos ToQos(BridgeQosSpec spec)
    {
        var m = new V1.BridgeQos { Port = spec.Port ?? "", Type = spec.Type ?? "", Queues = { spec.Queues.Select(ToQueue) } };
        Fill(m.Options, spec.Options);
        return m;
    }

    private static V1.BridgeQueue ToQueue(BridgeQueueSpec spec)
    {
        var m = new V1.BridgeQueue();
        Fill(m.Options, spec.Options);
        Set(spec.Queue, v => m.Queue = v);
        Set(spec.Dscp, v => m.Dscp = v);
        return m;
    }

    private static V1.BridgePortStatus ToStatus(BridgePortStatus port)
    {
        var m = new V1.BridgePortStatus { Name = port.Name, Type = port.Type, State = Value<V1.BridgePortStatus.Types.State>(port.State), Adopted = port.Adopted };
        Fill(m.Bfd, port.Bfd);
        Set(port.OfPort, v => m.Ofport = v);
        Set(port.Error, v => m.Error = v);
        return m;
    }

    private static V1.BridgeQosStatus ToStatus(BridgeQosStatus qos) => new()
    {
        Port = qos.Port,
        Type = qos.Type,
        Mechanism = qos.Mechanism,
        State = Value<V1.BridgeQosStatus.Types.State>(qos.State.Replace("_", "", StringComparison.Ordinal)),
        Message = qos.Message,
    };

    private static StringMap Map(MapField<string, string> map) => StringMap.Create([.. map]);

    private static void Fill(MapField<string, string> into, StringMap map)
    {
        foreach (var (key, value) in map)
        {
            into.Add(key, value);
        }
    }
}
