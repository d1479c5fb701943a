using System.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>A station that is told by BMP (RFC 7854) what peers say.</summary>
/// <param name="PostPolicy">Also what the rules of each peer let in, marked with the L flag (§4.2).</param>
/// <param name="StatisticsEvery">How often counts of each peer are told; zero never.</param>
public sealed record BmpSettings(IPEndPoint Station, bool PostPolicy, TimeSpan StatisticsEvery);

/// <summary>A station as it is now.</summary>
/// <param name="Since">How long the connection has stood; none while it does not.</param>
/// <param name="Synchronised">All that was there when the connection came about has been told.</param>
/// <param name="Sent">Messages since the speaker began.</param>
/// <param name="CutOff">How often it fell behind so far that it was disconnected, to be told everything anew.</param>
public sealed record BmpStatus(BmpSettings Settings, TimeSpan? Since, bool Synchronised, long Sent, int OctetsWaiting, int CutOff, string? LastError);
