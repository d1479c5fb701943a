namespace Dwcp.Sdn.Bgp;

/// <summary>Which MRT files (RFC 6396) the speaker writes, and how many of them stay.</summary>
/// <param name="Directory">Of the files; made when it is not there.</param>
/// <param name="Messages">What peers send and how their sessions change, in <c>updates.*.mrt</c>.</param>
/// <param name="TableEvery">How often the table is dumped into a <c>rib.*.mrt</c>; zero never.</param>
/// <param name="RotateEvery">After which a file of messages is finished and another begun.</param>
/// <param name="MaxOctets">At which size it is finished before that.</param>
/// <param name="Keep">How many files of each kind stay; the oldest go.</param>
public sealed record MrtSettings(string Directory, bool Messages, TimeSpan TableEvery, TimeSpan RotateEvery, long MaxOctets, int Keep);

/// <summary>The MRT files as they are now.</summary>
/// <param name="Records">Written since the speaker began.</param>
/// <param name="Dropped">Records that the disk was too slow for, or that could not be written.</param>
/// <param name="LastError">Why the last record or the last table was not written; none once it is again.</param>
public sealed record MrtStatus(MrtSettings Settings, long Records, long Dropped, string? LastError);
