using System.Text.RegularExpressions;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Fabric;

/// <summary>An object by its kind and id.</summary>
public readonly partial record struct ObjectRef(ResourceKind Kind, string Id)
{
    /// <summary>The form of events and paths, such as <c>ports/vm1</c>.</summary>
    public override string ToString() => $"{PathOf(Kind)}/{Id}";

    /// <summary>The word of a kind in paths.</summary>
    public static string PathOf(ResourceKind kind) => kind switch
    {
        ResourceKind.Network => "networks",
        ResourceKind.Subnet => "subnets",
        ResourceKind.Port => "ports",
        ResourceKind.Bridge => "bridges",
        ResourceKind.BgpSpeaker => "bgp-speaker",
        ResourceKind.BgpPeer => "bgp-peers",
        ResourceKind.EvpnRoute => "evpn-routes",
        ResourceKind.Link => "links",
        _ => "switches",
    };

    /// <summary>Whether an object can have the id: 1 to 63 of a-z, 0-9, '-', '.' and '_', beginning with a letter or digit.</summary>
    public static bool IsId(string id) => IdForm().IsMatch(id);

    [GeneratedRegex(@"\A[a-z0-9][-._a-z0-9]{0,62}\z")]
    private static partial Regex IdForm();
}
