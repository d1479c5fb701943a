using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;

namespace Dwcp.Sdn.Southbound.Ovsdb.Client;

/// <summary>
/// A client of any OVSDB server, RFC 7047 §4.1 and what ovsdb-server(7) adds: schemas, transactions, monitors and locks over one
/// connection. All members may be used from any thread; when the connection ends, what is under way fails with <see cref="IOException"/>.
/// </summary>
public sealed class OvsdbClient : IAsyncDisposable
{
    private readonly Stream stream;
    private readonly OvsdbPeer peer;
    private readonly TimeProvider clock;
    private readonly long startedAt;
    private readonly Dictionary<string, OvsdbMonitor> monitors = [];
    private readonly HashSet<Question> open = [];
    private readonly TaskCompletionSource<string> closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Full: the reader waits, and TCP makes the server wait. A caller waits likewise.
    private readonly Channel<IReadOnlyList<JsonRpcMessage>> received = Channel.CreateBounded<IReadOnlyList<JsonRpcMessage>>(4);
    private readonly Channel<JsonRpcEvent> posted = Channel.CreateBounded<JsonRpcEvent>(64);

    private JsonRpcMachine machine;
    private string? closing;
    private int lastMonitor;

    private OvsdbClient(Stream stream, OvsdbOptions options, TimeProvider clock)
    {
        this.stream = stream;
        this.clock = clock;
        startedAt = clock.GetTimestamp();
        peer = new OvsdbPeer(stream, options.Limits, options.Times.Write, clock);
        machine = new JsonRpcMachine(options.Times.Session, TimeSpan.Zero);
    }

    /// <summary>A lock that we asked for has become ours (true), or somebody has stolen it (false). Called by the connection's own loop: do not block it.</summary>
    public event Action<string, bool>? LockChanged;

    /// <summary>Completes with the reason when the connection ends; never fails.</summary>
    public Task<string> Closed => closed.Task;

    /// <summary>Connects to <c>tcp:ADDRESS:PORT</c> (an IPv6 address in brackets) or <c>unix:PATH</c>.</summary>
    /// <exception cref="FormatException">The target is none.</exception>
    /// <exception cref="IOException">No connection, or none in time.</exception>
    public static async Task<OvsdbClient> ConnectAsync(string target, OvsdbOptions? options = null, TimeProvider? clock = null, CancellationToken stop = default)
    {
        if (!OvsdbDialer.TryParse(target, out var end) || OvsdbDialer.IsSecure(target))
        {
            throw new FormatException($"'{target}' is neither tcp:ADDRESS:PORT nor unix:PATH");
        }

        var within = (options ?? new OvsdbOptions()).Times.Connect;
        var socket = await OvsdbDialer.ConnectAsync(target, end, within, clock ?? TimeProvider.System, stop);
        return Start(new NetworkStream(socket, ownsSocket: true), options, clock);
    }

    /// <summary>Begins over a stream that is connected already, which it owns from now on.</summary>
    public static OvsdbClient Start(Stream stream, OvsdbOptions? options = null, TimeProvider? clock = null)
    {
        var client = new OvsdbClient(stream, options ?? new OvsdbOptions(), clock ?? TimeProvider.System);
        _ = client.RunAsync();
        // A server from 2.9 on tells those who say this when it ends their monitors, instead of ending their connection.
        client.posted.Writer.TryWrite(new JsonRpcEvent.Ask(new Question(static _ => { }, static _ => { }), "set_db_change_aware", JsonElement.Parse("[true]")));
        return client;
    }

    /// <summary>The databases that the server has (§4.1.1).</summary>
    public Task<EquatableArray<string>> ListDatabasesAsync(CancellationToken stop = default) => AskAsync(
        "list_dbs", MonitorParams.Texts(), static result => result.Items("the databases").Select(name => name.Text("a database")).ToEquatableArray(), patient: false, stop);

    /// <summary>A database's schema (§4.1.2).</summary>
    public Task<OvsdbSchema> GetSchemaAsync(string database, CancellationToken stop = default) =>
        AskAsync("get_schema", MonitorParams.Texts(database), OvsdbSchema.Read, patient: false, stop);

    /// <summary>The server's own id, new with every start of it (ovsdb-server(7), Server ID).</summary>
    public Task<Guid> GetServerIdAsync(CancellationToken stop = default) =>
        AskAsync("get_server_id", MonitorParams.Texts(), static result => Guid.TryParseExact(result.Text("a server's id"), "D", out var id) ? id : throw new WireException("a server's id is no UUID"), patient: false, stop);

    /// <summary>
    /// Gives a database another schema, a JSON object as RFC 7047 §3.2 describes, and converts what it holds (ovsdb-server(7), Schema
    /// Conversion). Its monitors end, and those of this library begin anew.
    /// </summary>
    /// <exception cref="OvsdbException">The schema is none, or what the database holds does not fit it.</exception>
    public Task ConvertAsync(string database, JsonElement schema, CancellationToken stop = default) =>
        AskAsync("convert", MonitorParams.Convert(database, schema), static _ => true, patient: true, stop);

