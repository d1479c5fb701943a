using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp.Bfd;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Transport;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp;

/// <summary>Joins a peer's state machine, its connections and its part of the RIB. It runs on the speaker's loop.</summary>
internal sealed class PeerSession
{
    private static readonly TimeSpan EndOfRibPatience = TimeSpan.FromMinutes(6); // RFC 4724 §4.2 leaves the time open; FRR takes 360 s
    private static readonly TimeSpan FilterPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeastSendHold = TimeSpan.FromMinutes(8);
    private static readonly TimeSpan WatchPause = TimeSpan.FromSeconds(1);
    private const int Small = 2048;

    private readonly SpeakerLoop loop;
    private readonly Dictionary<int, Connection> connections = [];

    /// <summary>How long stale routes of a family live on, once the restart time is over (RFC 9494 §4.2): also beyond the next session, until its End-of-RIB.</summary>
    private readonly Dictionary<BgpFamily, TimeSpan> longLivedUntil = [];

    private PeerMachine machine;
    private Action? abandonDial;
    private TimeSpan? staleUntil;
    private TimeSpan? sweepAt;
    private TimeSpan? filterAt;
    private TimeSpan? restartAt;
    private TimeSpan? stallAt;
    private TimeSpan? watchAt;
    private int stalled;
    private long sentThen;
    private Agreement? last;
    private TimeSpan since;
    private long reportedMalformed;
    private string? lastError;
    private uint? watch;
    private IpAddress watchedFrom;
    private BfdStatus? bfd;

    public PeerSession(SpeakerLoop loop, PeerSettings settings, bool dynamic)
    {
        this.loop = loop;
        Settings = settings;
        IsDynamic = dynamic;
        machine = new(loop.Speaker, settings) { Restarting = loop.IsRecovering };
        Rib = loop.Routes.Add(settings);
        Rib.Address = settings.Address ?? default;
    }

    public PeerSettings Settings { get; private set; }

    /// <summary>Made by a connection out of a range, and gone with it.</summary>
    public bool IsDynamic { get; }

    public RibPeer Rib { get; }

    /// <summary>It has sent all it had, or will never say so.</summary>
    public bool IsSynchronised => last is null || machine.Phase != BgpPhase.Established || !last.SendsEndOfRib || last.Families.Items.All(Rib.Synchronised.Has);

    /// <summary>Nothing keeps it here: no connection, no stale routes, no limit that it went beyond and that still counts.</summary>
    public bool IsIdle => machine is { Phase: not BgpPhase.Established, Enabled: true } && connections.Count == 0 && staleUntil is null && longLivedUntil.Count == 0;

    /// <summary>The connection of the session that stands; none while none does.</summary>
    public SessionEnds? Ends { get; private set; }

    public PeerStatus Status => new(
        Settings, Settings.Address, machine.Phase, machine.Phase == BgpPhase.Established ? loop.Now - since : null,
        Rib.Agreement?.PeerId, [.. Rib.Agreement?.Families.Items ?? []], Rib.Paths, Rib.Malformed, Rib.AttributesDiscarded, Rib.TakenAsWithdrawn,
        Rib.Looped, Rib.Output.Waiting, machine.Phase != BgpPhase.Established && (staleUntil is not null || longLivedUntil.Count > 0), lastError)
    { Bfd = bfd };

    public TimeSpan? Deadline
    {
        get
        {
            var earliest = machine.Deadline;
            foreach (var at in (ReadOnlySpan<TimeSpan?>)[staleUntil, sweepAt, filterAt, restartAt, stallAt, watchAt])
            {
                earliest = at is null || earliest < at ? earliest : at;
            }

            foreach (var at in longLivedUntil.Values)
            {
                earliest = earliest < at ? earliest : at;
            }

            return earliest;
        }
    }

    public void Start()
    {
        if (!Settings.Shutdown)
        {
            Apply(new PeerEvent.Start());
        }
    }

