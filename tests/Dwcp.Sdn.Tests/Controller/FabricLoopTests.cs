using System.Collections.Immutable;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Tests.Fabric;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Controller;

public sealed class FabricLoopTests
{
    private readonly FullDisk store = new();
    private readonly ManualTime time = new();

    [Fact]
    public async Task A_host_that_is_seen_while_the_disk_is_full_is_stored_once_there_is_room_and_not_tried_at_every_step_meanwhile()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), store, time, NullLogger<FabricLoop>.Instance);
        var running = fabric.RunAsync(stop.Token);
        store.IsFull = true;
        await fabric.PostAsync(m => m.HostSeen(1, "192.0.2.1:5", new HostBuilder("h1", "192.0.2.1").Inventory), stop.Token);
        for (var i = 0; i < 50; i++)
        {
            await fabric.AskAsync(m => m.Revision, stop.Token);
        }

        Assert.Equal(1, store.Refused);
        Assert.Equal(OutcomeKind.Unavailable, (await fabric.ApplyAsync(Ask.Network("blue", 100), stop.Token)).Kind);
        Assert.Equal(2, store.Refused);

        store.IsFull = false;
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually(async () => await store.Inner.GetAsync("/hosts/h1") is not null);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_hosts_say_at_once_is_stored_even_if_it_is_more_than_one_commit_holds()
    {
        const int Hosts = 80;
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), store, time, NullLogger<FabricLoop>.Instance);
        var running = fabric.RunAsync(stop.Token);
        var name = new string('ü', 80_000);
        store.IsFull = true;
        for (var i = 1; i <= Hosts; i++)
        {
            var (number, host) = (i, new HostBuilder($"h{i}", $"192.0.2.{i}").Plug($"{name}1", "a").Plug($"{name}2", "b").Plug($"{name}3", "c"));
            await fabric.PostAsync(m => m.HostSeen(number, $"192.0.2.{number}:5", host.Inventory), stop.Token);
        }

        await fabric.AskAsync(m => m.Revision, stop.Token);
        store.IsFull = false;
        await Eventually(async () =>
        {
            // The question is answered before the commit of its step, which may fail, and begin to wait, only now.
            time.Advance(TimeSpan.FromSeconds(1));
            return (await store.Inner.ListAsync("/hosts/")).Entries.Count == Hosts;
        });

        Assert.Equal(OutcomeKind.Created, (await fabric.ApplyAsync(Ask.Network("blue", 100), stop.Token)).Kind);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Requests_that_gather_to_more_than_a_commit_holds_are_all_done_and_one_that_never_fits_changes_nothing()
    {
        const int Ports = 400;
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), store, time, NullLogger<FabricLoop>.Instance);
        var labels = Enumerable.Range(0, 64).ToImmutableSortedDictionary(i => new string((char)('Ā' + i), 128), _ => new string('ü', 256));
        var asked = Enumerable.Range(0, Ports).Select(i => fabric.ApplyAsync(Ask.Port($"p{i}", "blue") with { Labels = labels }, stop.Token)).ToList();
        var running = fabric.RunAsync(stop.Token);

        Assert.All(await Task.WhenAll(asked), o => Assert.Equal(OutcomeKind.Created, o.Kind));
        Assert.InRange((await store.Inner.ListAsync("/ports/")).Entries.Sum(e => (long)e.Value.Length), StoreLimits.CommitLength * 3L / 4, long.MaxValue);

        var refused = await fabric.ApplyAsync(Ask.Subnet("s", "blue", "10.0.0.0/16"), stop.Token);
        Assert.Equal((OutcomeKind.Invalid, ProblemCodes.TooLarge), (refused.Kind, refused.Problems.Single().Code));
        Assert.Contains($"{Ports + 1} objects", refused.Problems.Single().Message, StringComparison.Ordinal);
        Assert.Null(fabric.Find(ResourceKind.Subnet, "s"));
        Assert.Equal(OutcomeKind.Created, (await fabric.ApplyAsync(Ask.Network("red", 101), stop.Token)).Kind);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task What_is_only_to_be_validated_is_judged_and_neither_stored_nor_published()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), store, time, NullLogger<FabricLoop>.Instance);
        var running = fabric.RunAsync(stop.Token);
        await fabric.ApplyAsync(Ask.Network("blue", 100), stop.Token);
        var before = store.Revision;

        var made = await fabric.ApplyAsync(Ask.Network("red", 101) with { ValidateOnly = true }, stop.Token);
        var changed = await fabric.ApplyAsync(Ask.Network("blue", 102) with { ValidateOnly = true }, stop.Token);
        var refused = await fabric.ApplyAsync(Ask.Network("green", 100) with { ValidateOnly = true }, stop.Token);
        var removed = await fabric.ApplyAsync(Ask.Delete(ResourceKind.Network, "blue") with { ValidateOnly = true }, stop.Token);

        Assert.Equal((OutcomeKind.Created, OutcomeKind.Done, OutcomeKind.Done), (made.Kind, changed.Kind, removed.Kind));
        Assert.Equal((101u, 102u), (((NetworkSpec)made.Resource!.Spec).Vni, ((NetworkSpec)changed.Resource!.Spec).Vni));
        Assert.NotEmpty(refused.Problems);
        Assert.Equal(before, store.Revision);
        Assert.Equal(100u, ((NetworkSpec)Assert.Single(fabric.List(ResourceKind.Network).Items).Spec).Vni);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Nobody_waits_for_room_when_the_loop_has_ended()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new StoreListing(0, [])), store, time, NullLogger<FabricLoop>.Instance);
        var waiting = Task.WhenAll(Enumerable.Range(0, 10_000).Select(_ => fabric.PostAsync(m => m.HostGone(1), CancellationToken.None).AsTask()));
        Assert.False(waiting.IsCompleted);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fabric.RunAsync(stop.Token));

        await waiting.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static async Task Eventually(Func<Task<bool>> ask)
    {
        for (var tries = 0; !await ask(); tries++)
        {
            Assert.InRange(tries, 0, 1000);
            await Task.Delay(5);
        }
    }

    private sealed class FullDisk : IStateStore
    {
        public MemoryStateStore Inner { get; } = new();

        public bool IsFull { get; set; }

        public int Refused { get; private set; }

        public long Revision => Inner.Revision;

        public Task<CommitResult> CommitAsync(Commit commit, CancellationToken stop = default)
        {
            if (!IsFull)
            {
                return Inner.CommitAsync(commit, stop);
            }

            Refused++;
            throw new StoreException(StoreFault.NoRoom, "the disk is full");
        }

        public ValueTask<StoreEntry?> GetAsync(string key, long? revision = null, CancellationToken stop = default) => Inner.GetAsync(key, revision, stop);

        public ValueTask<StoreListing> ListAsync(string prefix, long? revision = null, CancellationToken stop = default) => Inner.ListAsync(prefix, revision, stop);

        public IAsyncEnumerable<StoreChange> WatchAsync(string prefix, long after, CancellationToken stop = default) => Inner.WatchAsync(prefix, after, stop);

        public ValueTask<LeaseId> GrantLeaseAsync(TimeSpan lifetime, CancellationToken stop = default) => Inner.GrantLeaseAsync(lifetime, stop);

        public ValueTask<bool> RenewLeaseAsync(LeaseId lease, CancellationToken stop = default) => Inner.RenewLeaseAsync(lease, stop);

        public Task RevokeLeaseAsync(LeaseId lease, CancellationToken stop = default) => Inner.RevokeLeaseAsync(lease, stop);

        public ValueTask DisposeAsync() => Inner.DisposeAsync();
    }
}
