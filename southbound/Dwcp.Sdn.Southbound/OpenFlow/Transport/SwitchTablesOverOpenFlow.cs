using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

public sealed partial class SwitchConnection
{
    private readonly SemaphoreSlim applying = new(1);
    private uint bundle;

    public async Task<SwitchTables> ReadAsync(CancellationToken stop)
    {
        // One round trip: the answers to all four are on their way at once, and the barrier holds back the dumps behind it.
        var barrier = BarrierAsync(stop);
        var flows = AskAsync(new FlowStatsRequest(new(Match.All)), FlowsOf, stop);
        var groups = AskAsync(new AskAll(MultipartType.GroupDesc), GroupsOf, stop);
        var meters = AskAsync(new MeterConfigRequest(), MetersOf, stop);
        await Task.WhenAll(barrier, flows, OrNothing(groups), OrNothing(meters));
        return new(
            (await flows).Select(f => FlowNormal.Of(f.Rule)).ToEquatableArray(),
            (await OrNothing(groups)).Select(FlowNormal.Of).ToEquatableArray(),
            (await OrNothing(meters)).Select(FlowNormal.Of).ToEquatableArray());
    }

    public async Task<ImmutableArray<FlowStats>> ReadFlowStatsAsync(FlowFilter filter, CancellationToken stop)
    {
        var selector = new FlowSelector(filter.Match ?? Match.All)
        {
            Table = filter.Table ?? FlowSelector.AllTables,
            Cookie = filter.Cookie,
            CookieMask = filter.CookieMask,
        };
        var flows = await AskAsync(new FlowStatsRequest(selector), FlowsOf, stop);
        return [.. flows.Select(f => new FlowStats(FlowNormal.Of(f.Rule.Key), f.Rule.Cookie, f.Packets, f.Bytes, f.Duration))];
    }

    public async Task<ImmutableArray<MeterDrops>> ReadMeterDropsAsync(CancellationToken stop) =>
    [
        .. (await OrNothing(AskAsync(new MeterStatsRequest(), DropsOf, stop)))
            .Select(m => new MeterDrops(m.Meter, m.Bands.Items.Aggregate(0UL, (sum, band) => sum + band.Packets))),
    ];

    public async Task ApplyAsync(TablesChange change, CancellationToken stop)
    {
        if (options.CheckFlows && change.FlowsToAddOrModify.Items.Select(f => (Flow: f, Wrong: RuleCheck.Of(f))).FirstOrDefault(f => f.Wrong is not null) is { Wrong: { } wrong } mistake)
        {
            throw new ArgumentException($"{mistake.Flow}: {wrong}", nameof(change));
        }

        await applying.WaitAsync(stop);
        try
        {
            var messages = MetersFirst(change).ToList();
            if (change.HasBundle)
            {
                messages.AddRange(Bundle(unchecked(++bundle), change));
            }

            await RunAsync(messages, stop);
            await RunAsync([.. change.MetersToDelete.Select(id => Mod(MeterModCommand.Delete, new(id, MeterFlags.None, [])))], stop);
        }
        finally
        {
            applying.Release();
        }
    }

    /// <summary>Waits until all that was sent before has taken effect.</summary>
    /// <exception cref="SwitchGoneException">The connection ended before.</exception>
    public Task BarrierAsync(CancellationToken stop) => AskAsync(new BarrierRequest(), "barrier", Only<BarrierReply>, stop);

    /// <summary>Asks for a role (OpenFlow 1.3.5 §6.3.4).</summary>
    /// <exception cref="SwitchRefusedException">The generation id is older than one that the switch has seen (OFPRRFC_STALE).</exception>
    /// <exception cref="SwitchGoneException">The connection ended before the answer.</exception>
    public async Task<RoleReply> RequestRoleAsync(ControllerRole role, ulong generationId, CancellationToken stop) =>
        (await AskAsync(new RoleRequest(role, generationId), $"role {role}", Only<RoleReply>, stop))[0];

    /// <summary>Asks a multipart question and gathers the bodies of all its answers.</summary>
    /// <exception cref="SwitchRefusedException">The switch answered with an error.</exception>
    /// <exception cref="SwitchGoneException">The connection ended before the last answer.</exception>
    public Task<ImmutableArray<T>> AskAsync<T>(MultipartBody question, CancellationToken stop)
        where T : MultipartBody => AskAsync<T>(question, static body => body is T wanted ? [wanted] : null, stop);

    private Task<ImmutableArray<T>> AskAsync<T>(MultipartBody question, Func<MultipartBody, ImmutableArray<T>?> take, CancellationToken stop) =>
        AskAsync<T>(
            new MultipartRequest(question),
            question.Type.ToString(),
            m => m is MultipartReply reply ? take(reply.Body) : null,
            stop);