    /// <summary>Takes settings that need no new session (<see cref="PeerSettings.DiffersSoftly"/>). What the peer is told and what it said is looked at again; nobody else notices.</summary>
    public void Change(PeerSettings settings)
    {
        var before = Settings;
        Settings = settings;
        machine = machine.With(settings, loop.Now);
        if (loop.Routes.Change(Rib, settings) && Rib.Agreement is { } agreement)
        {
            Ask(agreement);
        }

        if (before.Bfd != settings.Bfd)
        {
            Unwatch();
            if (machine.Phase == BgpPhase.Established)
            {
                Watch(Rib.Local);
            }
        }

        if (before.SendHoldTime != settings.SendHoldTime && stallAt is not null)
        {
            stalled = 0;
            stallAt = loop.Now + (SendHold(last!) / 4);
        }

        loop.Arm(Deadline);
        if (before.PrefixLimit == settings.PrefixLimit)
        {
            return;
        }

        Rib.Warned = false;
        if (machine is { Enabled: false } && !settings.Shutdown)
        {
            restartAt = null; // The limit that held it back is another now.
            Start();
        }
        else
        {
            CheckLimit();
        }
    }

    /// <summary>Asks for all routes again, if the peer can be asked.</summary>
    public void AskAgain()
    {
        if (Rib.Agreement is { Peer.Refresh: true } agreement)
        {
            Ask(agreement);
        }
    }

    /// <summary>Asks for all routes again: what was refused before was not kept (RFC 2918). A peer that cannot do that starts anew.</summary>
    private void Ask(Agreement agreement)
    {
        if (!agreement.Peer.Refresh)
        {
            Stop(Notification.SettingsChanged);
            Start();
            return;
        }

        foreach (var family in agreement.Families.Items)
        {
            Rib.Output.Add(new RouteRefresh(family.Afi(), RefreshKind.Request, family.Safi()).ToMessage());
        }

        Rib.Pump?.Invoke();
    }

    /// <summary>Nothing is left of it: it is watched no longer.</summary>
    public void Forget() => Unwatch();

    public void Stop(Notification reason)
    {
        Unwatch();
        Apply(new PeerEvent.Stop(reason));
    }

    /// <summary>Closes without a word: to the peer it is a restart, and it keeps our routes if that was agreed on (RFC 4724 §4.2).</summary>
    public void Abort()
    {
        abandonDial?.Invoke();
        foreach (var connection in connections.Values)
        {
            connection.Dispose();
        }
    }

    /// <summary>The speaker has recovered from its restart; OPENs no longer say so.</summary>
    public void Recovered() => machine = machine with { Restarting = false };

    public void Accept(Socket socket) => Apply(new PeerEvent.Accepted(Connect(socket)));

    public void Tick()
    {
        var now = loop.Now;
        if (staleUntil <= now)
        {
            staleUntil = null;
            var kept = last!.Peer.LongLived.Where(f => last.Ours.LongLived.Any(o => o.Family == f.Family)).ToList();
            loop.Routes.Age(Rib, FamilySet.Of(kept.Select(f => f.Family)));
            kept.ForEach(f => longLivedUntil.TryAdd(f.Family, now + TimeSpan.FromSeconds(f.Seconds))); // A time that runs already goes on.
        }

        foreach (var (family, until) in longLivedUntil)
        {
            if (until <= now)
            {
                longLivedUntil.Remove(family);
                loop.Routes.Sweep(Rib, default(FamilySet).With(family));
            }
        }

        if (sweepAt <= now)
        {
            sweepAt = null;
            longLivedUntil.Clear();
            loop.Routes.Sweep(Rib, new(byte.MaxValue));
        }

        if (filterAt <= now)
        {
            filterAt = null;
            loop.Routes.OpenFilter(Rib);
        }

        if (restartAt <= now)
        {
            restartAt = null;
            Apply(new PeerEvent.Start());
        }

        if (stallAt <= now)
        {
            LookForStall(now);
        }

        if (watchAt <= now)
        {
            Watch(Rib.Local);
        }

        while (machine.Deadline <= now)
        {
            Apply(new PeerEvent.Tick());
        }
    }

    private TimeSpan SendHold(Agreement agreement) =>
        Settings.SendHoldTime ?? (agreement.Hold * 2 is var twice && twice > LeastSendHold ? twice : LeastSendHold);

