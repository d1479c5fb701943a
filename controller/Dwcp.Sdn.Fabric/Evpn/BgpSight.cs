using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Fabric.Evpn;

/// <summary>What can be seen of the BGP speaker from outside of it.</summary>
/// <param name="Endpoint">Where it listens, or null.</param>
/// <param name="Trouble">Why it does not work as it should, or null.</param>
public sealed record BgpSight(
    string? Endpoint, int Routes, int Paths, string? Trouble, EquatableArray<BmpStationStatus> Bmp = default, MrtStatusView? Mrt = null);

/// <summary>What the loop of the BGP speaker has to bring about.</summary>
/// <param name="Speaker">Who it is; null: there is none.</param>
/// <param name="Imports">The targets whose routes the fabric takes.</param>
/// <param name="Orders">What has changed of our own routes, or all of them when the loop knows nothing yet.</param>
public sealed record BgpWork(
    BgpSpeakerIntent? Speaker, ImmutableDictionary<string, BgpPeerIntent> Peers, EquatableArray<RouteTarget> Imports, RouteOrders Orders);
