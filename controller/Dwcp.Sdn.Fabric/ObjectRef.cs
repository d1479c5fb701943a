using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Fabric;

/// <summary>An object by its kind and id.</summary>
public readonly record struct ObjectRef(ResourceKind Kind, string Id)
{
    /// <summary>The form of events and paths, such as <c>ports/vm1</c>.</summary>
    public override string ToString() => $"{PathOf(Kind)}/{Id}";

    /// <summary>The word of a kind in paths.</summary>
    public static string PathOf(ResourceKind kind) => kind switch
    {
        ResourceKind.Network => "networks",
        ResourceKind.Subnet => "subnets",
        ResourceKind.Port => "ports",
        _ => "switches",
    };
}