    /// <summary>Carries a transaction out (§4.1.3); <paramref name="stop"/> cancels it on the server too, if it still waits (§4.1.4).</summary>
    /// <exception cref="OvsdbException">The server refused it; nothing of it was done.</exception>
    public Task<EquatableArray<OvsdbResult>> TransactAsync(OvsdbTransaction transaction, CancellationToken stop = default)
    {
        var operations = transaction.Count;
        return AskAsync("transact", transaction.End(), result => OvsdbResult.Read(result, operations), patient: true, stop);
    }

    /// <summary>Watches tables of a database. An older server is asked in the ways that it knows.</summary>
    /// <param name="resume">What an earlier monitor of the same tables had shown.</param>
    /// <exception cref="OvsdbException">The server refused it, or is too old for its conditions.</exception>
    public async Task<OvsdbMonitor> MonitorAsync(
        OvsdbSchema schema, IEnumerable<MonitorTable> tables, OvsdbResume? resume = null, CancellationToken stop = default)
    {
        var monitor = new OvsdbMonitor(this, $"m{Interlocked.Increment(ref lastMonitor)}", schema, [.. tables]);
        while (true)
        {
            try
            {
                var from = resume?.Database.Schema.Version == schema.Version && monitor.Style == MonitorStyle.Since ? resume : null;
                return await AskAsync(MonitorParams.MethodOf(monitor.Style), monitor.Request(from?.Transaction ?? Guid.Empty), result => Begin(monitor, result, from), patient: false, stop);
            }
            catch (OvsdbException old) when (old.Error.StartsWith("unknown method", StringComparison.Ordinal) && monitor.Style != MonitorStyle.Plain)
            {
                monitor.Style--;
                if (monitor is { Style: MonitorStyle.Plain, HasConditions: true })
                {
                    throw;
                }
            }
        }
    }

    /// <summary>Asks for a lock (§4.1.8): true when it is ours at once, else <see cref="LockChanged"/> tells when it is.</summary>
    public Task<bool> LockAsync(string name, CancellationToken stop = default) => LockAsync("lock", name, stop);

    /// <summary>Takes a lock from whoever has it (§4.1.8).</summary>
    public Task<bool> StealAsync(string name, CancellationToken stop = default) => LockAsync("steal", name, stop);

    /// <summary>Gives a lock back, or no longer waits for it (§4.1.8).</summary>
    public Task UnlockAsync(string name, CancellationToken stop = default) =>
        AskAsync("unlock", MonitorParams.Texts(name), static _ => true, patient: false, stop);

    /// <summary>Asks for an echo (§4.1.11); what comes back is what was sent.</summary>
    public Task EchoAsync(CancellationToken stop = default) => AskAsync("echo", MonitorParams.Texts("dwcp"), static _ => true, patient: false, stop);

    public async ValueTask DisposeAsync()
    {
        Interlocked.CompareExchange(ref closing, "closed by us", null);
        await stream.DisposeAsync(); // The reader finds it closed, and the loop ends as if the server had gone.
        await closed.Task;
    }

    internal async Task<T> AskAsync<T>(string method, JsonElement parameters, Func<JsonElement, T> read, bool patient, CancellationToken stop)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var question = new Question(
            response =>
            {
                if (response.Error.ValueKind != JsonValueKind.Null)
                {
                    var (word, details) = OvsdbError.Read(response.Error);
                    _ = word == "canceled" && stop.IsCancellationRequested ? done.TrySetCanceled(stop) : done.TrySetException(new OvsdbException(word, details));
                    return;
                }

                try
                {
                    done.TrySetResult(read(response.Result));
                }
                catch (OvsdbException refused)
                {
                    done.TrySetException(refused);
                }
            },
            reason => done.TrySetException(new IOException(reason)));
        try
        {
            await posted.Writer.WriteAsync(new JsonRpcEvent.Ask(question, method, parameters) { Patient = patient }, stop);
        }
        catch (ChannelClosedException)
        {
            throw new IOException(await Closed);
        }