    private async Task<ImmutableArray<T>> AskAsync<T>(OfMessage question, string what, Func<OfMessage, ImmutableArray<T>?> take, CancellationToken stop)
    {
        await channel.Out.RoomAsync(stop);
        var request = requests.Open(1, xid => new Question<T>(Id, xid, what, options.MaxAnswerOctets, take));
        channel.Out.Add(request.First, question);
        channel.Out.Flush();
        return await AwaitAsync(request, request.Answer, stop);
    }

    /// <summary>Sends messages in a row and a barrier behind them, and throws when the switch refuses any.</summary>
    private async Task RunAsync(List<OfMessage> messages, CancellationToken stop)
    {
        if (messages.Count == 0)
        {
            return;
        }

        var batch = requests.Open(messages.Count + 1, first => new Batch(Id, first, first + (uint)messages.Count, i => Describe(messages[(int)i])));
        for (var i = 0; i < messages.Count; i++)
        {
            if (!channel.Out.HasRoom)
            {
                await channel.Out.RoomAsync(stop);
            }

            var xid = batch.First + (uint)i;
            channel.Out.Add(xid, messages[i] is BundleAdd add ? add with { Xid = xid } : messages[i]);
        }

        channel.Out.Add(batch.Last, new BarrierRequest());
        channel.Out.Flush();
        await AwaitAsync(batch, batch.Done, stop);
    }

    private async Task<T> AwaitAsync<T>(Request request, Task<T> answer, CancellationToken stop)
    {
        await AwaitAsync(request, (Task)answer, stop);
        return await answer;
    }

    private async Task AwaitAsync(Request request, Task answer, CancellationToken stop)
    {
        try
        {
            await answer.WaitAsync(options.AnswerWithin, options.Time, stop);
        }
        catch (TimeoutException)
        {
            // A switch that answers echoes but not questions is in a state that only a new connection clears.
            Close($"no answer within {options.AnswerWithin.TotalSeconds:0.###} s");
            throw new SwitchGoneException($"switch {Id} at {Remote}: no answer within {options.AnswerWithin.TotalSeconds:0.###} s");
        }
        finally
        {
            requests.Drop(request);
        }
    }

    private static IEnumerable<OfMessage> MetersFirst(TablesChange change)
    {
        foreach (var meter in change.MetersToAdd)
        {
            yield return Mod(MeterModCommand.Add, meter);
        }

        foreach (var meter in change.MetersToModify)
        {
            yield return Mod(MeterModCommand.Modify, meter);
        }
    }

    private static IEnumerable<OfMessage> Bundle(uint id, TablesChange change)
    {
        const BundleFlags Flags = BundleFlags.Atomic | BundleFlags.Ordered;
        yield return new BundleControl(id, BundleStep.OpenRequest, Flags);
        foreach (var message in BundleMessages(change))
        {
            yield return new BundleAdd(id, Flags, 0, message);
        }

        yield return new BundleControl(id, BundleStep.CommitRequest, Flags);
    }

    private static IEnumerable<OfMessage> BundleMessages(TablesChange change)
    {
        foreach (var group in change.GroupsToAdd)
        {
            yield return new GroupMod(GroupModCommand.Add, group);
        }

        foreach (var group in change.GroupsToModify)
        {
            yield return new GroupMod(GroupModCommand.Modify, group);
        }

        foreach (var flow in change.FlowsToAddOrModify)
        {
            yield return new FlowMod(FlowModCommand.Add, flow);
        }

        foreach (var key in change.FlowsToDeleteStrict)
        {
            yield return new FlowMod(FlowModCommand.DeleteStrict, new(key, 0));
        }

        foreach (var id in change.GroupsToDelete)
        {
            yield return new GroupMod(GroupModCommand.Delete, new(id, GroupType.All, []));
        }
    }

    private static MeterMod Mod(MeterModCommand command, Meter meter) => new(command, meter);

    private static string Describe(OfMessage message) => message switch
    {
        MeterMod m => $"{m.Command} {m.Meter}",
        GroupMod g => $"{g.Command} {g.Group}",
        FlowMod f => $"{f.Command} {f.Rule}",
        BundleAdd a => Describe(a.Message),
        BundleControl b => $"bundle {b.Bundle} {b.Step}",
        _ => message.Type.ToString(),
    };

    private static ImmutableArray<FlowEntry>? FlowsOf(MultipartBody body) => (body as FlowStatsReply)?.Flows.Items;

    private static ImmutableArray<Group>? GroupsOf(MultipartBody body) => (body as GroupDescReply)?.Groups.Items;

    private static ImmutableArray<Meter>? MetersOf(MultipartBody body) => (body as MeterConfigReply)?.Meters.Items;

    private static ImmutableArray<MeterCounters>? DropsOf(MultipartBody body) => (body as MeterStatsReply)?.Meters.Items;

    /// <summary>A switch without groups or meters says that it does not know the question (OFPBRC_*).</summary>
    private static async Task<ImmutableArray<T>> OrNothing<T>(Task<ImmutableArray<T>> answer)
    {
        try
        {
            return await answer;
        }
        catch (SwitchRefusedException e) when (e.Refusals[0].Type == ErrorNames.BadRequest)
        {
            return [];
        }
    }
}
