using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>What happens to the session with a host.</summary>
internal abstract record HostEvent
{
    public sealed record Connected : HostEvent;

    public sealed record Received(JsonRpcMessage Message) : HostEvent;

    /// <summary>All that has come so far was handed over: time to show what it adds up to.</summary>
    public sealed record Settled : HostEvent;

    /// <summary>Changes are wanted; the ticket comes back when they are made or not.</summary>
    public sealed record Apply(object Ticket, ImmutableArray<HostChange> Changes) : HostEvent;

    public sealed record Tick : HostEvent;

    /// <summary>The connection is gone or must go.</summary>
    public sealed record Lost(string Reason) : HostEvent;
}

/// <summary>What the session with a host wants done.</summary>
internal abstract record HostAction
{
    public sealed record Send(JsonRpcMessage Message) : HostAction;

    public sealed record Show(HostInventory Inventory) : HostAction;

    public sealed record Applied(object Ticket) : HostAction;

    public sealed record Failed(object Ticket, HostChangeException Why) : HostAction;

    public sealed record Close(string Reason) : HostAction;
}

/// <summary>
/// The session with a host's ovsdb-server: learns the schema, monitors what an inventory needs, and makes changes in
/// stages, each committed and applied by ovs-vswitchd (<c>cur_cfg</c> has reached <c>next_cfg</c>) before the next.
/// </summary>
internal sealed record HostMachine(JsonRpcMachine Rpc, HostTimes Times, IpAddress? Local, IpAddress? Remote)
{
    private const int Stages = 4;
    private const int Attempts = 5;

    private enum Question
    {
        Schema,
        Monitor2,
        Monitor,
        Transaction,
    }

    private OvsdbDatabase? Database { get; init; }

    private bool Monitoring { get; init; }

    /// <summary>Something came that the last shown inventory may lack.</summary>
    private bool Dirty { get; init; }

    private HostInventory? Shown { get; init; }

    private ImmutableQueue<HostEvent.Apply> Waiting { get; init; } = ImmutableQueue<HostEvent.Apply>.Empty;

    private Work? Current { get; init; }

    private bool Ended { get; init; }

    /// <summary>The changes under way: the stage, the transaction that is sent, and the configuration that ovs-vswitchd has yet to apply.</summary>
    private sealed record Work(HostEvent.Apply Wish, int Stage = 0, int Attempt = 1)
    {
        public HostTransaction? Sent { get; init; }

        public long? Config { get; init; }

        public TimeSpan Until { get; init; } = TimeSpan.MaxValue;
    }

    public TimeSpan Deadline => Ended ? TimeSpan.MaxValue : Current is { } work && work.Until < Rpc.Deadline ? work.Until : Rpc.Deadline;

    public (HostMachine Next, ImmutableArray<HostAction> Do) On(HostEvent e, TimeSpan now)
    {
        var actions = ImmutableArray.CreateBuilder<HostAction>();
        if (Ended)
        {
            return (this, e is HostEvent.Apply late ? [new HostAction.Failed(late.Ticket, Disconnected("the session has ended"))] : []);
        }

        try
        {
            var next = e switch
            {
                HostEvent.Connected => Ask(Question.Schema, "get_schema", MonitorRequest.Schema, now, actions),
                HostEvent.Received { Message: var message } => Through(new JsonRpcEvent.Received(message), now, actions),
                HostEvent.Settled => Show(actions),
                HostEvent.Apply wish => (this with { Waiting = Waiting.Enqueue(wish) }).Advance(now, actions),
                HostEvent.Lost { Reason: var reason } => End(reason, actions),
                _ => Through(new JsonRpcEvent.Tick(), now, actions).OnWorkDeadline(now, actions),
            };
            return (next, actions.ToImmutable());
        }
        catch (WireException nonsense)
        {
            return (End(nonsense.Message, actions), actions.ToImmutable());
        }
    }

    private HostMachine Through(JsonRpcEvent e, TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        var (rpc, did) = Rpc.On(e, now);
        var next = this with { Rpc = rpc };
        foreach (var action in did)
        {
            switch (action)
            {
                case JsonRpcAction.Send send: actions.Add(new HostAction.Send(send.Message)); break;
                case JsonRpcAction.Answered answer: next = next.OnAnswer((Question)answer.Purpose, answer.Response, now, actions); break;
                case JsonRpcAction.Notified news: next = next.OnNews(news, now, actions); break;
                case JsonRpcAction.Close close: next = next.End(close.Reason, actions); break;
            }
        }

        return next;
    }

    private HostMachine Ask(Question question, string method, JsonElement parameters, TimeSpan now, ImmutableArray<HostAction>.Builder actions) =>
        Through(new JsonRpcEvent.Ask(question, method, parameters), now, actions);

