using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Evpn;
using Dwcp.Sdn.Fabric.Intent;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// Runs the BGP speaker that the fabric asks for, and none without: its peers, the targets that it imports, our routes. What
/// the speaker hears goes to the fabric, and what can be seen of it.
/// </summary>
/// <param name="data">The data directory, in which MRT files have a folder.</param>
internal sealed class BgpLoop(FabricLoop fabric, IPEndPoint endpoint, string data, TimeProvider time, ILogger<BgpLoop> log) : IAsyncDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }); // Full: a wake-up waits already.

    // A fault of the speaker ends the loop, as its own would.
    private readonly TaskCompletionSource failed = new();

    private readonly Dictionary<string, PeerSettings> peers = [];
    private readonly Dictionary<string, DateTimeOffset> establishedAt = [];
    private EquatableArray<RouteTarget> imports;
    private EquatableArray<BmpStationSpec> stations;
    private MrtSpec? files;
    private SpeakerSettings? settings;
    private RouteDelivery? delivery;
    private volatile BgpSpeaker? speaker;
    private string? listening;
    private string? trouble;
    private bool restarting = true;

    public void Wake() => wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken stop)
    {
        var waiting = WaitForPeersAsync(stop);
        var looking = LookAsync(stop);
        Wake();
        await await Task.WhenAny(failed.Task, looking, PassAsAskedAsync(stop));
        await Task.WhenAll(waiting, looking);
    }

    /// <summary>Ends without a word, so that peers with graceful restart keep our routes until the controller is back.</summary>
    public async ValueTask DisposeAsync() => await EndAsync(null);

    /// <summary>Routes of the speaker; null when there is none.</summary>
    public async Task<HeldRoutes?> ReadRoutesAsync(HeldRouteQuery query, CancellationToken stop)
    {
        if (speaker is not { } running)
        {
            return null;
        }

        try
        {
            var page = await running.RoutesAsync(
                new RouteQuery { Type = query.Type, Vni = query.Vni, Mac = query.Mac, Address = query.Address, Peer = query.Peer, BestOnly = query.BestOnly },
                query.From,
                query.Limit).WaitAsync(stop);
            return new HeldRoutes(
                [.. page.Items.Select(v => new HeldRoute(v.Route, v.Attributes, v.Peer, v.Object, v.Best, v.Decided.ToString(), v.Stale))], page.Next);
        }
        catch (ObjectDisposedException)
        {
            return null; // It has ended in the meantime.
        }
    }

    private async Task PassAsAskedAsync(CancellationToken stop)
    {
        while (await wake.Reader.WaitToReadAsync(stop))
        {
            wake.Reader.TryRead(out _);
            await PassAsync(stop);
        }
    }

    private async Task PassAsync(CancellationToken stop)
    {
        var work = await fabric.AskAsync(
            m => m.TakeBgp(m.Intent.BgpSpeaker is { } now && (settings is null || !IsSame(settings, now))), stop);
        if (work.Speaker is null)
        {
            await EndAsync("the speaker was removed");
            restarting = false;
            return;
        }

        if (settings is null || !IsSame(settings, work.Speaker))
        {
            await EndAsync("the speaker's settings changed");
            Begin(work.Speaker, stop);
        }

        restarting = false;
        var running = speaker!;
        if (imports != work.Imports)
        {
            imports = work.Imports;
            await running.ImportAsync(imports.Items);
        }

        if (stations != work.Speaker.Spec.Bmp)
        {
            stations = work.Speaker.Spec.Bmp;
            await running.MonitorAsync(OutputForm.Stations(work.Speaker.Spec));
        }

        if (files != work.Speaker.Spec.Mrt)
        {
            files = work.Speaker.Spec.Mrt;
            await running.RecordAsync(OutputForm.Files(work.Speaker.Spec, data));
        }

        // New places first: a MAC that moved is never nowhere.
        await running.OriginateAsync(work.Orders.Announce);
        if (!work.Orders.Withdraw.IsEmpty)
        {
            await running.WithdrawAsync(work.Orders.Withdraw);
        }

        foreach (var gone in peers.Keys.Except(work.Peers.Keys).ToList())
        {
            peers.Remove(gone);
            await running.RemovePeerAsync(gone);
        }

        foreach (var peer in work.Peers.Values)
        {
            var wanted = PeerForm.Of(peer, work.Speaker);
            if (peers.GetValueOrDefault(peer.Id) != wanted)
            {
                peers[peer.Id] = wanted;
                await PutAsync(running, wanted, stop);
            }
        }

        await ListenAsync(running);
    }

    private async Task PutAsync(BgpSpeaker running, PeerSettings wanted, CancellationToken stop)
    {
        try
        {
            await running.PutPeerAsync(wanted);
        }
        catch (SocketException e)
        {
            await fabric.PostAsync(m => m.PeerHappened(wanted.Id, "PeerRefused", $"its settings cannot be carried out: {e.Message}"), stop);
        }
    }

    private static bool IsSame(SpeakerSettings now, BgpSpeakerIntent wanted) =>
        now.LocalAs == wanted.LocalAs && now.RouterId == wanted.RouterId && now.ClusterId == wanted.ClusterId;

    private void Begin(BgpSpeakerIntent wanted, CancellationToken stop)
    {
        settings = new SpeakerSettings(wanted.LocalAs, wanted.RouterId, wanted.ClusterId) { Restarting = restarting };
        delivery = new RouteDelivery(fabric, stop);
        speaker = new BgpSpeaker(settings, delivery, e => _ = TellAsync(e, stop), time);
        _ = speaker.Ended.ContinueWith(t => failed.TrySetException(t.Exception!.InnerExceptions), stop, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        log.SpeakerStarted(wanted.LocalAs, wanted.RouterId);
    }

    private async Task EndAsync(string? goodbye)
    {
        if (speaker is not { } running)
        {
            return;
        }

        speaker = null;
        if (goodbye is not null)
        {
            await running.ShutdownAsync(goodbye);
        }

        await running.DisposeAsync();
        await delivery!.EndAsync();
        (settings, delivery, listening, trouble, imports, stations, files) = (null, null, null, null, [], [], null);
        peers.Clear();
        log.SpeakerEnded();
        if (goodbye is not null)
        {
            await fabric.PostAsync(
                m =>
                {
                    m.RoutesForgotten();
                    m.BgpSeen(null, ImmutableDictionary<string, EquatableArray<BgpSession>>.Empty);
                },
                CancellationToken.None);
        }
    }

    private async Task ListenAsync(BgpSpeaker running)
    {
        if (listening is not null)
        {
            return;
        }

        try
        {
            listening = (await running.ListenAsync(endpoint)).ToString();
            trouble = null;
        }
        catch (SocketException e)
        {
            trouble = $"it cannot listen on {endpoint}: {e.Message}";
        }
    }

    /// <summary>Shows the speaker and its sessions as they are, now and then.</summary>
    private async Task LookAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            if (speaker is not { } running)
            {
                establishedAt.Clear();
                continue;
            }

            try
            {
                var (routes, paths) = await running.CountAsync().WaitAsync(Patience, time, stop);
                var told = (await running.StationsAsync().WaitAsync(Patience, time, stop)).Select(OutputForm.Of).ToEquatableArray();
                var seen = Group(await running.PeersAsync().WaitAsync(Patience, time, stop));
                if (speaker == running)
                {
                    var sight = new BgpSight(listening, routes, paths, trouble, told, OutputForm.Of(running.Recording));
                    await fabric.PostAsync(m => m.BgpSeen(sight, seen), stop);
                }
            }
            catch (Exception e) when (e is ObjectDisposedException or TimeoutException)
            {
                // It has ended while it was asked, and another may run; or it is busy beyond all measure.
            }

            if (trouble is not null)
            {
                Wake();
            }
        }
    }

    /// <summary>Sessions by the object that they come from: members of a range have its id before the slash.</summary>
    private Dictionary<string, EquatableArray<BgpSession>> Group(IReadOnlyList<PeerStatus> statuses) => statuses
        .OrderBy(s => s.Settings.Id, StringComparer.Ordinal)
        .GroupBy(s => s.Settings.Id.Split('/')[0])
        .ToDictionary(g => g.Key, g => g.Select(Session).ToEquatableArray());

    private BgpSession Session(PeerStatus status)
    {
        var id = status.Settings.Id;
        if (status.Since is not { } since)
        {
            establishedAt.Remove(id);
        }
        else if (time.GetUtcNow() - since is var at && (!establishedAt.TryGetValue(id, out var known) || (known - at).Duration() > TimeSpan.FromSeconds(1)))
        {
            establishedAt[id] = at;
        }

        return new BgpSession(
            status.Address?.ToString(),
            status.Phase.ToString().ToUpperInvariant(),
            establishedAt.TryGetValue(id, out var stands) ? stands : null,
            status.RouterId?.ToString(),
            status.Families.Select(PeerForm.WordOf).ToEquatableArray(),
            status.Routes,
            status.Malformed,
            status.Stale,
            status.LastError,
            status.Bfd is { } bfd ? PeerForm.Of(bfd) : null);
    }

    private async Task TellAsync(BgpEvent happened, CancellationToken stop)
    {
        var (name, message) = happened switch
        {
            BgpEvent.Up => ("PeerEstablished", "the session stands"),
            BgpEvent.Down { Kept: true, Reason: var reason } => ("PeerLost", $"{reason}; its routes are kept while it restarts"),
            BgpEvent.Down { Reason: var reason } => ("PeerLost", reason),
            BgpEvent.Unreachable { Reason: var reason } => ("PeerUnreachable", reason),
            BgpEvent.Detected { Alive: true } => ("PeerAlive", "BFD hears the peer"),
            BgpEvent.Detected => ("PeerSilent", "BFD hears the peer no longer"),
            BgpEvent.ManyRoutes { Count: var count, Max: var max } => ("PeerNearsLimit", $"{count} of {max} routes"),
            BgpEvent.MalformedRoutes { Total: var total } => ("PeerSentMalformedRoutes", $"{total} routes so far were left out or withdrawn; the session goes on"),
            BgpEvent.Stranger { Crowded: true } => ("PeerUnknown", "a connection of one more peer of a range was refused: ranges have as many as they may"),
            _ => ("PeerUnknown", "a connection from an address of no peer was refused"),
        };
        try
        {
            await fabric.PostAsync(m => m.PeerHappened(happened.Peer, name, message), stop);
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    /// <summary>After the start, what a peer announced before is waited for until its restart time is over, and no longer.</summary>
    private async Task WaitForPeersAsync(CancellationToken stop)
    {
        var waits = await fabric.AskAsync(m => m.Unsynchronised.Select(id => m.Intent.BgpPeers[id]).ToList(), stop);
        await Task.WhenAll(waits.Select(async peer =>
        {
            await Task.Delay(peer.RestartTime, time, stop);
            await fabric.PostAsync(m => m.PeerSynchronised(peer.Id), stop);
        }));
    }
}
