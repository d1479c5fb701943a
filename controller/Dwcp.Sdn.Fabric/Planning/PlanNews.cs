namespace Dwcp.Sdn.Fabric.Planning;

/// <summary>What a burst of changes has touched: hosts whose needs are others now, and objects for which some switch has something to confirm.</summary>
internal sealed class PlanNews
{
    public HashSet<string> Hosts { get; } = [];

    public HashSet<ObjectRef> Objects { get; } = [];

    public void Clear()
    {
        Hosts.Clear();
        Objects.Clear();
    }
}
