namespace Dwcp.Sdn.Cli.Output;

/// <summary>The steps of route selection (RFC 4271 section 9.1, RFC 7432 section 15) as sentences.</summary>
internal static class SelectionWords
{
    private static readonly Dictionary<string, (string Won, string Lost)> Steps = new()
    {
        ["OnlyPath"] = ("there is no other", "there is no other"),
        ["LongLivedStale"] = ("the others are stale for long", "it is stale for long, and others are not"),
        ["StickyMac"] = ("the MAC address is sticky there", "the MAC address is sticky elsewhere"),
        ["MobilitySequence"] = ("its mobility sequence number is higher", "its mobility sequence number is lower"),
        ["LowerVtep"] = ("with equal sequence numbers, its VTEP is lower", "with equal sequence numbers, its VTEP is higher"),
        ["LocalPreference"] = ("its local preference is higher", "its local preference is lower"),
        ["Originated"] = ("it is our own", "one of our own is preferred"),
        ["AsPathLength"] = ("its AS path is shorter", "its AS path is longer"),
        ["Origin"] = ("its origin is preferred", "its origin is less preferred"),
        ["Med"] = ("its MED is lower", "its MED is higher"),
        ["ExternalPeer"] = ("it comes from an external peer", "one of an external peer is preferred"),
        ["RouterId"] = ("the router id of its peer is lower", "the router id of its peer is higher"),
        ["ClusterList"] = ("its cluster list is shorter", "its cluster list is longer"),
        ["PeerAddress"] = ("the address of its peer is lower", "the address of its peer is higher"),
        ["PathId"] = ("its path id is lower", "its path id is higher"),
    };

    /// <summary>Why a path was chosen, or was not. A step that is not known yet is shown by its name.</summary>
    public static string Of(string step, bool best)
    {
        var (won, lost) = Steps.GetValueOrDefault(step, (step, step));
        return best ? $"chosen: {won}" : $"not chosen: {lost}";
    }
}
