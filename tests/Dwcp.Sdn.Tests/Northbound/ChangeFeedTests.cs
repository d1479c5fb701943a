using System.Collections.Immutable;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Changes;
using Dwcp.Sdn.Tests.Store;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>The changes between snapshots, as watchers see them.</summary>
public sealed class ChangeFeedTests
{
    private const uint Run = 0xabc;
    private readonly FabricSteps _fabric = new();

    [Fact]
    public async Task Without_a_position_the_objects_come_first_and_then_the_changes()
    {
        var feed = Begin();
        _fabric.Put("a", 1);
        _fabric.Put("b", 2);
        feed.Publish(_fabric.Step());
        await using var watch = Watch(feed, null);

        Assert.Equal("Added a", await NextAsync(watch));
        Assert.Equal("Added b", await NextAsync(watch));
        Assert.Equal("Bookmark", await NextAsync(watch));
        _fabric.Put("a", 3);
        _fabric.Delete("b");
        _fabric.Put("c", 4);
        feed.Publish(_fabric.Step());
        Assert.Equal(["Modified a", "Deleted b", "Added c"], await TakeAsync(watch, 3));
    }

    [Fact]
    public async Task After_a_list_nothing_is_missed_and_nothing_comes_twice()
    {
        var feed = Begin();
        _fabric.Put("a", 1);
        feed.Publish(_fabric.Step());
        var list = feed.List(ResourceKind.Network);
        _fabric.Put("b", 2);
        feed.Publish(_fabric.Step());

        await using var watch = Watch(feed, list.Position);

        Assert.Equal(["Bookmark", "Added b"], await TakeAsync(watch, 2));
    }

    [Fact]
    public async Task A_bookmark_of_a_quiet_time_is_where_another_watch_goes_on()
    {
        var time = new ManualTime();
        var feed = Begin(time: time);
        _fabric.Put("a", 1);
        feed.Publish(_fabric.Step());
        await using var watch = Watch(feed, feed.List(ResourceKind.Network).Position);
        Assert.Equal("Bookmark", await NextAsync(watch));
        var quiet = ChangeAsync(watch);
        time.Advance(TimeSpan.FromSeconds(30));
        var bookmark = await quiet;
        _fabric.Put("b", 2);
        feed.Publish(_fabric.Step());

        await using var another = Watch(feed, bookmark.Position);

        Assert.Equal(ChangeKind.Bookmark, bookmark.Kind);
        Assert.Equal(["Bookmark", "Added b"], await TakeAsync(another, 2));
        Assert.Equal("Added b", await NextAsync(watch));
    }

    [Fact]
    public async Task A_change_of_status_alone_is_a_change()
    {
        var feed = Begin();
        _fabric.Put("a", 1);
        feed.Publish(_fabric.Step());
        var list = feed.List(ResourceKind.Network);
        _fabric.SetHosts("a", "h1");
        feed.Publish(_fabric.Step());
        _fabric.SetHosts("a", "h1");
        feed.Publish(_fabric.Step());
        _fabric.SetHosts("a", "h1", "h2");
        feed.Publish(_fabric.Step());

        await using var watch = Watch(feed, list.Position);

        Assert.Equal("Bookmark", await NextAsync(watch));
        Assert.Equal(["h1"], ((NetworkStatus)(await ChangeAsync(watch)).After!.Status).Hosts);
        Assert.Equal(["h1", "h2"], ((NetworkStatus)(await ChangeAsync(watch)).After!.Status).Hosts);
        Assert.Equal(3, feed.List(ResourceKind.Network).Position.Sequence);
    }

    [Fact]
    public async Task A_watch_may_begin_at_the_version_of_an_object_that_this_run_changed()
    {
        var feed = Begin();
        _fabric.Put("a", 1);
        feed.Publish(_fabric.Step());
        _fabric.Put("b", 2);
        feed.Publish(_fabric.Step());
        var b = feed.Snapshot.Networks["b"];
        _fabric.SetHosts("b", "h1");
        feed.Publish(_fabric.Step());
        _fabric.Put("a", 3);
        feed.Publish(_fabric.Step());

        await using var watch = Watch(feed, new(b.Version));

        Assert.Equal(["Bookmark", "Modified b", "Modified a"], await TakeAsync(watch, 3));
    }

