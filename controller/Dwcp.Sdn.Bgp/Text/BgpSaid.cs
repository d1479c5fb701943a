using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Bgp;

/// <summary>What a part of a message is.</summary>
public enum BgpPartKind
{
    Capability,
    Attribute,
    Announced,
    Withdrawn,

    /// <summary>Routes that the message announces and its receiver takes as withdrawn.</summary>
    TakenAsWithdrawn,
}

/// <summary>A part of a message in words.</summary>
/// <param name="Name">Of a capability or an attribute; none for a route.</param>
/// <param name="Value">Its meaning, or its octets in hexadecimal where it has none.</param>
/// <param name="Answer">What RFC 7606 does about it; none when nothing is wrong with it.</param>
public sealed record BgpPart(BgpPartKind Kind, string? Name, string Value, string? Answer)
{
    /// <summary>Of a route that came with one, RFC 7911.</summary>
    public uint? PathId { get; init; }

    public override string ToString()
    {
        var word = Kind switch
        {
            BgpPartKind.Capability => $"capability {Name}",
            BgpPartKind.Attribute => Name,
            BgpPartKind.Announced => "announce",
            BgpPartKind.Withdrawn => "withdraw",
            _ => "treated as withdrawn",
        };
        var path = PathId is { } id ? $" path={id}" : "";
        return $"{word}{path}{(Value.Length > 0 ? $" {Value}" : "")}{(Answer is null ? "" : $": {Answer}")}";
    }
}

/// <summary>A message in words.</summary>
/// <param name="Type">OPEN, UPDATE, NOTIFICATION, KEEPALIVE or ROUTE-REFRESH.</param>
/// <param name="Text">The message as a whole on one line.</param>
/// <param name="Answer">What RFC 7606 does about the whole; none when nothing is wrong, or with single routes alone.</param>
/// <param name="EndsSession">Its receiver cannot go on after it.</param>
/// <param name="Again">Its octets, written anew out of what was read.</param>
public sealed record BgpSaid(string Type, string Text, string? Answer, bool EndsSession, EquatableArray<BgpPart> Parts, EquatableArray<byte> Again)
{
    /// <summary>The whole, and indented under it a line for each part.</summary>
    public IEnumerable<string> Lines => [Text, .. Parts.Select(p => $"  {p}")];
}
