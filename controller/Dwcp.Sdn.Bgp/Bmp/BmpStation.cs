using System.Net.Sockets;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Transport;
using Dwcp.Sdn.Bgp.Wire;

namespace Dwcp.Sdn.Bgp.Bmp;

/// <summary>
/// A station and the connection to it: dialed again and again, told first what is there and then what happens. One that falls
/// too far behind is cut off and told everything anew, so that no gap is hidden. It runs on the speaker's loop.
/// </summary>
internal sealed class BmpStation(SpeakerLoop loop, BmpSettings settings)
{
    /// <summary>What waits beyond this ends the connection.</summary>
    public const int TooMuch = 32 * 1024 * 1024;

    /// <summary>The table goes on while less than this waits.</summary>
    private const int Enough = 512 * 1024;

    private const int Portion = 2000;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private Connection? connection;
    private Action? abandonDial;
    private PathWriter? before;
    private PathWriter? after;
    private TimeSpan pause = FirstPause;
    private TimeSpan? dialAt;
    private TimeSpan? statisticsAt;
    private TimeSpan since;
    private int? next;
    private long sent;
    private int cutOff;
    private string? lastError;

    public BmpSettings Settings => settings;

    public bool IsConnected => connection is not null;

    public TimeSpan? Deadline => statisticsAt is null || dialAt < statisticsAt ? dialAt : statisticsAt;

    public BmpStatus Status => new(
        settings, connection is null ? null : loop.Now - since, connection is not null && next is null, sent, connection?.Output.Waiting ?? 0, cutOff, lastError);

    public void Start() => Dial();

    /// <summary>Says goodbye and never comes back.</summary>
    public void End()
    {
        abandonDial?.Invoke();
        (abandonDial, dialAt, statisticsAt) = (null, null, null);
        if (connection is { } open)
        {
            Send(BmpMessage.Termination(0));
            connection = null;
            open.Close();
            loop.DisposeLater(open);
        }
    }

    /// <summary>Closes without a word.</summary>
    public void Abort()
    {
        abandonDial?.Invoke();
        connection?.Dispose();
    }

    public void Tick()
    {
        if (dialAt <= loop.Now)
        {
            dialAt = null;
            Dial();
        }

        if (statisticsAt <= loop.Now)
        {
            statisticsAt = loop.Now + settings.StatisticsEvery;
            foreach (var peer in loop.Peers.Values.Where(p => p.Ends is not null))
            {
                Send(BmpMessage.Statistics(BmpFeed.Of(peer.Rib, post: false, narrow: false), loop.UtcNow, peer.Rib));
            }
        }
    }

    public void Up(PeerSession peer)
    {
        if (IsConnected)
        {
            Send(BmpMessage.PeerUp(BmpFeed.Of(peer.Rib, post: false, narrow: !peer.Rib.Rules.As4), loop.UtcNow, peer.Ends!));
        }
    }

    public void Send(byte[] message)
    {
        if (connection is not { } open)
        {
            return;
        }

        if (open.Output.Waiting + message.Length > TooMuch)
        {
            cutOff++;
            Lost($"it fell behind by {TooMuch / (1024 * 1024)} MiB and was cut off");
            return;
        }

        sent++;
        open.Output.Add(message);
        open.Pump();
    }

    /// <summary>Tells the next part of what is there; true when the part after it can follow at once.</summary>
    public bool Continue()
    {
        if (next is not { } from || connection is null || connection.Output.Waiting > Enough)
        {
            return false;
        }

        var routes = loop.Routes;
        var to = Math.Min(routes.Table.PathLimit, from + Portion);
        for (var at = from; at < to; at++)
        {
            ref var path = ref routes.Table.Path(at);
            if ((path.Flags & (PathFlags.Used | PathFlags.Stale)) == PathFlags.Used && routes.PeerAt(path.Peer) is { Agreement: not null } peer)
            {
                Tell(peer, path);
            }
        }

        before!.Flush();
        after!.Flush();
        next = to < routes.Table.PathLimit ? to : null;
        if (next is null)
        {
            Complete();
        }

        return next is not null;
    }

