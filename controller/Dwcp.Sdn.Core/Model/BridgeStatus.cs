using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Core.Model;

/// <summary>What became of a port of a bridge.</summary>
/// <param name="State"><c>UP</c>, <c>DOWN</c>, <c>PENDING</c> (OVS has not made it yet) or <c>FAILED</c> (<paramref name="Error"/> says why).</param>
/// <param name="Type">OVS's word.</param>
/// <param name="Adopted">It was there before, and stays when the bridge is deleted.</param>
/// <param name="Bfd">OVS's <c>bfd_status</c>; empty without BFD.</param>
public sealed record BridgePortStatus(string Name, string Type, string State, uint? OfPort, string? Error, bool Adopted, StringMap Bfd);

/// <summary>Whether what was asked of a port's queues limits anything, as far as it can be known.</summary>
/// <param name="Mechanism">What does the work, such as <c>tc linux-htb</c>, or <c>none</c>.</param>
/// <param name="State"><c>IN_EFFECT</c>, <c>PARTLY</c>, <c>NOT_IN_EFFECT</c> or <c>UNCONFIRMED</c>.</param>
public sealed record BridgeQosStatus(string Port, string Type, string Mechanism, string State, string Message);

/// <summary>What is true of a bridge.</summary>
/// <param name="DatapathId">16 hex digits; null until OVS has made it.</param>
/// <param name="DatapathType">What it really is; null while unknown.</param>
/// <param name="Adopted">It was there before, and stays when the object is deleted.</param>
/// <param name="FlowExports">The exporters that are set: <c>sflow</c>, <c>ipfix</c>, <c>netflow</c>.</param>
public sealed record BridgeStatus(
    EquatableArray<Condition> Conditions,
    long ObservedGeneration,
    string? DatapathId,
    string? DatapathType,
    bool Adopted,
    EquatableArray<BridgePortStatus> Ports,
    EquatableArray<string> Mirrors,
    EquatableArray<string> FlowExports,
    EquatableArray<BridgeQosStatus> Qos)
    : ResourceStatus(Conditions, ObservedGeneration);