    /// <summary>A peer that keeps the session alive and takes nothing holds on to routes that are gone: four looks in a row end it (RFC 9687).</summary>
    private void LookForStall(TimeSpan now)
    {
        if (machine.Links.FirstOrDefault(l => l.Phase == LinkPhase.Established) is not { Agreement: { } agreement } link || !connections.TryGetValue(link.Id, out var connection))
        {
            stallAt = null;
            return;
        }

        stalled = connection.Output.Waiting > 0 && connection.Sent == sentThen ? stalled + 1 : 0;
        sentThen = connection.Sent;
        stallAt = now + (SendHold(agreement) / 4);
        if (stalled >= 4)
        {
            Apply(new PeerEvent.Malformed(link.Id, Notification.SendHoldExpired));
        }
    }

    private void Apply(PeerEvent e)
    {
        var before = loop.Observers.IsEmpty ? default : machine.Phase;
        (machine, var actions) = machine.On(e, loop.Now);
        foreach (var observer in loop.Observers)
        {
            if (machine.Phase is var after && after != before)
            {
                observer.Moved(this, before, after);
            }
        }

        foreach (var action in actions)
        {
            Perform(action);
        }

        loop.Arm(Deadline);
    }

    private void Perform(PeerAction action)
    {
        switch (action)
        {
            case PeerAction.Dial:
                var stop = new CancellationTokenSource();
                abandonDial = stop.Cancel;
                _ = DialAsync(stop);
                break;
            case PeerAction.AbandonDial:
                abandonDial?.Invoke();
                abandonDial = null;
                break;
            case PeerAction.Send { Link: var link, Message: var message }:
                if (connections.TryGetValue(link, out var to))
                {
                    to.SentOpen = message[18] == (byte)MessageType.Open ? [.. message.AsSpan()] : to.SentOpen;
                    to.Output.Add(message.AsSpan());
                    to.Pump();
                }

                break;
            case PeerAction.Close { Link: var link }:
                if (connections.Remove(link, out var closed))
                {
                    closed.Close();
                    loop.DisposeLater(closed);
                }

                break;
            case PeerAction.Up { Link: var link, Agreement: var agreement }:
                Up(connections[link], agreement);
                break;
            case PeerAction.Down down:
                Down(down);
                break;
        }
    }

    private void Up(Connection connection, Agreement agreement)
    {
        connection.Established = true;
        last = agreement;
        since = loop.Now;
        lastError = null;
        sweepAt = staleUntil is null && longLivedUntil.Count == 0 ? null : loop.Now + EndOfRibPatience;
        staleUntil = null;
        KeepLong(agreement.LongLivedKept);
        stallAt = agreement.Hold > TimeSpan.Zero ? loop.Now + (SendHold(agreement) / 4) : null; // Without a hold time none of them runs.
        (stalled, sentThen) = (0, 0);
        filterAt = agreement.Families.Has(BgpFamily.RtConstraint) ? loop.Now + FilterPatience : null;
        loop.Routes.Up(Rib, agreement, connection.Local, connection.Output);
        Rib.Pump = connection.Pump;
        Ends = new(connection.LocalEnd, connection.Remote, connection.SentOpen, connection.ReceivedOpen);
        Rib.IsTold = true;
        foreach (var observer in loop.Observers)
        {
            observer.Up(this);
        }

        loop.Raise(new BgpEvent.Up(Settings.Id));
        Watch(connection.Local);
        if (!agreement.SendsEndOfRib)
        {
            loop.Synchronised(this);
        }
    }

    /// <summary>The first session says from which address to watch the peer; from then on it is watched whatever becomes of sessions.</summary>
    private void Watch(IpAddress local)
    {
        if (Settings.Bfd is not { } settings || (watch is not null && watchedFrom == local))
        {
            return;
        }

        var again = watchAt is not null;
        Unwatch();
        try
        {
            watchedFrom = local;
            uint? id = null;
            watch = id = loop.Bfd.Watch(local, Settings.Address!.Value, settings, now => loop.Post(() => Detected(id, now)));
            lastError = again ? null : lastError;
        }
        catch (SocketException)
        {
            lastError = $"the BFD port of {local} is not free";
            watchAt = loop.Now + WatchPause;
        }
    }