    private HostMachine OnAnswer(Question question, JsonRpcResponse response, TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        var isError = response.Error.ValueKind != JsonValueKind.Null;
        switch (question)
        {
            case Question.Transaction:
                return OnTransaction(response, now, actions);

            case Question.Monitor2 when isError: // An ovsdb-server before 2.6.
                return Ask(Question.Monitor, "monitor", MonitorRequest.Of(Database!.Schema, conditional: false), now, actions);

            case Question.Schema or Question.Monitor when isError:
                throw new WireException($"its ovsdb-server does not show {VswitchTables.Database}: {OvsdbError.Text(response.Error)}");

            case Question.Schema:
                var schema = OvsdbSchema.Read(response.Result);
                return (this with { Database = new OvsdbDatabase(schema) })
                    .Ask(Question.Monitor2, "monitor_cond", MonitorRequest.Of(schema, conditional: true), now, actions);

            default:
                var database = question == Question.Monitor2 ? Database!.Apply2(response.Result) : Database!.Apply(response.Result);
                return (this with { Database = database, Monitoring = true, Dirty = true }).Advance(now, actions);
        }
    }

    private HostMachine OnNews(JsonRpcAction.Notified news, TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        if (!Monitoring || news.Method is not ("update" or "update2"))
        {
            return this;
        }

        var updates = news.Params.Tuple(2, news.Method)[1];
        var database = news.Method == "update2" ? Database!.Apply2(updates) : Database!.Apply(updates);
        return (this with { Database = database, Dirty = true }).OnConfig(now, actions);
    }

    private HostMachine Show(ImmutableArray<HostAction>.Builder actions)
    {
        if (!Dirty)
        {
            return this;
        }

        var inventory = HostView.Read(Database!, Local, Remote);
        if (!inventory.Equals(Shown))
        {
            actions.Add(new HostAction.Show(inventory));
        }

        return this with { Dirty = false, Shown = inventory };
    }

    /// <summary>Bridges first, controllers last: see <see cref="HostChange"/>.</summary>
    private static int StageOf(HostChange change) => change switch
    {
        CreateBridge => 0,
        PutMirror or PutQos => 2,
        SetControllers => 3,
        _ => 1,
    };

    /// <summary>Takes the next step of the changes under way, or the next changes, until an answer must come first.</summary>
    private HostMachine Advance(TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        var next = this;
        while (next.Monitoring && !next.Ended && (next.Current is { Sent: null, Config: null } || (next.Current is null && !next.Waiting.IsEmpty)))
        {
            if (next.Current is not { } work)
            {
                next = next with { Current = new Work(next.Waiting.Peek()), Waiting = next.Waiting.Dequeue() };
                continue;
            }

            if (work.Stage == Stages)
            {
                next = next.Show(actions) with { Current = null }; // First what it did, then that it is done.
                actions.Add(new HostAction.Applied(work.Wish.Ticket));
                continue;
            }

            next = next.Begin(work, now, actions);
        }

        return next;
    }

    private HostMachine Begin(Work work, TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        try
        {
            return HostTransaction.Of(Database!, work.Wish.Changes.Where(change => StageOf(change) == work.Stage)) is { } transaction
                ? (this with { Current = work with { Sent = transaction } }).Ask(Question.Transaction, "transact", transaction.Params, now, actions)
                : this with { Current = work with { Stage = work.Stage + 1, Attempt = 1 } };
        }
        catch (HostChangeException cannotBe)
        {
            return Fail(cannotBe, actions);
        }
    }

    private HostMachine OnTransaction(JsonRpcResponse response, TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        var work = Current!;
        try
        {
            var config = work.Sent!.ReadAnswer(response);
            return (this with { Current = work with { Sent = null, Config = config, Until = now + Times.Apply } }).OnConfig(now, actions);
        }
        catch (HostChangeException stale) when (stale.Fault == HostChangeFault.Stale && work.Attempt < Attempts)
        {
            // The update that made it stale came before this answer: the same change now starts from it.
            return (this with { Current = work with { Sent = null, Attempt = work.Attempt + 1 } }).Advance(now, actions);
        }
        catch (HostChangeException refused)
        {
            return Fail(refused, actions).Advance(now, actions);
        }
    }

    private HostMachine OnConfig(TimeSpan now, ImmutableArray<HostAction>.Builder actions) =>
        Current is { Config: { } config } work && HostView.Root(Database!)?.AppliedConfig >= config
            ? (this with { Current = new Work(work.Wish, work.Stage + 1) }).Advance(now, actions)
            : this;

    private HostMachine OnWorkDeadline(TimeSpan now, ImmutableArray<HostAction>.Builder actions)
    {
        if (Ended || Current is not { } work || work.Until > now)
        {
            return this;
        }

        var error = $"committed, but ovs-vswitchd has not applied it after {Times.Apply.TotalSeconds:0.#} s";
        return Fail(new HostChangeException(HostChangeFault.NotApplied, null, error), actions).Advance(now, actions);
    }

    private HostMachine Fail(HostChangeException why, ImmutableArray<HostAction>.Builder actions)
    {
        var next = Show(actions) with { Current = null };
        actions.Add(new HostAction.Failed(Current!.Wish.Ticket, why));
        return next;
    }

    private HostMachine End(string reason, ImmutableArray<HostAction>.Builder actions)
    {
        foreach (var wish in Current is { } work ? Waiting.Prepend(work.Wish) : Waiting)
        {
            actions.Add(new HostAction.Failed(wish.Ticket, Disconnected(reason)));
        }

        actions.Add(new HostAction.Close(reason));
        return this with { Ended = true, Current = null, Waiting = ImmutableQueue<HostEvent.Apply>.Empty };
    }

    private static HostChangeException Disconnected(string reason) => new(HostChangeFault.Disconnected, null, reason);
}
