using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Session;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>The one loop around the session with a host: bytes, the clock and wishes go in, what the session wants is done.</summary>
internal sealed class OvsdbHostConnection : IHostConnection
{
    private readonly Stream stream;
    private readonly OvsdbPeer peer;
    private readonly TimeProvider clock;
    private readonly long startedAt;
    private readonly ILogger log;

    // Full: the reader waits, and TCP makes the peer wait. A wish waits likewise.
    private readonly Channel<IReadOnlyList<JsonRpcMessage>> received = Channel.CreateBounded<IReadOnlyList<JsonRpcMessage>>(4);
    private readonly Channel<HostEvent> posted = Channel.CreateBounded<HostEvent>(16);

    // Full: the older inventory is of no interest any more.
    private readonly Channel<HostInventory> shown = Channel.CreateBounded<HostInventory>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private readonly TaskCompletionSource<string> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HostMachine machine;
    private string? closing;

    private OvsdbHostConnection(Stream stream, string name, IpAddress? local, IpAddress? remote, OvsdbOptions options, TimeProvider clock, ILogger log)
    {
        this.stream = stream;
        this.clock = clock;
        this.log = log;
        Peer = name;
        startedAt = clock.GetTimestamp();
        peer = new OvsdbPeer(stream, options.Limits, options.Times.Write, clock, options.Unfinished);
        machine = new HostMachine(new JsonRpcMachine(options.Times.Session, TimeSpan.Zero), options.Times, local, remote);
    }

    public string Peer { get; }

    public PeerIdentity? Identity { get; private init; }

    public HostInventory Inventory { get; private set; } = new();

    public Task<string> Closed => closed.Task;

    /// <summary>Starts the session over a connected stream, which it owns from now on.</summary>
    public static OvsdbHostConnection Start(
        Stream stream, string name, IpAddress? local, IpAddress? remote, OvsdbOptions options, TimeProvider clock, ILogger log, PeerIdentity? identity = null)
    {
        var connection = new OvsdbHostConnection(stream, name, local, remote, options, clock, log) { Identity = identity };
        _ = connection.RunAsync();
        return connection;
    }

    /// <summary>True when the first inventory is there, false when the session ended before.</summary>
    public Task<bool> ReadyAsync() => ready.Task;

    public async IAsyncEnumerable<HostInventory> InventoriesAsync([EnumeratorCancellation] CancellationToken stop = default)
    {
        await foreach (var inventory in shown.Reader.ReadAllAsync(stop))
        {
            yield return inventory;
        }
    }

    public async Task ApplyAsync(ImmutableArray<HostChange> changes, CancellationToken stop = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await posted.Writer.WriteAsync(new HostEvent.Apply(done, changes), stop);
        }
        catch (ChannelClosedException)
        {
            throw new HostChangeException(HostChangeFault.Disconnected, null, await Closed);
        }

        await done.Task.WaitAsync(stop);
    }

    public void Close(string reason)
    {
        Interlocked.CompareExchange(ref closing, reason, null);
        stream.Dispose(); // The reader finds it closed, and the loop ends as if the peer had gone.
    }

    private TimeSpan Now => clock.GetElapsedTime(startedAt);

    private async Task RunAsync()
    {
        var reading = ReadAsync();
        string reason;
        try
        {
            reason = await LoopAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            reason = closing ?? e.GetBaseException().Message;
        }
        catch (Exception mistake)
        {
            reason = "a mistake of ours";
            log.SessionBroken(Peer, mistake);
        }

        await EndAsync(reason, reading);
    }

    /// <summary>The peer's bytes; when they end, so does the session, after what had come before was handled.</summary>
    private async Task ReadAsync()
    {
        var reason = await peer.ReadAsync(received.Writer);
        Interlocked.CompareExchange(ref closing, reason, null);
        received.Writer.TryComplete();
    }

    private async Task<string> LoopAsync()
    {
        await StepAsync([new HostEvent.Connected()]);
        var batch = received.Reader.WaitToReadAsync().AsTask();
        var wish = posted.Reader.WaitToReadAsync().AsTask();
        while (true)
        {
            await WaitAsync(batch, wish);
            if (batch.IsCompleted)
            {
                if (!await batch)
                {
                    return closing!;
                }

                while (received.Reader.TryRead(out var messages))
                {
                    await StepAsync([.. messages.Select(message => new HostEvent.Received(message)), new HostEvent.Settled()]);
                }

                batch = received.Reader.WaitToReadAsync().AsTask();
            }

            if (wish.IsCompleted)
            {
                await wish;
                while (posted.Reader.TryRead(out var e))
                {
                    await StepAsync([e]);
                }

                wish = posted.Reader.WaitToReadAsync().AsTask();
            }

            await StepAsync([new HostEvent.Tick()]);
        }
    }

    private async Task WaitAsync(Task batch, Task wish)
    {
        var left = machine.Deadline - Now;
        if (left <= TimeSpan.Zero)
        {
            return;
        }

        using var awake = new CancellationTokenSource();
        await Task.WhenAny(batch, wish, Task.Delay(left, clock, awake.Token));
        await awake.CancelAsync();
    }

    private async Task StepAsync(IEnumerable<HostEvent> events)
    {
        string? close = null;
        foreach (var e in events)
        {
            if (log.IsEnabled(LogLevel.Debug) && e is HostEvent.Received { Message: var message })
            {
                log.OvsdbMessage(Peer, "sent", message.ToString());
            }

            var (next, actions) = machine.On(e, Now);
            machine = next;
            foreach (var action in actions)
            {
                close ??= Perform(action);
            }
        }

        await peer.FlushAsync();
        if (close is not null)
        {
            throw new IOException(close);
        }
    }

    /// <summary>Does what the session wants; returns the reason when that is to end.</summary>
    private string? Perform(HostAction action)
    {
        switch (action)
        {
            case HostAction.Send { Message: var message }:
                if (log.IsEnabled(LogLevel.Debug))
                {
                    log.OvsdbMessage(Peer, "was sent", message.ToString());
                }

                peer.Add(message);
                break;
            case HostAction.Show { Inventory: var inventory }:
                Inventory = inventory;
                shown.Writer.TryWrite(inventory);
                if (ready.TrySetResult(true))
                {
                    log.HostConnected(inventory.SystemId ?? "without system-id", Peer, inventory.OvsVersion ?? "of an unknown version");
                }

                break;
            case HostAction.Applied { Ticket: TaskCompletionSource done }:
                done.TrySetResult();
                break;
            case HostAction.Failed { Ticket: TaskCompletionSource done, Why: var why }:
                done.TrySetException(why);
                break;
            case HostAction.Close { Reason: var reason }:
                return reason;
        }

        return null;
    }

    private async Task EndAsync(string reason, Task reading)
    {
        await stream.DisposeAsync();
        received.Writer.TryComplete(); // The reader may wait for room.
        await reading;
        posted.Writer.Complete();
        var (ended, failed) = machine.On(new HostEvent.Lost(reason), Now);
        machine = ended;
        foreach (var action in failed)
        {
            Perform(action);
        }

        while (posted.Reader.TryRead(out var e))
        {
            foreach (var action in machine.On(e, Now).Do)
            {
                Perform(action);
            }
        }

        if (ready.TrySetResult(false))
        {
            log.PeerDropped(Peer, reason);
        }
        else
        {
            log.HostDisconnected(Inventory.SystemId ?? "without system-id", Peer, reason);
        }

        shown.Writer.Complete();
        closed.SetResult(reason);
    }
}