    [Fact]
    public async Task What_a_former_run_what_the_future_and_what_is_forgotten_would_tell_is_refused()
    {
        _fabric.Put("old", 1);
        var feed = Begin(kept: 4);
        var first = feed.List(ResourceKind.Network);
        for (var i = 0; i < 5; i++)
        {
            _fabric.Put("a", (uint)i + 2);
            feed.Publish(_fabric.Step());
        }

        var now = feed.List(ResourceKind.Network).Position;
        foreach (var position in new FeedPosition[] { first.Position, now with { Run = Run + 1 }, now with { Sequence = now.Sequence + 1 }, new(now.Revision + 1), new(feed.Snapshot.Networks["old"].Version), new(0) })
        {
            await using var watch = Watch(feed, position);
            Assert.Equal("TooOld", await NextAsync(watch));
            Assert.False(await watch.MoveNextAsync());
        }
    }

    [Fact]
    public async Task A_watcher_that_is_too_slow_is_cut_off()
    {
        var feed = Begin(kept: 100);
        await using var watch = Watch(feed, null);
        Assert.Equal("Bookmark", await NextAsync(watch));
        for (var i = 0; i < 101; i++)
        {
            _fabric.Put("a", (uint)i + 2);
            feed.Publish(_fabric.Step());
        }

        Assert.Equal("Overrun", await NextAsync(watch));
        Assert.False(await watch.MoveNextAsync());
    }

    [Fact]
    public async Task Events_are_watched_likewise()
    {
        var feed = Begin();
        feed.Publish(_fabric.Step("one", "two"));
        await using var all = feed.WatchEventsAsync(null, default).GetAsyncEnumerator();
        await using var later = feed.WatchEventsAsync(feed.Events().Position, default).GetAsyncEnumerator();
        var told = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            if (i == 3)
            {
                feed.Publish(_fabric.Step("three"));
            }

            await all.MoveNextAsync();
            told.Add(all.Current.Event?.Name ?? all.Current.Kind.ToString());
        }

        Assert.Equal(["one", "two", "Bookmark", "three"], told);
        Assert.True(await later.MoveNextAsync());
        Assert.True(await later.MoveNextAsync());
        Assert.Equal("three", later.Current.Event!.Name);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("17.0000000a.5")]
    public void A_position_is_read_as_it_was_written(string text)
    {
        Assert.True(FeedPosition.TryParse(text, out var position));
        Assert.Equal(text, position.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("1.2")]
    [InlineData("1.0.3")]
    [InlineData("1.a.3.4")]
    [InlineData("1.a.")]
    public void What_is_no_position_is_refused(string text) => Assert.False(FeedPosition.TryParse(text, out _));

    private ChangeFeed Begin(int kept = 1000, TimeProvider? time = null)
    {
        var feed = new ChangeFeed(Run, time ?? TimeProvider.System, kept);
        feed.Publish(_fabric.Step());
        return feed;
    }

    private static IAsyncEnumerator<ResourceChange> Watch(ChangeFeed feed, FeedPosition? after)
        => feed.WatchAsync(ResourceKind.Network, after, CancellationToken.None).GetAsyncEnumerator();

    private static async Task<ResourceChange> ChangeAsync(IAsyncEnumerator<ResourceChange> watch)
    {
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(5)));
        return watch.Current;
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<ResourceChange> watch)
    {
        var change = await ChangeAsync(watch);
        return $"{change.Kind} {(change.After ?? change.Before)?.Id}".TrimEnd();
    }

    private static async Task<string[]> TakeAsync(IAsyncEnumerator<ResourceChange> watch, int count)
    {
        var all = new string[count];
        for (var i = 0; i < count; i++)
        {
            all[i] = await NextAsync(watch);
        }

        return all;
    }
}
