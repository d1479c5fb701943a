using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Fabric.Hosts;

/// <summary>Changes to a host that are made together.</summary>
/// <param name="Key">Which plan it is, among those of all hosts.</param>
/// <param name="Subject">The object whose trouble it is when they cannot be made.</param>
public sealed record HostPlan(string Key, ObjectRef Subject, ImmutableArray<HostChange> Changes);