    private void Unwatch()
    {
        watchAt = null;
        if (watch is { } id)
        {
            loop.Bfd.Forget(id);
            (watch, bfd) = (null, null);
        }
    }

    private void Detected(uint? from, BfdStatus now)
    {
        if (from is null || from != watch)
        {
            return; // Of a session that ended before it was heard.
        }

        var (before, after) = (bfd?.State == BfdState.Up, now.State == BfdState.Up);
        bfd = now;
        if (before == after)
        {
            return;
        }

        loop.Raise(new BgpEvent.Detected(Settings.Id, after));
        if (before && now.Peer != BfdState.AdminDown && machine.Links.FirstOrDefault(l => l.Phase == LinkPhase.Established) is { } link)
        {
            Apply(new PeerEvent.Malformed(link.Id, Notification.BfdDown)); // RFC 9384
        }
    }

    private void Down(PeerAction.Down how)
    {
        foreach (var observer in loop.Observers)
        {
            observer.Down(this, how);
        }

        Ends = null;
        Rib.IsTold = false;
        lastError = how.Reason;
        filterAt = sweepAt = stallAt = watchAt = null;
        var kept = how.Keep ? last!.RestartFamilies : default;
        Rib.Pump = null;
        KeepLong(kept);
        loop.Routes.Down(Rib, kept);
        if (!kept.IsEmpty)
        {
            staleUntil = loop.Now + TimeSpan.FromSeconds(last!.Peer.Restart!.Seconds);
        }

        loop.Raise(new BgpEvent.Down(Settings.Id, how.Reason, how.Keep));
    }

    /// <summary>Stale routes of all other families are gone.</summary>
    private void KeepLong(FamilySet families)
    {
        foreach (var family in longLivedUntil.Keys.Where(f => !families.Has(f)).ToList())
        {
            longLivedUntil.Remove(family);
        }
    }

    private int Connect(Socket socket)
    {
        var connection = new Connection(loop.NextLink(), socket, loop.Routes.NewQueue(), loop.Post) { OnBytes = OnBytes, OnClosed = OnClosed };
        connections.Add(connection.Link, connection);
        connection.Start();
        return connection.Link;
    }

    private void OnClosed(Connection connection) => Apply(new PeerEvent.Closed(connection.Link));

    private int OnBytes(Connection connection, ReadOnlyMemory<byte> bytes)
    {
        var used = 0;
        var heard = false;
        while (connections.ContainsKey(connection.Link))
        {
            var longest = connection.Established ? last!.LongestMessage : BgpMessage.Longest;
            var rest = bytes.Span[used..];
            var fault = BgpMessage.Frame(rest, longest, out var length, out var type);
            if (fault is null && length > 0)
            {
                var body = rest[BgpMessage.HeaderLength..length];
                used += length;
                foreach (var observer in loop.Observers)
                {
                    observer.Received(this, connection.Local, rest[..length]);
                }

                connection.ReceivedOpen = type == MessageType.Open ? rest[..length].ToArray() : connection.ReceivedOpen;
                if (type == MessageType.Update && connection.Established)
                {
                    heard = true;
                    fault = Update(body, bytes.Length < Small);
                }
                else
                {
                    fault = Message(connection, type, body);
                }
            }
            else if (fault is null)
            {
                break;
            }

            if (fault is not null)
            {
                Apply(new PeerEvent.Malformed(connection.Link, fault));
            }
        }

        if (heard)
        {
            Apply(new PeerEvent.Heard(connection.Link));
        }

        if (Rib.Malformed > reportedMalformed)
        {
            reportedMalformed = Rib.Malformed;
            loop.Raise(new BgpEvent.MalformedRoutes(Settings.Id, Rib.Malformed));
        }

        return used;
    }

