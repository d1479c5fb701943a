namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>What a burst of changes has touched: hosts whose needs are others now, and objects for which some switch has something to confirm.</summary>
internal sealed class PlanNews
{
    public HashSet<string> Hosts { get; } = [];

    public HashSet<ObjectRef> Objects { get; } = [];

    /// <summary>Ports whose placement may be another.</summary>
    public HashSet<string> Ports { get; } = [];

    /// <summary>Networks that a host may carry no more, or from now on, or with another VTEP.</summary>
    public HashSet<(string Network, string Host)> Carriers { get; } = [];

    /// <summary>Hosts of the fabric have other VTEPs than before.</summary>
    public bool Vteps { get; set; }

    public void Clear()
    {
        Hosts.Clear();
        Objects.Clear();
        Ports.Clear();
        Carriers.Clear();
        Vteps = false;
    }
}
