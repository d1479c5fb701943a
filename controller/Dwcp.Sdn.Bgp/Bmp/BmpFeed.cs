using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Bmp;

/// <summary>Tells all stations what peers say: each message is written once.</summary>
internal sealed class BmpFeed : IPeerObserver, IRouteObserver
{
    private readonly SpeakerLoop loop;
    private readonly List<BmpStation> stations = [];
    private readonly PathWriter after;
    private readonly PathWriter before;

    public BmpFeed(SpeakerLoop loop)
    {
        this.loop = loop;
        after = new((peer, update) => Tell(Of(peer, post: true, narrow: false), update, s => s.Settings.PostPolicy));
        before = new((peer, update) => Tell(Of(peer, post: false, narrow: false), update, _ => true));
    }

    public IReadOnlyList<BmpStation> Stations => stations;

    /// <summary>Sends to these from now on, and to no others; one whose settings stay does not notice.</summary>
    public void Set(IReadOnlyCollection<BmpSettings> wanted)
    {
        foreach (var gone in stations.Where(s => !wanted.Contains(s.Settings)).ToList())
        {
            stations.Remove(gone);
            gone.End();
        }

        foreach (var settings in wanted.Where(w => !stations.Any(s => s.Settings == w)))
        {
            var station = new BmpStation(loop, settings);
            stations.Add(station);
            station.Start();
        }

        loop.Routes.Observer = stations.Count > 0 ? this : null;
    }

    public static BmpPeer Of(RibPeer peer, bool post, bool narrow) => new(peer.Address, peer.Settings.RemoteAs, peer.RouterId, post, narrow);

    public void Moved(PeerSession peer, BgpPhase before, BgpPhase after)
    {
        // Only whether a session stands counts here.
    }

    public void Up(PeerSession peer)
    {
        foreach (var station in stations)
        {
            station.Up(peer);
        }
    }

    public void Received(PeerSession peer, IpAddress local, ReadOnlySpan<byte> message)
    {
        if (message[18] == (byte)MessageType.Update && peer.Ends is not null)
        {
            Tell(Of(peer.Rib, post: false, narrow: !peer.Rib.Rules.As4), message, _ => true);
        }
    }

    public void Down(PeerSession peer, PeerAction.Down how)
    {
        var message = BmpMessage.PeerDown(Of(peer.Rib, post: false, narrow: false), loop.UtcNow, how.Sent, how.Received);
        foreach (var station in stations)
        {
            station.Send(message);
        }
    }

    public void Accepted(RibPeer peer, BgpFamily family, AttributeSet set, in Nlri nlri, ReadOnlySpan<byte> octets) =>
        after.Add(peer, family, set, nlri.PathId, octets);

    public void Gone(RibPeer peer, in RouteKey key, ReadOnlySpan<byte> octets, uint pathId, bool silently)
    {
        after.Add(peer, key.Family, null, pathId, octets);
        if (silently)
        {
            before.Add(peer, key.Family, null, pathId, octets);
        }
    }

    public void Finished()
    {
        before.Flush();
        after.Flush();
    }

    /// <summary>Goes on with what stations have yet to be told; true when there is more to say at once.</summary>
    public bool Continue()
    {
        var more = false;
        foreach (var station in stations)
        {
            more |= station.Continue();
        }

        return more;
    }

    private void Tell(BmpPeer peer, ReadOnlySpan<byte> update, Func<BmpStation, bool> which)
    {
        byte[]? message = null;
        foreach (var station in stations)
        {
            if (station.IsConnected && which(station))
            {
                station.Send(message ??= BmpMessage.RouteMonitoring(peer, loop.UtcNow, update));
            }
        }
    }
}
