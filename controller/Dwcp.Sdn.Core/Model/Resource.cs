using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Model;

/// <summary>The kinds of objects that callers name.</summary>
public enum ResourceKind
{
    Network,
    Subnet,
    Port,
    Switch,
    Bridge,
    BgpSpeaker,
    BgpPeer,
    EvpnRoute,

    /// <summary>Only observed: nobody makes one.</summary>
    Link,
}

/// <summary>An object as callers see it: what was asked for with what was allocated filled in, and what is true of it now.</summary>
/// <param name="Version">The store's revision that last changed the object; 0 for one that is only observed.</param>
/// <param name="Generation">Counts the changes of the spec, from 1.</param>
/// <param name="Spec">What holds: what was given, with what was allocated, computed and defaulted.</param>
/// <param name="Given">What the caller gave and nothing else; a patch starts from it.</param>
public sealed record Resource(
    ResourceKind Kind,
    string Id,
    ImmutableSortedDictionary<string, string> Labels,
    long Version,
    long Generation,
    ResourceSpec Spec,
    ResourceSpec Given,
    ResourceStatus Status);

/// <summary>
/// What a caller asks for, in the text of the request: null means "not given". The fabric parses and judges it,
/// so that every problem of a request is found in one place.
/// </summary>
public abstract record ResourceSpec;

/// <summary>What is true of an object now.</summary>
public abstract record ResourceStatus(EquatableArray<Condition> Conditions, long ObservedGeneration);

/// <summary>All objects of a kind at one moment; a watch after the position misses nothing.</summary>
public sealed record ResourceList(ImmutableArray<Resource> Items, FeedPosition Position);

/// <summary>What callers ask of the fabric.</summary>
public abstract record FabricCommand(ResourceKind Kind, string Id)
{
    /// <summary>The version that the object must have, from If-Match; null for any.</summary>
    public long? IfVersion { get; init; }

    /// <summary>Judge it and change nothing.</summary>
    public bool ValidateOnly { get; init; }
}

/// <summary>Makes an object, or replaces its spec; what was allocated stays.</summary>
public sealed record PutCommand(ResourceKind Kind, string Id, ResourceSpec Spec, ImmutableSortedDictionary<string, string> Labels) : FabricCommand(Kind, Id);

/// <summary>Removes an object; an absent one is done already.</summary>
public sealed record DeleteCommand(ResourceKind Kind, string Id) : FabricCommand(Kind, Id);
