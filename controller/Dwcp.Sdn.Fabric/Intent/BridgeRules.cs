using System.Collections.Frozen;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>Judges what is asked of a bridge: every name and option that OVS would silently ignore or refuse is named here.</summary>
internal static class BridgeRules
{
    public static BridgeIntent? Judge(FabricIntent intent, PutCommand put, BridgeSpec spec, BridgeIntent? old, long generation, Problems problems)
    {
        problems.Id("switch", spec.Switch);
        Name("name", spec.Name, problems);
        if (spec.Name == HostJoin.Bridge)
        {
            problems.Add("name", ProblemCodes.Invalid, $"{HostJoin.Bridge} is the fabric's own bridge on every host", "use another name; what the fabric does with it is at /v1/switches");
        }

        problems.Word("datapathType", spec.DatapathType, ["SYSTEM", "NETDEV"], []);
        problems.Word("failMode", spec.FailMode, ["STANDALONE", "SECURE"], []);
        if (old is not null && old.Host == spec.Switch && old.Name == spec.Name && spec.DatapathType is { } type && (old.Spec.DatapathType ?? type) != type)
        {
            problems.Add("datapathType", ProblemCodes.Immutable, $"it is {old.Spec.DatapathType}, and a change would cut all its ports off", "delete the bridge and make it again");
        }

        Ports(spec, problems);
        Mirrors(spec, problems);
        Exports(spec.FlowExport, problems);
        Qos(spec, problems);
        if (spec.Switch is not null)
        {
            Others(intent, put.Id, spec, problems);
        }

        return problems.Any ? null : new BridgeIntent(put.Id, put.Labels, 0, generation, spec);
    }

    /// <summary>OVS's word for the kind of a port.</summary>
    public static string TypeOf(BridgePortSpec port) => port.Type?.ToLowerInvariant() ?? "system";

    private static void Name(string field, string? name, Problems problems)
    {
        if (string.IsNullOrEmpty(name))
        {
            problems.Required(field, "give a name as on the host");
        }
        else if (!BridgeWords.IsName(name))
        {
            problems.Add(field, ProblemCodes.Invalid, $"'{Problems.Short(name)}' cannot be a name on a host", "use 1 to 15 letters, digits, '-', '_' and '.'");
        }
    }

    private static void Ports(BridgeSpec spec, Problems problems)
    {
        var names = new HashSet<string>();
        for (var i = 0; i < spec.Ports.Count; i++)
        {
            var (port, at) = (spec.Ports[i], $"ports[{i}]");
            Name($"{at}.name", port.Name, problems);
            if (port.Name is { } name && !names.Add(name))
            {
                problems.Add($"{at}.name", ProblemCodes.Invalid, $"port {Problems.Short(name)} stands twice", "name each port once");
            }

            Port(spec, port, at, problems);
        }
    }

