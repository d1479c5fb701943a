namespace Dwcp.Sdn.Core.Model;

/// <summary>One end of a link.</summary>
/// <param name="Switch">The switch's id.</param>
/// <param name="DatapathId">Its datapath id in 16 hex digits.</param>
/// <param name="OfPort">The port's number.</param>
public sealed record LinkEndStatus(string Switch, string DatapathId, uint OfPort);

/// <summary>A link is found and not made: there is nothing to ask of it.</summary>
public sealed record LinkSpec : ResourceSpec;

/// <summary>What is heard of a link between two switches.</summary>
/// <param name="Source">The lower end of the two, or the only one that is heard.</param>
/// <param name="State"><c>TWO_WAY</c> or <c>ONE_WAY</c>.</param>
/// <param name="Blocked">The spanning tree lets nothing over it.</param>
/// <param name="Since">When it was first heard.</param>
/// <param name="ProbeMilliseconds">The fewest that a frame took from the controller over the link and back.</param>
public sealed record LinkStatus(
    EquatableArray<Condition> Conditions,
    LinkEndStatus Source,
    LinkEndStatus Destination,
    string State,
    bool Blocked,
    DateTimeOffset Since,
    long ProbeMilliseconds)
    : ResourceStatus(Conditions, 0);
