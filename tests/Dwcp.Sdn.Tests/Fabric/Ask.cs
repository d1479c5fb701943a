using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>Commands in few words.</summary>
internal static class Ask
{
    public static readonly ImmutableSortedDictionary<string, string> NoLabels = ImmutableSortedDictionary<string, string>.Empty;

    public static PutCommand Network(string id, uint vni, Func<NetworkSpec, NetworkSpec>? more = null) =>
        new(ResourceKind.Network, id, With(new NetworkSpec { Vni = vni }, more), NoLabels);

    public static PutCommand Subnet(string id, string network, string cidr, string? gateway = null, Func<SubnetSpec, SubnetSpec>? more = null) =>
        new(ResourceKind.Subnet, id, With(new SubnetSpec { Network = network, Cidr = cidr, Gateway = gateway }, more), NoLabels);

    public static PutCommand Port(string id, string network, params string[] addresses) =>
        Port(id, network, s => s with { Addresses = addresses.ToEquatableArray() });

    public static PutCommand Port(string id, string network, Func<PortSpec, PortSpec> more) =>
        new(ResourceKind.Port, id, More(new PortSpec { Network = network }, more), NoLabels);

    public static PutCommand Switch(string id, string? mode) =>
        new(ResourceKind.Switch, id, new SwitchSpec { Mode = mode }, NoLabels);

    public static DeleteCommand Delete(ResourceKind kind, string id) => new(kind, id);

    private static T With<T>(T spec, Func<T, T>? more) => more is null ? spec : more(spec);

    private static T More<T>(T spec, Func<T, T> more) => more(spec);
}