    private static void Port(BridgeSpec spec, BridgePortSpec port, string at, Problems problems)
    {
        var type = TypeOf(port);
        if (!BridgeWords.Ports.TryGetValue(type, out var kind))
        {
            var known = BridgeWords.LaterPorts.Contains(type);
            problems.Add(
                $"{at}.type",
                known ? ProblemCodes.NotSupportedYet : ProblemCodes.Invalid,
                known ? $"ports of type {type} are not acted upon yet" : $"'{Problems.Short(port.Type!)}' is no type of port",
                $"use one of {string.Join(", ", BridgeWords.Ports.Keys.Order(StringComparer.Ordinal))}");
            return;
        }

        Options($"{at}.options", $"a {type} port", port.Options, kind.Options, problems);
        if (kind.Needs is { } needed && port.Options[needed] is null)
        {
            problems.Required($"{at}.options.{needed}", $"a {type} port needs it: {kind.Options[needed].Expected}");
        }

        if (port.Options["key"] is not null && (port.Options["in_key"] ?? port.Options["out_key"]) is not null)
        {
            problems.Add($"{at}.options.key", ProblemCodes.Invalid, "key stands for in_key and out_key together", "give key alone, or the other two");
        }

        if (port.Options["local_ip"] == "flow" && port.Options["remote_ip"] != "flow")
        {
            problems.Add($"{at}.options.local_ip", ProblemCodes.Invalid, "OVS takes local_ip=flow only with remote_ip=flow", "give an address, or leave it out");
        }

        if (port.Name == spec.Name && type != "internal")
        {
            problems.Add($"{at}.type", ProblemCodes.Invalid, "the port with the bridge's own name is its local port, which is internal", "use INTERNAL, or another name");
        }

        Vlan($"{at}.vlan", port.Vlan, 0, problems);
        for (var i = 0; i < port.Trunks.Count; i++)
        {
            Vlan($"{at}.trunks[{i}]", port.Trunks[i], 0, problems);
        }

        if (port.Vlan is not null && !port.Trunks.IsEmpty)
        {
            problems.Add($"{at}.trunks", ProblemCodes.Invalid, "a port is an access port or a trunk", "give vlan or trunks");
        }

        if (port.Bfd is { } bfd)
        {
            Bfd($"{at}.bfd", bfd, kind, port.Options["remote_ip"], problems);
        }
    }

    private static void Bfd(string at, BridgeBfdSpec bfd, PortKind kind, string? remote, Problems problems)
    {
        if (!kind.IsTunnel || remote is null or "flow")
        {
            problems.Add(at, ProblemCodes.NotSupported, "BFD needs a tunnel to one remote end", "use it on a tunnel whose remote_ip is an address");
        }

        Range($"{at}.minRxMs", bfd.MinRxMs, 1, int.MaxValue, problems);
        Range($"{at}.minTxMs", bfd.MinTxMs, 1, int.MaxValue, problems);
        Range($"{at}.multiplier", bfd.Multiplier, 1, 255, problems);
        if (bfd.DecayMinRxMs is > 0 and var decay && decay < (bfd.MinRxMs ?? 1000))
        {
            problems.Add($"{at}.decayMinRxMs", ProblemCodes.OutOfRange, $"{decay} is less than minRxMs", "use 0, or at least minRxMs");
        }
    }

    private static void Mirrors(BridgeSpec spec, Problems problems)
    {
        var names = new HashSet<string>();
        for (var i = 0; i < spec.Mirrors.Count; i++)
        {
            var (mirror, at) = (spec.Mirrors[i], $"mirrors[{i}]");
            if (string.IsNullOrEmpty(mirror.Name))
            {
                problems.Required($"{at}.name", "give the mirror a name");
            }
            else if (!names.Add(mirror.Name))
            {
                problems.Add($"{at}.name", ProblemCodes.Invalid, $"mirror {Problems.Short(mirror.Name)} stands twice", "name each mirror once");
            }

            if ((mirror.OutputPort is null) == (mirror.OutputVlan is null))
            {
                problems.Add(at, ProblemCodes.Invalid, "a mirror has one output", "give either outputPort or outputVlan");
            }

            if (mirror.SelectAll != true && mirror.SourcePorts.IsEmpty && mirror.DestinationPorts.IsEmpty && mirror.Vlans.IsEmpty)
            {
                problems.Add(at, ProblemCodes.Invalid, "the mirror selects nothing", "give selectAll, sourcePorts, destinationPorts or vlans");
            }

            PortNames($"{at}.sourcePorts", mirror.SourcePorts, problems);
            PortNames($"{at}.destinationPorts", mirror.DestinationPorts, problems);
            PortNames($"{at}.outputPort", mirror.OutputPort is { } port ? [port] : [], problems);
            for (var v = 0; v < mirror.Vlans.Count; v++)
            {
                Vlan($"{at}.vlans[{v}]", mirror.Vlans[v], 0, problems);
            }

            Vlan($"{at}.outputVlan", mirror.OutputVlan, 1, problems);
            Range($"{at}.snapLength", mirror.SnapLength, 14, ushort.MaxValue, problems);
        }
    }