        await using var given = stop.Register(() => _ = CancelAsync(question));
        return await done.Task;
    }

    internal void Forget(OvsdbMonitor monitor)
    {
        lock (monitors)
        {
            monitors.Remove(monitor.Name);
        }
    }

    private async Task<bool> LockAsync(string method, string name, CancellationToken stop) => await AskAsync(
        method, MonitorParams.Texts(name), static result => result.Member("locked", "the answer to lock").ValueKind == JsonValueKind.True, patient: false, stop);

    private OvsdbMonitor Begin(OvsdbMonitor monitor, JsonElement result, OvsdbResume? from)
    {
        lock (monitors)
        {
            monitors[monitor.Name] = monitor;
        }

        monitor.Begin(result, from);
        return monitor;
    }

    private async Task CancelAsync(Question question)
    {
        try
        {
            await posted.Writer.WriteAsync(new JsonRpcEvent.Cancel(question));
        }
        catch (ChannelClosedException)
        {
            return; // It has ended anyway.
        }
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
        catch (Exception e) when (e is IOException or ObjectDisposedException or WireException)
        {
            reason = closing ?? e.GetBaseException().Message;
        }
        catch (Exception mistake)
        {
            // Ours, or that of whoever hears of locks: nobody waits for an answer for ever.
            reason = $"failed here: {mistake.Message}";
        }

        await stream.DisposeAsync();
        received.Writer.TryComplete();
        await reading;
        posted.Writer.Complete();
        while (posted.Reader.TryRead(out var e))
        {
            if (e is JsonRpcEvent.Ask { Purpose: Question late })
            {
                open.Add(late);
            }
        }

        foreach (var question in open)
        {
            question.OnLost(reason);
        }

        lock (monitors)
        {
            foreach (var monitor in monitors.Values)
            {
                monitor.End(reason);
            }
        }

        closed.SetResult(reason);
    }

    private async Task ReadAsync()
    {
        var reason = await peer.ReadAsync(received.Writer);
        Interlocked.CompareExchange(ref closing, reason, null);
        received.Writer.TryComplete();
    }

    private async Task<string> LoopAsync()
    {
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
                    foreach (var message in messages)
                    {
                        Step(new JsonRpcEvent.Received(message));
                    }
                }

                batch = received.Reader.WaitToReadAsync().AsTask();
            }

            if (wish.IsCompleted)
            {
                await wish;
                while (posted.Reader.TryRead(out var e))
                {
                    Step(e);
                }

                wish = posted.Reader.WaitToReadAsync().AsTask();
            }

            Step(new JsonRpcEvent.Tick());
            await peer.FlushAsync();
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

    private void Step(JsonRpcEvent e)
    {
        if (e is JsonRpcEvent.Ask { Purpose: Question asked })
        {
            open.Add(asked);
        }

        var (next, actions) = machine.On(e, Now);
        machine = next;
        foreach (var action in actions)
        {
            switch (action)
            {
                case JsonRpcAction.Send send:
                    peer.Add(send.Message);
                    break;
                case JsonRpcAction.Answered { Purpose: Question question, Response: var response }:
                    question.OnAnswer(response); // What cannot be read ends the connection, and with it the question.
                    open.Remove(question);
                    break;
                case JsonRpcAction.Notified news:
                    OnNews(news);
                    break;
                case JsonRpcAction.Close close:
                    throw new IOException(close.Reason);
            }
        }
    }

    private void OnNews(JsonRpcAction.Notified news)
    {
        switch (news.Method)
        {
            case "update" or "update2" or "update3" when MonitorOf(news.Params) is { } monitor:
                monitor.Update(news.Method, news.Params);
                break;
            case "monitor_canceled" when MonitorOf(news.Params) is { } monitor:
                BeginAnew(monitor);
                break;
            case "locked" or "stolen":
                LockChanged?.Invoke(news.Params.Tuple(1, news.Method)[0].Text("a lock"), news.Method == "locked");
                break;
        }
    }

    /// <summary>The database has another schema, or has gone (ovsdb-server(7), Monitor Cancellation).</summary>
    private void BeginAnew(OvsdbMonitor monitor)
    {
        Ask(monitor, "get_schema", MonitorParams.Texts(monitor.Database.Schema.Name), schema =>
        {
            monitor.Restart(OvsdbSchema.Read(schema));
            Ask(monitor, MonitorParams.MethodOf(monitor.Style), monitor.Request(Guid.Empty), rows => monitor.Begin(rows, null));
        });
    }

    private void Ask(OvsdbMonitor monitor, string method, JsonElement parameters, Action<JsonElement> then) => Step(new JsonRpcEvent.Ask(
        new Question(
            response =>
            {
                if (response.Error.ValueKind != JsonValueKind.Null)
                {
                    Forget(monitor);
                    monitor.End(OvsdbError.Text(response.Error));
                    return;
                }

                then(response.Result);
            },
            monitor.End),
        method,
        parameters));

    private OvsdbMonitor? MonitorOf(JsonElement parameters)
    {
        if (parameters.GetArrayLength() == 0 || parameters[0].ValueKind != JsonValueKind.String)
        {
            return null;
        }

        lock (monitors)
        {
            return monitors.GetValueOrDefault(parameters[0].GetString()!);
        }
    }

    /// <summary>What to do with an answer, and what when none can come any more.</summary>
    private sealed class Question(Action<JsonRpcResponse> onAnswer, Action<string> onLost)
    {
        public Action<JsonRpcResponse> OnAnswer { get; } = onAnswer;

        public Action<string> OnLost { get; } = onLost;
    }
}
