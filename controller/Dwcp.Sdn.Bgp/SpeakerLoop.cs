using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Dwcp.Sdn.Bgp.Bmp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Transport;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>The one loop of the speaker: it owns the RIB and all peers, and everything that happens to them passes through its queue.</summary>
internal sealed class SpeakerLoop
{
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1); // Timers take no more than 49 days; each tick arms anew.

    private readonly IRouteSink sink;
    private readonly Action<BgpEvent> events;
    private readonly TimeProvider time;
    private readonly long origin;
    private readonly ITimer timer;
    private readonly Queue<(TimeSpan At, Connection Connection)> leaving = [];
    private readonly Dictionary<string, PeerSession> peers = [];
    private readonly List<PeerSettings> ranges = [];
    private readonly List<PeerSession> synchronised = [];
    private readonly List<Socket> listeners = [];
    private readonly Action flushMore;
    private readonly Action tick;

    // Bounded by what feeds it: a connection has one receive and one send under way, an operator's calls wait for their answer.
    private readonly Channel<Action> queue = Channel.CreateUnbounded<Action>(new() { SingleReader = true, AllowSynchronousContinuations = true });
    private TimeSpan? armed;
    private TimeSpan? deferredUntil;
    private bool flushPosted;
    private int links;

    public SpeakerLoop(SpeakerSettings speaker, IRouteSink sink, Action<BgpEvent> events, TimeProvider time)
    {
        Speaker = speaker;
        this.sink = sink;
        this.events = events;
        this.time = time;
        origin = time.GetTimestamp();
        Routes = new(speaker);
        Bfd = new(time);
        Bmp = new(this);
        flushMore = () => flushPosted = false;
        tick = Tick;
        timer = time.CreateTimer(_ => Post(tick), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (speaker.Restarting)
        {
            Routes.Groups.Deferred = true;
            Arm(deferredUntil = speaker.DeferralTime);
        }
    }

    public SpeakerSettings Speaker { get; }

    public RouteBase Routes { get; }

    public BfdThread Bfd { get; }

    public BmpFeed Bmp { get; }

    /// <summary>Those that are told what happens between the speaker and its peers: none of them, as a rule.</summary>
    public ImmutableArray<IPeerObserver> Observers { get; private set; } = [];

    public TimeSpan Now => time.GetElapsedTime(origin);

    public DateTimeOffset UtcNow => time.GetUtcNow();

    public IReadOnlyDictionary<string, PeerSession> Peers => peers;

    public int NextLink() => ++links;

    /// <summary>Tells these stations what peers say from now on, and no others.</summary>
    public void Monitor(IReadOnlyCollection<BmpSettings> stations)
    {
        Observe(Bmp, stations.Count > 0);
        Bmp.Set(stations);
    }

    public void Observe(IPeerObserver observer, bool on) =>
        Observers = !on ? Observers.Remove(observer) : Observers.Contains(observer) ? Observers : Observers.Add(observer);

    public void Post(Action work) => _ = TryPost(work);

    /// <returns>False once the loop has ended: it will not be done.</returns>
    public bool TryPost(Action work) => queue.Writer.TryWrite(work);

    public void Raise(BgpEvent e) => events(e);

    /// <summary>Wakes the loop no later than at <paramref name="deadline"/>.</summary>
    public void Arm(TimeSpan? deadline)
    {
        if (deadline is { } at && !(armed <= at))
        {
            armed = at;
            var wait = at - Now;
            wait = wait < LongestWait ? wait : LongestWait;
            timer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    public void DisposeLater(Connection connection)
    {
        var at = Now + Goodbye;
        leaving.Enqueue((at, connection));
        Arm(at);
    }

    /// <summary>Routes of before the speaker's own restart may still be missing, and OPENs say so (RFC 4724 §4.1).</summary>
    public bool IsRecovering => deferredUntil is not null;

    /// <summary>Some peer has not closed its side yet.</summary>
    public bool IsLeaving => leaving.Any(l => !l.Connection.IsClosed);

    public void Synchronised(PeerSession peer) => synchronised.Add(peer);

    public async Task RunAsync()
    {
        try
        {
            await foreach (var work in queue.Reader.ReadAllAsync())
            {
                work();
                Settle();
            }
        }
        finally
        {
            queue.Writer.TryComplete();
        }
    }

    public void Stop()
    {
        timer.Dispose();
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }

        Bfd.Dispose();
        queue.Writer.TryComplete();
    }

    /// <summary>Closes what is still open, however far it has come.</summary>
    public void Abort()
    {
        foreach (var peer in peers.Values)
        {
            peer.Abort();
        }

        foreach (var station in Bmp.Stations)
        {
            station.Abort();
        }

        while (leaving.TryDequeue(out var left))
        {
            left.Connection.Dispose();
        }
    }

    /// <exception cref="ArgumentException">The password is too long for TCP MD5; nothing has changed then.</exception>
    public void Put(PeerSettings settings)
    {
        if (Encoding.UTF8.GetByteCount(settings.Password ?? "") > TcpOptions.KeyMax)
        {
            throw new ArgumentException($"the TCP MD5 password of {settings.Id} has more than {TcpOptions.KeyMax} octets", nameof(settings));
        }

        var reset = Notification.SettingsChanged;
        if (peers.TryGetValue(settings.Id, out var known))
        {
            if (known.Settings == settings)
            {
                return;
            }

            if (known.Settings.DiffersSoftly(settings))
            {
                known.Change(settings);
                return;
            }

            reset = settings.Shutdown ? Notification.Shutdown(settings.ShutdownReason) : reset;
        }

        if (ranges.FindIndex(r => r.Id == settings.Id) is >= 0 and var at && ranges[at].DiffersSoftly(settings))
        {
            ranges[at] = settings;
            foreach (var member in peers.Values.Where(p => p.IsDynamic && p.Settings.Id.StartsWith(settings.Id + "/", StringComparison.Ordinal)).ToList())
            {
                member.Change(Member(settings, member.Settings.Address!.Value));
            }

            return;
        }

        Remove(settings.Id, reset);
        Protect(settings, settings.Password);
        if (settings.ListenRange is not null)
        {
            ranges.Add(settings);
            KeepFarOnesOut();
            return;
        }

        var peer = new PeerSession(this, settings, dynamic: false);
        peers.Add(settings.Id, peer);
        KeepFarOnesOut();
        peer.Start();
    }

    public bool Remove(string id, Notification reason)
    {
        var found = false;
        foreach (var range in ranges.Where(r => r.Id == id).ToList())
        {
            found = true;
            ranges.Remove(range);
            Protect(range, null);
            foreach (var member in peers.Keys.Where(k => k.StartsWith(id + "/", StringComparison.Ordinal)).ToList())
            {
                Remove(member, reason);
            }
        }

        if (peers.Remove(id, out var peer))
        {
            found = true;
            peer.Stop(reason);
            Routes.Remove(peer.Rib);
            Protect(peer.Settings, null);
        }

        KeepFarOnesOut();
        return found;
    }

    /// <summary>Forgets all peers, and the ranges from which they could come back.</summary>
    public void RemoveAll(Notification reason)
    {
        foreach (var id in ranges.Select(r => r.Id).Concat(peers.Keys).ToList())
        {
            Remove(id, reason);
        }
    }

    /// <exception cref="SocketException">The address or the port is not free.</exception>
    public IPEndPoint Listen(IPEndPoint at)
    {
        var socket = new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        if (at.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = true;
        }

        try
        {
            TcpOptions.SendFar(socket);
            socket.Bind(at);
            socket.Listen(128);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }

        listeners.Add(socket);
        foreach (var settings in peers.Values.Select(p => p.Settings).Concat(ranges))
        {
            Protect(settings, settings.Password);
        }

        KeepFarOnesOut();
        _ = AcceptAsync(socket);
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                // One at a time: strangers are closed before more of them are let in.
                var socket = await listener.AcceptAsync();
                var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (!TryPost(() =>
                {
                    Accept(socket);
                    seen.SetResult();
                }))
                {
                    socket.Dispose();
                    return;
                }

                await seen.Task;
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time); // Out of descriptors, or a connection that died in the queue.
            }
        }
    }

    private void Accept(Socket socket)
    {
        IpAddress address;
        try
        {
            address = TcpOptions.AddressOf(socket.RemoteEndPoint);
        }
        catch (SocketException)
        {
            socket.Dispose();
            return;
        }

        var peer = peers.Values.FirstOrDefault(p => p.Settings.Address == address && !p.Settings.Shutdown);
        var range = peer is null ? ranges.Find(r => r.ListenRange!.Value.Contains(address)) : null;
        var crowded = range is { Shutdown: false } && peers.Values.Count(p => p.IsDynamic) >= Speaker.MembersOfRanges;
        if (range is { Shutdown: false } && !crowded)
        {
            var settings = Member(range, address);
            peer = new PeerSession(this, settings, dynamic: true);
            peers.Add(settings.Id, peer);
            peer.Start();
        }

        if (peer is null)
        {
            Raise(new BgpEvent.Stranger(address.ToString(), crowded));
            socket.Dispose();
            return;
        }

        if (peer.Settings.TtlSecurity is { } hops)
        {
            TcpOptions.SetTtlSecurity(socket, hops, address.IsV6);
        }

        peer.Accept(socket);
    }

    private static PeerSettings Member(PeerSettings range, IpAddress address) =>
        range with { Id = $"{range.Id}/{address}", Address = address, ListenRange = null, Passive = true };

    /// <summary>What follows each piece of work: peers are told at once, whoever imports is given what changed.</summary>
    private void Settle()
    {
        if ((Routes.Groups.Flush() | Bmp.Continue()) && !flushPosted)
        {
            flushPosted = true;
            Post(flushMore);
        }

        if (Routes.Groups.Fed.Count > 0)
        {
            foreach (var peer in Routes.Groups.Fed)
            {
                peer.Pump?.Invoke();
            }

            Routes.Groups.Fed.Clear();
        }

        var changes = Routes.Imports.Drain();
        if (changes.Count > 0)
        {
            sink.Deliver(changes);
        }

        if (synchronised.Count > 0)
        {
            foreach (var peer in synchronised)
            {
                sink.PeerSynchronised(peer.Settings.Id);
            }

            synchronised.Clear();
            if (deferredUntil is not null && peers.Values.All(p => p.Settings.Shutdown || (p.Rib.Agreement is not null && p.IsSynchronised)))
            {
                EndDeferral();
            }
        }
    }

    private void Tick()
    {
        armed = null;
        var now = Now;
        while (leaving.TryPeek(out var left) && left.At <= now)
        {
            leaving.Dequeue().Connection.Dispose();
        }

        if (deferredUntil <= now)
        {
            EndDeferral();
        }

        foreach (var peer in peers.Values.ToList())
        {
            peer.Tick();
            if (peer is { IsDynamic: true, IsIdle: true })
            {
                peers.Remove(peer.Settings.Id);
                peer.Forget();
                Routes.Remove(peer.Rib);
            }
            else
            {
                Arm(peer.Deadline);
            }
        }

        foreach (var station in Bmp.Stations)
        {
            station.Tick();
            Arm(station.Deadline);
        }

        Arm(deferredUntil);
        Arm(leaving.TryPeek(out var next) ? next.At : null);
    }

    private void EndDeferral()
    {
        deferredUntil = null;
        Routes.Groups.Deferred = false;
        Post(static () => { }); // What follows each piece of work tells peers what has waited.
        foreach (var peer in peers.Values)
        {
            peer.Recovered();
        }
    }

    /// <summary>
    /// Where every peer has TTL security, the listeners have it themselves, so that not even the first segment of somebody far
    /// away is read. A peer without it needs a listener without it: then the option comes with the accepted connection.
    /// </summary>
    private void KeepFarOnesOut()
    {
        var all = peers.Values.Select(p => p.Settings).Concat(ranges).ToList();
        var hops = all.Count > 0 && all.TrueForAll(s => s.TtlSecurity is not null) ? all.Max(s => s.TtlSecurity!.Value) : (int?)null;
        foreach (var listener in listeners)
        {
            TcpOptions.SetFurthest(listener, hops);
        }
    }

    private void Protect(PeerSettings settings, string? password)
    {
        if (settings.Password is null || (settings.ListenRange ?? (settings.Address is { } a ? new IpPrefix(a, a.Bits) : null)) is not { } peers)
        {
            return;
        }

        foreach (var listener in listeners)
        {
            if (listener.AddressFamily == AddressFamily.InterNetworkV6 || !peers.IsV6)
            {
                TcpOptions.SetPassword(listener, peers, password);
            }
        }
    }
}