    private static void PortNames(string field, EquatableArray<string> names, Problems problems)
    {
        foreach (var name in names)
        {
            Name(field, name, problems);
        }
    }

    private static void Exports(FlowExportSpec? export, Problems problems)
    {
        if (export?.Sflow is { } sflow)
        {
            Targets("flowExport.sflow.targets", sflow.Targets, needsPort: false, problems);
            Range("flowExport.sflow.headerBytes", sflow.HeaderBytes, 1, ushort.MaxValue, problems);
            Range("flowExport.sflow.sampling", sflow.Sampling, 1, int.MaxValue, problems);
            Range("flowExport.sflow.pollingSeconds", sflow.PollingSeconds, 0, int.MaxValue, problems);
        }

        if (export?.Ipfix is { } ipfix)
        {
            Targets("flowExport.ipfix.targets", ipfix.Targets, needsPort: true, problems);
            Range("flowExport.ipfix.sampling", ipfix.Sampling, 1, uint.MaxValue, problems);
            Range("flowExport.ipfix.cacheActiveTimeoutSeconds", ipfix.CacheActiveTimeoutSeconds, 0, 4200, problems);
        }

        if (export?.Netflow is { } netflow)
        {
            Targets("flowExport.netflow.targets", netflow.Targets, needsPort: true, problems);
            Range("flowExport.netflow.engineType", netflow.EngineType, 0, 255, problems);
            Range("flowExport.netflow.engineId", netflow.EngineId, 0, 255, problems);
            Range("flowExport.netflow.activeTimeoutSeconds", netflow.ActiveTimeoutSeconds, 0, int.MaxValue, problems);
        }
    }

    private static void Targets(string field, EquatableArray<string> targets, bool needsPort, Problems problems)
    {
        if (targets.IsEmpty)
        {
            problems.Required(field, "give at least one collector, such as 192.0.2.5:6343");
        }

        for (var i = 0; i < targets.Count; i++)
        {
            var isEnd = System.Net.IPEndPoint.TryParse(targets[i], out var end);
            if (!isEnd || (end!.Port == 0 && needsPort))
            {
                problems.Add($"{field}[{i}]", ProblemCodes.Invalid, $"'{Problems.Short(targets[i])}' is no collector", needsPort ? "write ADDR:PORT" : "write ADDR or ADDR:PORT");
            }
        }
    }

    private static void Qos(BridgeSpec spec, Problems problems)
    {
        var ports = new HashSet<string>();
        for (var i = 0; i < spec.Qos.Count; i++)
        {
            var (qos, at) = (spec.Qos[i], $"qos[{i}]");
            Name($"{at}.port", qos.Port, problems);
            if (qos.Port is { } port && !ports.Add(port))
            {
                problems.Add($"{at}.port", ProblemCodes.Invalid, $"port {Problems.Short(port)} has QoS twice", "give each port one");
            }

            if (qos.Type is null)
            {
                problems.Required($"{at}.type", $"use one of {QosTypes}");
            }
            else if (qos.Type.Contains("cbq", StringComparison.OrdinalIgnoreCase))
            {
                problems.Add($"{at}.type", ProblemCodes.NotSupported, "CBQ does not exist: OVS never had it, and Linux removed it in 6.3", "use linux-htb, which took its place");
            }
            else if (!BridgeWords.Qos.TryGetValue(qos.Type, out var kind))
            {
                problems.Add($"{at}.type", ProblemCodes.Invalid, $"'{Problems.Short(qos.Type)}' is no type of QoS", $"use one of {QosTypes}");
            }
            else
            {
                Options($"{at}.options", kind.Type, qos.Options, kind.Options, problems);
                Queues($"{at}.queues", qos, kind, problems);
            }
        }
    }