    private Notification? Message(Connection connection, MessageType type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case MessageType.Open:
                var open = OpenMessage.Read(body, out var fault);
                if (open is not null)
                {
                    Apply(new PeerEvent.Opened(connection.Link, open));
                }

                return fault;
            case MessageType.Keepalive:
                Apply(new PeerEvent.Kept(connection.Link));
                return null;
            case MessageType.Notification:
                Apply(new PeerEvent.Notified(connection.Link, Notification.Read(body)));
                return null;
            case MessageType.RouteRefresh when connection.Established:
                var refresh = RouteRefresh.Read(body);
                if (refresh.Kind is RefreshKind.Begin or RefreshKind.End && body.Length != RouteRefresh.Length && last!.EnhancedRefresh)
                {
                    return Notification.BadRefreshLength(BgpText.Whole(type, body));
                }

                Refresh(refresh);
                Apply(new PeerEvent.Heard(connection.Link));
                return null;
            default:
                Apply(new PeerEvent.Heard(connection.Link)); // Not in this phase: the machine says so.
                return null;
        }
    }

    private Notification? Update(ReadOnlySpan<byte> body, bool first)
    {
        var outcome = loop.Routes.Update(Rib, body, first);
        if (outcome.EndOfRib is { } family)
        {
            longLivedUntil.Remove(family);
            filterAt = Rib.Filter is { Ready: false } ? filterAt : null;
            if (last!.Families.Items.All(Rib.Synchronised.Has))
            {
                sweepAt = null;
                loop.Synchronised(this);
            }
        }

        return outcome.Fault ?? CheckLimit();
    }

    private Notification? CheckLimit()
    {
        if (Settings.PrefixLimit is not { } limit)
        {
            return null;
        }

        if (Rib.Paths > limit.Max)
        {
            restartAt = loop.Now + limit.RestartAfter;
            Stop(Notification.PrefixLimit);
            return null;
        }

        if (!Rib.Warned && Rib.Paths * 100L >= (long)limit.Max * limit.WarnPercent)
        {
            Rib.Warned = true;
            loop.Raise(new BgpEvent.ManyRoutes(Settings.Id, Rib.Paths, limit.Max));
        }

        return null;
    }

    private void Refresh(RouteRefresh refresh)
    {
        if (Families.Find(refresh.Afi, refresh.Safi) is not { } family || !Rib.Rules.Families.Has(family))
        {
            return; // RFC 2918 §4: a family that was not agreed on is ignored.
        }

        switch (refresh.Kind)
        {
            case RefreshKind.Request:
                loop.Routes.Groups.Refresh(Rib, family);
                break;
            case RefreshKind.Begin when last!.EnhancedRefresh:
                loop.Routes.MarkStale(Rib, default(FamilySet).With(family));
                break;
            case RefreshKind.End when last!.EnhancedRefresh:
                loop.Routes.Sweep(Rib, default(FamilySet).With(family));
                break;
        }
    }

    private async Task DialAsync(CancellationTokenSource stop)
    {
        var address = Settings.Address!.Value;
        var socket = new Socket(address.IsV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (Settings.LocalAddress is { } local)
            {
                socket.Bind(new IPEndPoint(local.ToIPAddress(), 0));
            }

            if (Settings.Password is not null)
            {
                TcpOptions.SetPassword(socket, new IpPrefix(address, address.Bits), Settings.Password);
            }

            if (Settings.TtlSecurity is { } hops)
            {
                TcpOptions.SetTtlSecurity(socket, hops, address.IsV6);
            }

            await socket.ConnectAsync(new IPEndPoint(address.ToIPAddress(), Settings.Port), stop.Token);
            loop.Post(() =>
            {
                if (stop.IsCancellationRequested)
                {
                    socket.Dispose();
                    return;
                }

                abandonDial = null;
                Apply(new PeerEvent.Dialed(Connect(socket)));
            });
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            socket.Dispose();
            loop.Post(() =>
            {
                if (!stop.IsCancellationRequested)
                {
                    abandonDial = null;
                    if (lastError != e.Message)
                    {
                        lastError = e.Message;
                        loop.Raise(new BgpEvent.Unreachable(Settings.Id, e.Message));
                    }

                    Apply(new PeerEvent.DialFailed());
                }
            });
        }
    }
}
