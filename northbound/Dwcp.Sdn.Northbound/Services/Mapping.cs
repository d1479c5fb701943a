using System.Collections.Frozen;
using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Condition = Dwcp.Sdn.Core.Model.Condition;
using V1 = Dwcp.Sdn.Api.V1;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>Core's objects as messages and back, field by field.</summary>
internal static partial class Mapping
{
    public static NetworkSpec ToSpec(V1.Network m) => new()
    {
        Vni = m.HasVni ? m.Vni : null,
        Type = Text(m.Type),
        Encapsulation = Text(m.Encapsulation),
        Vrf = m.HasVrf ? m.Vrf : null,
        Mtu = m.HasMtu ? m.Mtu : null,
        ArpSuppression = m.HasArpSuppression ? m.ArpSuppression : null,
        UnknownUnicast = Text(m.UnknownUnicast),
        ImportTargets = List(m.ImportTargets),
        ExportTargets = List(m.ExportTargets),
    };

    public static V1.Network ToNetwork(Resource resource)
    {
        var spec = (NetworkSpec)resource.Spec;
        var status = (NetworkStatus)resource.Status;
        var m = new V1.Network
        {
            Type = Value<V1.Network.Types.Type>(spec.Type),
            Encapsulation = Value<V1.Network.Types.Encapsulation>(spec.Encapsulation),
            UnknownUnicast = Value<V1.Network.Types.UnknownUnicast>(spec.UnknownUnicast),
            ImportTargets = { spec.ImportTargets },
            ExportTargets = { spec.ExportTargets },
            Status = new()
            {
                Conditions = { Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                BridgeDomain = status.BridgeDomain,
                Mtu = status.Mtu,
                Hosts = { status.Hosts },
                Ports = status.Ports,
            },
        };
        Set(spec.Vni, v => m.Vni = v);
        Set(spec.Vrf, v => m.Vrf = v);
        Set(spec.Mtu, v => m.Mtu = v);
        Set(spec.ArpSuppression, v => m.ArpSuppression = v);
        return m;
    }

    public static SubnetSpec ToSpec(V1.Subnet m) => new()
    {
        Network = Given(m.Network),
        Cidr = Given(m.Cidr),
        Gateway = m.HasGateway ? m.Gateway : null,
        GatewayMac = m.HasGatewayMac ? m.GatewayMac : null,
        Dhcp = m.Dhcp is { } dhcp
            ? new()
            {
                Enabled = dhcp.HasEnabled ? dhcp.Enabled : null,
                Dns = List(dhcp.Dns),
                Routes = List(dhcp.Routes),
                LeaseSeconds = dhcp.HasLeaseSeconds ? dhcp.LeaseSeconds : null,
                Ranges = List(dhcp.Ranges),
            }
            : null,
        Ra = m.Ra is { } ra ? new() { Enabled = ra.HasEnabled ? ra.Enabled : null } : null,
    };

    public static V1.Subnet ToSubnet(Resource resource)
    {
        var spec = (SubnetSpec)resource.Spec;
        var status = (SubnetStatus)resource.Status;
        var m = new V1.Subnet
        {
            Network = spec.Network ?? "",
            Cidr = spec.Cidr ?? "",
            Dhcp = ToDhcp(spec.Dhcp),
            Ra = ToRa(spec.Ra),
            Status = new()
            {
                Conditions = { Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                AddressesInUse = status.AddressesInUse,
            },
        };
        Set(spec.Gateway, v => m.Gateway = v);
        Set(spec.GatewayMac, v => m.GatewayMac = v);
        return m;
    }

    public static PortSpec ToSpec(V1.Port m) => new()
    {
        Network = Given(m.Network),
        Mac = m.HasMac ? m.Mac : null,
        Addresses = List(m.Addresses),
        SecurityGroups = List(m.SecurityGroups),
        QosPolicy = m.HasQosPolicy ? m.QosPolicy : null,
        AllowedPairs = [.. m.AllowedPairs.Select(p => new AddressPairSpec(p.HasMac ? p.Mac : null, Given(p.Address)))],
        PortSecurity = m.HasPortSecurity ? m.PortSecurity : null,
        Bindings = [.. m.Bindings.Select(b => new BindingSpec(Given(b.Host), b.HasRole ? b.Role : null))],
    };

    public static V1.Port ToPort(Resource resource)
    {
        var spec = (PortSpec)resource.Spec;
        var status = (PortStatus)resource.Status;
        var m = new V1.Port
        {
            Network = spec.Network ?? "",
            Addresses = { spec.Addresses },
            SecurityGroups = { spec.SecurityGroups },
            AllowedPairs = { spec.AllowedPairs.Select(ToPair) },
            Bindings = { spec.Bindings.Select(ToBinding) },
            Status = new()
            {
                Conditions = { Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                State = Value<V1.PortStatus.Types.State>(status.State),
                LogicalPort = status.LogicalPort,
            },
        };
        Set(spec.Mac, v => m.Mac = v);
        Set(spec.QosPolicy, v => m.QosPolicy = v);
        Set(spec.PortSecurity, v => m.PortSecurity = v);
        Set(status.Host, v => m.Status.Host = v);
        Set(status.OfPort, v => m.Status.Ofport = v);
        Set(status.Interface, v => m.Status.Interface = v);
        return m;
    }

    public static SwitchSpec ToSpec(V1.Switch m) => new()
    {
        Mode = m.HasMode ? Text(m.Mode) : null,
        FlowBudget = m.HasFlowBudget ? m.FlowBudget : null,
    };

    public static V1.Switch ToSwitch(Resource resource)
    {
        var spec = (SwitchSpec)resource.Spec;
        var status = (SwitchStatus)resource.Status;
        var m = new V1.Switch
        {
            Status = new()
            {
                Conditions = { Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                Connected = status.Connected,
                Versions = new(),
                Ports = { status.Ports.Select(ToSwitchPort) },
                Counts = new() { Ports = status.Ports.Count, Flows = status.Flows, Groups = status.Groups, Meters = status.Meters },
            },
        };
        Set(spec.Mode, v => m.Mode = Value<V1.Switch.Types.Mode>(v));
        Set(spec.FlowBudget, v => m.FlowBudget = v);
        Set(status.DatapathId, v => m.Status.DatapathId = v);
        Set(status.Address, v => m.Status.Address = v);
        Set(status.VtepIp, v => m.Status.VtepIp = v);
        Set(status.Hostname, v => m.Status.Hostname = v);
        Set(status.OvsVersion, v => m.Status.Versions.Ovs = v);
        Set(status.OpenFlowVersion, v => m.Status.Versions.Openflow = v);
        return m;
    }

    public static V1.Link ToLink(Resource resource)
    {
        var status = (LinkStatus)resource.Status;
        return new()
        {
            Status = new()
            {
                Conditions = { Conditions(status) },
                ObservedGeneration = status.ObservedGeneration,
                Source = ToEnd(status.Source),
                Destination = ToEnd(status.Destination),
                State = Value<V1.LinkStatus.Types.State>(status.State.Replace("_", "", StringComparison.Ordinal)),
                Blocked = status.Blocked,
                Since = status.Since.ToTimestamp(),
                ProbeMilliseconds = status.ProbeMilliseconds,
            },
        };
    }

    public static V1.Flow ToFlow(FlowEntry flow) => new()
    {
        Table = flow.Table,
        Priority = flow.Priority,
        Match = flow.Match,
        Actions = flow.Actions,
        Cookie = $"0x{flow.Cookie:x}",
        Object = flow.Object,
        Packets = flow.Packets,
        Bytes = flow.Bytes,
    };

    public static V1.Event ToEvent(FabricEvent happened) => new()
    {
        Id = happened.Sequence.ToString(),
        Time = happened.Time.ToTimestamp(),
        Name = happened.Name,
        Subject = happened.Subject,
        Message = happened.Message,
    };

    private static V1.Dhcp? ToDhcp(DhcpSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.Dhcp { Dns = { spec.Dns }, Routes = { spec.Routes }, Ranges = { spec.Ranges } };
        Set(spec.Enabled, v => m.Enabled = v);
        Set(spec.LeaseSeconds, v => m.LeaseSeconds = v);
        return m;
    }

    private static V1.RouterAdvertisement? ToRa(RaSpec? spec)
    {
        if (spec is null)
        {
            return null;
        }

        var m = new V1.RouterAdvertisement();
        Set(spec.Enabled, v => m.Enabled = v);
        return m;
    }

    private static V1.AddressPair ToPair(AddressPairSpec spec)
    {
        var m = new V1.AddressPair { Address = spec.Address ?? "" };
        Set(spec.Mac, v => m.Mac = v);
        return m;
    }

    private static V1.PortBinding ToBinding(BindingSpec spec)
    {
        var m = new V1.PortBinding { Host = spec.Host ?? "" };
        Set(spec.Role, v => m.Role = v);
        return m;
    }

    private static V1.LinkEnd ToEnd(LinkEndStatus end) => new() { Switch = end.Switch, DatapathId = end.DatapathId, Ofport = end.OfPort };

    private static V1.SwitchPort ToSwitchPort(SwitchPortStatus port)
    {
        var m = new V1.SwitchPort { Name = port.Name, Ofport = port.OfPort, Type = port.Type };
        Set(port.PortId, v => m.PortId = v);
        Set(port.Error, v => m.Error = v);
        return m;
    }

    public static IEnumerable<V1.Condition> Conditions(ResourceStatus status) => status.Conditions.Select(ToCondition);

    private static V1.Condition ToCondition(Condition condition) => new()
    {
        Type = condition.Type.ToString(),
        Status = condition.Status.ToString(),
        Reason = condition.Reason,
        Message = condition.Message,
        ObservedGeneration = condition.ObservedGeneration,
        LastTransitionTime = condition.LastTransition.ToTimestamp(),
    };

    private static EquatableArray<string> List(RepeatedField<string> items) => [.. items];

    private static string? Given(string text) => text.Length == 0 ? null : text;

    // The names of the contract are the generated ones in capitals.
    private static string Text<TEnum>(TEnum value)
        where TEnum : struct, System.Enum
        => System.Enum.IsDefined(value) ? value.ToString().ToUpperInvariant() : value.ToString("D");

    private static TEnum Value<TEnum>(string? text)
        where TEnum : struct, System.Enum
        => text is null ? default : EnumNames<TEnum>.Values[text];

    public static void Set<T>(T? value, Action<T> set)
        where T : struct
    {
        if (value is { } given)
        {
            set(given);
        }
    }

    public static void Set(string? value, Action<string> set)
    {
        if (value is not null)
        {
            set(value);
        }
    }

    // A list asks for the same few words thousands of times.
    private static class EnumNames<TEnum>
        where TEnum : struct, System.Enum
    {
        public static readonly FrozenDictionary<string, TEnum> Values = System.Enum.GetValues<TEnum>().ToFrozenDictionary(v => v.ToString(), StringComparer.OrdinalIgnoreCase);
    }
}
