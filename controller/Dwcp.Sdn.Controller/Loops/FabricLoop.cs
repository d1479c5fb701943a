using System.Collections.Immutable;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Changes;
using Dwcp.Sdn.Fabric.Intent;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Loops;

/// <summary>
/// The owner of the fabric's machine: commands, hosts and switches send it messages. What has gathered is judged, committed as
/// one revision, planned and published together; callers are answered after the commit.
/// </summary>
internal sealed class FabricLoop(FabricMachine machine, IStateStore store, TimeProvider time, ILogger<FabricLoop> log) : IFabric
{
    private const int LargestBatch = 512;

    /// <summary>Octets of what was seen of hosts in one commit, which has to leave room for requests; the rest comes with the next.</summary>
    private const int RecordOctets = StoreLimits.CommitLength / 4;

    /// <summary>Octets of what was asked for in one commit: a batch ends where the next request would not fit.</summary>
    private const int RequestOctets = StoreLimits.CommitLength - (2 * RecordOctets);

    /// <summary>How long what was seen of hosts waits after a failed commit; requests do not.</summary>
    private static readonly TimeSpan RecordsRetry = TimeSpan.FromSeconds(1);

    /// <summary>How long events wait for others to be stored with them; what happened less long before a crash is lost.</summary>
    private static readonly TimeSpan EventsGather = TimeSpan.FromSeconds(1);

    /// <summary>How often events are looked at that may have been kept long enough.</summary>
    private static readonly TimeSpan EventsExpire = TimeSpan.FromMinutes(1);