    private void Tell(RibPeer peer, in RoutePath path)
    {
        var routes = loop.Routes;
        Span<byte> nlri = stackalloc byte[NlriWriter.Largest];
        var key = routes.Table[path.Entry].Key;
        var octets = nlri[..NlriWriter.Write(key, path.Body, routes.Table.Opaque(path.Entry), nlri)];
        var set = routes.Attributes[path.Attributes];
        before!.Add(peer, key.Family, set, path.PathId, octets);
        if (settings.PostPolicy)
        {
            after!.Add(peer, key.Family, set, path.PathId, octets);
        }
    }

    /// <summary>All that was there has been told, RFC 7854 §5: for each peer an End-of-RIB of each family that has sent its own.</summary>
    private void Complete()
    {
        foreach (var peer in loop.Peers.Values.Where(p => p.Ends is not null))
        {
            foreach (var family in peer.Rib.Synchronised.Items)
            {
                var end = BgpMessage.EndOfRib(family);
                Send(BmpMessage.RouteMonitoring(BmpFeed.Of(peer.Rib, post: false, narrow: false), loop.UtcNow, end));
                if (settings.PostPolicy)
                {
                    Send(BmpMessage.RouteMonitoring(BmpFeed.Of(peer.Rib, post: true, narrow: false), loop.UtcNow, end));
                }
            }

            if (!peer.Settings.ImportRules.IsEmpty)
            {
                peer.AskAgain(); // What its rules refused is not held here; it comes again, and goes to the station as it comes.
            }
        }
    }

    private void Dial()
    {
        var stop = new CancellationTokenSource(Patience);
        abandonDial = stop.Cancel;
        var socket = new Socket(settings.Station.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _ = DialAsync(socket, stop);
    }

    private async Task DialAsync(Socket socket, CancellationTokenSource stop)
    {
        string? error = null;
        try
        {
            await socket.ConnectAsync(settings.Station, stop.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            error = e is SocketException ? e.Message : "it does not answer";
        }

        loop.Post(() =>
        {
            if (abandonDial?.Target != stop)
            {
                socket.Dispose();
                return;
            }

            abandonDial = null;
            if (error is not null)
            {
                socket.Dispose();
                Lost(error);
                return;
            }

            Connected(socket);
        });
    }

    private void Connected(Socket socket)
    {
        var open = new Connection(0, socket, loop.Routes.NewQueue(), loop.Post) { OnBytes = (_, bytes) => bytes.Length, OnClosed = _ => Lost("it closed the connection") };
        connection = open;
        since = loop.Now;
        lastError = null;
        before = new((peer, update) => Send(BmpMessage.RouteMonitoring(BmpFeed.Of(peer, post: false, narrow: false), loop.UtcNow, update)));
        after = new((peer, update) => Send(BmpMessage.RouteMonitoring(BmpFeed.Of(peer, post: true, narrow: false), loop.UtcNow, update)));
        open.Start();
        Send(BmpMessage.Initiation(loop.Speaker.RouterId.ToString(), "Dwcp.Sdn BGP speaker"));
        foreach (var peer in loop.Peers.Values.Where(p => p.Ends is not null))
        {
            Up(peer);
        }

        next = 0;
        statisticsAt = settings.StatisticsEvery > TimeSpan.Zero ? loop.Now + settings.StatisticsEvery : null;
        loop.Arm(statisticsAt);
    }

    private void Lost(string why)
    {
        lastError = why;
        if (connection is { } open)
        {
            pause = loop.Now - since > LongestPause ? FirstPause : pause; // One that held comes back soon.
            connection = null;
            open.Dispose();
        }

        (next, statisticsAt) = (null, null);
        dialAt = loop.Now + pause;
        pause = pause * 2 > LongestPause ? LongestPause : pause * 2;
        loop.Arm(dialAt);
    }
}