    private static string QosTypes => string.Join(", ", BridgeWords.Qos.Keys.Order(StringComparer.Ordinal));

    private static void Queues(string at, BridgeQosSpec qos, QosKind kind, Problems problems)
    {
        if (kind.QueueOptions is not { } options)
        {
            if (!qos.Queues.IsEmpty)
            {
                problems.Add(at, ProblemCodes.NotSupported, $"{kind.Type} has no queues that flows could choose", "leave them out, or use linux-htb or linux-hfsc");
            }

            return;
        }

        var numbers = new HashSet<uint>();
        for (var i = 0; i < qos.Queues.Count; i++)
        {
            var (queue, field) = (qos.Queues[i], $"{at}[{i}]");
            if (queue.Queue is not { } number)
            {
                problems.Required($"{field}.queue", "give the number by which flows choose it");
            }
            else if (!numbers.Add(number))
            {
                problems.Add($"{field}.queue", ProblemCodes.Invalid, $"queue {number} stands twice", "give each queue once");
            }
            else if (number > 61439)
            {
                problems.Add($"{field}.queue", ProblemCodes.OutOfRange, $"{kind.Type} has no queue {number}", "use 0 to 61439"); // A class of tc is queue + 1, below 0xf000.
            }

            Range($"{field}.dscp", queue.Dscp, 0, 63, problems);
            Options($"{field}.options", $"a queue of {kind.Type}", queue.Options, options, problems);
        }
    }

    /// <summary>A host has each name once, whichever bridge it is in.</summary>
    private static void Others(FabricIntent intent, string id, BridgeSpec spec, Problems problems)
    {
        foreach (var other in intent.BridgesOf(spec.Switch!).Where(o => o != id).Select(o => intent.Bridges[o]))
        {
            if (other.Name == spec.Name)
            {
                problems.Conflict("name", $"bridge {spec.Name} of '{spec.Switch}' is that of '{other.Id}'", "use another name, or delete that object first");
            }

            for (var i = 0; i < spec.Ports.Count; i++)
            {
                if (other.Name == spec.Ports[i].Name || other.Spec.Ports.Items.Any(p => p.Name == spec.Ports[i].Name))
                {
                    problems.Conflict($"ports[{i}].name", $"{spec.Ports[i].Name} is in bridge {other.Name} of '{other.Id}'", "a host has each name once; use another");
                }
            }

            if (other.Spec.Ports.Items.Any(p => p.Name == spec.Name && p.Name != other.Name))
            {
                problems.Conflict("name", $"{spec.Name} is a port of bridge {other.Name} of '{other.Id}'", "a host has each name once; use another");
            }
        }
    }

    private static void Options(string at, string whose, StringMap given, FrozenDictionary<string, OptionForm> known, Problems problems)
    {
        foreach (var (key, value) in given)
        {
            if (!known.TryGetValue(key, out var form))
            {
                var words = known.Keys.Order(StringComparer.Ordinal).ToList();
                problems.Add(
                    $"{at}.{Problems.Short(key)}",
                    ProblemCodes.UnknownField,
                    $"{whose} has no option '{Problems.Short(key)}'",
                    words.Count == 0 ? "leave it out" : $"use {string.Join(", ", words)}");
            }
            else if (!form.Takes(value))
            {
                problems.Add($"{at}.{key}", ProblemCodes.Invalid, $"'{Problems.Short(value)}' cannot be the {key} of {whose}", $"use {form.Expected}");
            }
        }
    }

    private static void Vlan(string field, uint? vlan, uint lowest, Problems problems) => Range(field, vlan, lowest, 4094, problems);

    private static void Range(string field, uint? given, uint lowest, uint highest, Problems problems)
    {
        if (given is { } number && (number < lowest || number > highest))
        {
            problems.Add(field, ProblemCodes.OutOfRange, $"{number} is not from {lowest} to {highest}", $"use {lowest} to {highest}");
        }
    }
}