    private readonly Channel<Message> messages = Channel.CreateBounded<Message>(
        new BoundedChannelOptions(8192) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }); // Full: senders wait, which slows peers and callers down.

    private readonly Dictionary<string, StorePut> recordsToPut = [];
    private readonly HashSet<string> recordsToDelete = [];
    private Message? held;
    private bool recordsRest;
    private bool eventsGather;
    private DateTimeOffset? armed;
    private ITimer? wakeUp;

    private readonly ChangeFeed feed = new((uint)Random.Shared.NextInt64(1, uint.MaxValue), time);

    /// <summary>Called with each switch whose needs changed.</summary>
    public event Action<DatapathId>? SwitchWoken;

    /// <summary>Called with each OVSDB session whose host may need changes.</summary>
    public event Action<long>? HostWoken;

    /// <summary>Called when there is something to do for the BGP speaker.</summary>
    public event Action? BgpWoken;

    /// <summary>Reads the routes of the BGP speaker; set by who runs it.</summary>
    public Func<HeldRouteQuery, CancellationToken, Task<HeldRoutes?>>? RouteReader { get; set; }

    /// <summary>Reads a switch's flows; set by who knows the connections.</summary>
    public Func<DatapathId, CancellationToken, Task<ImmutableArray<FlowEntry>?>>? FlowReader { get; set; }

    public async Task<Outcome> ApplyAsync(FabricCommand command, CancellationToken stop)
    {
        var done = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        await messages.Writer.WriteAsync(new CommandMessage(command, done), stop);
        return await done.Task.WaitAsync(stop);
    }

    public Resource? Find(ResourceKind kind, string id) => feed.Snapshot.Of(kind).GetValueOrDefault(id);

    public ResourceList List(ResourceKind kind) => feed.List(kind);

    public EventList Events() => feed.Events();

    public IAsyncEnumerable<ResourceChange> WatchAsync(ResourceKind kind, FeedPosition? after, CancellationToken stop) => feed.WatchAsync(kind, after, stop);

    public IAsyncEnumerable<EventChange> WatchEventsAsync(FeedPosition? after, CancellationToken stop) => feed.WatchEventsAsync(after, stop);

    public async Task<ImmutableArray<FlowEntry>?> ReadFlowsAsync(string switchId, CancellationToken stop) =>
        Find(ResourceKind.Switch, switchId)?.Status is SwitchStatus { Connected: true, DatapathId: { } text }
        && DatapathId.TryParse(text, out var datapath)
        && FlowReader is { } read
            ? await read(datapath, stop)
            : null;

    public async Task<HeldRoutes?> ReadRoutesAsync(HeldRouteQuery query, CancellationToken stop) =>
        RouteReader is { } read ? await read(query, stop) : null;

    /// <summary>Tells the machine something.</summary>
    public async ValueTask PostAsync(Action<FabricMachine> input, CancellationToken stop)
    {
        try
        {
            await messages.Writer.WriteAsync(new InputMessage(input), stop);
        }
        catch (ChannelClosedException)
        {
            // The process ends, and nobody is left to be told.
        }
    }

    /// <summary>Asks the machine something.</summary>
    public async Task<T> AskAsync<T>(Func<FabricMachine, T> question, CancellationToken stop)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        await PostAsync(m => answer.SetResult(question(m)), stop);
        return await answer.Task.WaitAsync(stop);
    }

    public async Task RunAsync(CancellationToken stop)
    {
        using var waking = wakeUp = time.CreateTimer(_ => messages.Writer.TryWrite(new InputMessage(_ => armed = null)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan); // Full: a step comes anyway.
        using var expiry = time.CreateTimer(_ => messages.Writer.TryWrite(new InputMessage(static m => m.StoreEvents())), null, EventsExpire, EventsExpire);
        try
        {
            Publish();
            while (held is not null || await messages.Reader.WaitToReadAsync(stop))
            {
                await StepAsync();
            }
        }
        finally
        {
            // Whoever waits for room would wait for ever, and the process for them.
            messages.Writer.TryComplete();
            machine.StoreEvents();
            Publish();
            await CommitAsync([]);
        }
    }

    private async Task StepAsync()
    {
        var batch = new List<Judged>();
        var intent = machine.Intent;
        var changed = new HashSet<ObjectRef>();
        var octets = 0;
        for (var taken = 0; taken < LargestBatch && Next(out var message); taken++)
        {
            if (message is InputMessage { Input: var input })
            {
                input(machine);
                continue;
            }

            var command = (CommandMessage)message;
            var judgement = Judge.Of(intent, command.Command);
            var objects = ObjectsOf(command.Command, judgement);
            if (objects.Any(changed.Contains))
            {
                // Its version is not known before the commit under way: it has its turn after that, and no record before its turn.
                held = message;
                break;
            }

            var judged = Fitting(command, judgement);
            if (octets + judged.Octets > RequestOctets)
            {
                held = message;
                break;
            }

            batch.Add(judged);
            if (judged.Changes)
            {
                changed.UnionWith(objects);
                intent = judged.Judgement.Intent;
                octets += judged.Octets;
            }
        }

        var fault = await CommitAsync(batch);
        foreach (var (message, judgement, _) in batch)
        {
            if (fault is null && judgement.Refused is null && message.Command is DeleteCommand { Kind: ResourceKind.Switch, ValidateOnly: false, Id: var host })
            {
                machine.Forget(host);
            }
        }

        Publish();
        foreach (var (message, judgement, _) in batch)
        {
            message.Done.TrySetResult(Answer(message.Command, judgement, fault));
        }
    }

    private bool Next(out Message message)
    {
        if (held is { } first)
        {
            held = null;
            message = first;
            return true;
        }

        return messages.Reader.TryRead(out message!);
    }

    /// <summary>The judgement with its records; refused if no commit has room for them, as when a new subnet gives addresses to very many ports.</summary>
    private static Judged Fitting(CommandMessage message, Judgement judgement)
    {
        var judged = new Judged(message, judgement, [.. judgement.Changed.Select(o => new StorePut(KeyOf(o), Records.Write(o)))]);
        return judged.Octets <= RequestOctets && judged.Puts.All(Fits)
            ? judged
            : new Judged(message, judgement with { Refused = TooLarge(judged) }, []);
    }

    private static Outcome TooLarge(Judged judged) => Outcome.Failed(OutcomeKind.Invalid, new Problem(
        "",
        ProblemCodes.TooLarge,
        judged.Puts.FirstOrDefault(p => !Fits(p)) is { Key: { } key }
            ? $"{key[1..]} would take more than the {StoreLimits.ValueLength} octets that the store has for one object"
            : $"this would change {judged.Puts.Length} objects, more than the store takes at once",
        "leave out what is long, such as labels; make subnets before the ports that get addresses of them"));

    private static bool Fits(StorePut put) => put.Value.Length <= StoreLimits.ValueLength;

    private async Task<string?> CommitAsync(List<Judged> batch)
    {
        var changes = batch.Where(b => b.Changes).ToList();
        var judgements = changes.Select(c => c.Judgement).ToList();
        var records = RecordsToPut();
        var commit = new Commit
        {
            Expect = [.. judgements.SelectMany(Expected)],
            Put = [.. changes.SelectMany(c => c.Puts), .. records],
            Delete = [.. judgements.SelectMany(j => j.Removed).Select(r => Records.KeyOf(r.Kind, r.Id)), .. recordsToDelete],
        };
        if ((commit.Put.IsEmpty && commit.Delete.IsEmpty) || (judgements.Count == 0 && recordsRest))
        {
            return null;
        }

        try
        {
            // Not cancelled by the end of the process: a commit that has begun is answered.
            var result = await store.CommitAsync(commit, CancellationToken.None);
            if (result is not CommitResult.Committed { Revision: var revision })
            {
                log.CommitConflict(result.ToString());
                return Failed($"the store holds something else than this controller knows ({result})");
            }

            records.ForEach(r => recordsToPut.Remove(r.Key));
            recordsToDelete.Clear();
            machine.Committed(revision, judgements);
            return null;
        }
        catch (StoreException e)
        {
            log.CommitFailed(e.Message);
            return Failed(e.Message);
        }
    }

    private string Failed(string why)
    {
        if (!recordsRest)
        {
            recordsRest = true;
            _ = RestAsync();
        }

        return why;
    }

    private List<StorePut> RecordsToPut()
    {
        var octets = 0;
        return [.. recordsToPut.Values.TakeWhile(r => (octets += r.Value.Length) <= RecordOctets)];
    }

    /// <summary>A step of its own stores what was seen, together with whatever has come by then.</summary>
    private void StoreRecords()
    {
        if ((recordsToPut.Count > 0 || recordsToDelete.Count > 0) && !recordsRest)
        {
            messages.Writer.TryWrite(new InputMessage(static _ => { })); // Full: a step comes anyway.
        }
    }

    private async Task RestAsync()
    {
        await Task.Delay(RecordsRetry, time);
        await PostAsync(_ => recordsRest = false, CancellationToken.None);
    }

    private async Task GatherAsync()
    {
        await Task.Delay(EventsGather, time);
        await PostAsync(
            m =>
            {
                eventsGather = false;
                m.StoreEvents();
            },
            CancellationToken.None);
    }

    private IEnumerable<Expectation> Expected(Judgement judgement) =>
        judgement.Changed.Select(o => new ObjectRef(FabricMachine.RefOf(o).Kind, o.Id))
            .Concat(judgement.Removed.Select(r => new ObjectRef(r.Kind, r.Id)))
            .Select(o => new Expectation(Records.KeyOf(o.Kind, o.Id), machine.Intent.Find(o.Kind, o.Id)?.Version ?? 0));

    private static string KeyOf(FabricObject value) => Records.KeyOf(FabricMachine.RefOf(value).Kind, value.Id);

    private static List<ObjectRef> ObjectsOf(FabricCommand command, Judgement judgement) =>
        [new(command.Kind, command.Id), .. judgement.Changed.Select(FabricMachine.RefOf), .. judgement.Removed.Select(r => new ObjectRef(r.Kind, r.Id))];

    private Outcome Answer(FabricCommand command, Judgement judgement, string? fault)
    {
        if (judgement.Refused is { } refused)
        {
            return refused;
        }

        if (command.ValidateOnly)
        {
            return new Outcome(judgement.Created ? OutcomeKind.Created : OutcomeKind.Done, machine.Preview(judgement, time.GetUtcNow()) ?? Find(command.Kind, command.Id), []);
        }

        return fault is not null && !judgement.ChangesNothing
            ? Outcome.Failed(OutcomeKind.Unavailable, new Problem("", ProblemCodes.Unavailable, $"nothing was changed: {fault}", "try again; if it goes on, look at the controller's disk and log"))
            : new Outcome(judgement.Created ? OutcomeKind.Created : OutcomeKind.Done, Find(command.Kind, command.Id), []);
    }

    private void Publish()
    {
        var effects = machine.Settle(time.GetUtcNow());
        feed.Publish(machine.Snapshot);
        foreach (var put in effects.Put)
        {
            recordsToDelete.Remove(put.Key);
            recordsToPut[put.Key] = put;
        }

        foreach (var key in effects.Delete)
        {
            recordsToPut.Remove(key);
            recordsToDelete.Add(key);
        }

        StoreRecords();
        if (machine.HasNewEvents && !eventsGather)
        {
            eventsGather = true;
            _ = GatherAsync();
        }

        Arm(effects.Deadline);
        foreach (var datapath in effects.Wake)
        {
            SwitchWoken?.Invoke(datapath);
        }

        foreach (var session in effects.Join)
        {
            HostWoken?.Invoke(session);
        }

        if (effects.Bgp)
        {
            BgpWoken?.Invoke();
        }

        foreach (var e in effects.Events)
        {
            log.Happened(e.Subject, e.Name, e.Message);
        }
    }

    /// <summary>A step comes no later than the machine wants one.</summary>
    private void Arm(DateTimeOffset? deadline)
    {
        if (deadline == armed)
        {
            return;
        }

        armed = deadline;
        var wait = deadline - time.GetUtcNow() ?? Timeout.InfiniteTimeSpan;
        wakeUp?.Change(deadline is null || wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private abstract record Message;

    private sealed record CommandMessage(FabricCommand Command, TaskCompletionSource<Outcome> Done) : Message;

    /// <param name="Puts">What it stores.</param>
    private sealed record Judged(CommandMessage Message, Judgement Judgement, ImmutableArray<StorePut> Puts)
    {
        public int Octets { get; } = Puts.Sum(p => p.Key.Length + p.Value.Length);

        public bool Changes => Judgement is { Refused: null, ChangesNothing: false } && !Message.Command.ValidateOnly;
    }

    private sealed record InputMessage(Action<FabricMachine> Input) : Message;
}
