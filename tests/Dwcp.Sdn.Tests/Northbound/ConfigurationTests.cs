using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What is set through the API weighs more than defaults and less than all else, outlives a restart, and is in force at once where it can be.</summary>
public sealed class ConfigurationTests : RestFixture
{
    private readonly MemoryStateStore _store = new();
    private readonly List<string> _arguments = [];
    private readonly List<ControllerOptions> _changes = [];
    private readonly RunningConfiguration _running;

    public ConfigurationTests() => _running = Begin();

    internal override RunningConfiguration Configuration => _running;

    [Fact]
    public async Task What_is_set_is_in_force_at_once_and_shown_with_where_it_comes_from()
    {
        var answer = await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "debug", "max-requests": "7", "reconcile-audit": "30s"}}""");

        Assert.Equal(200, answer.Status);
        Assert.StartsWith("\"1-", answer.ETag, StringComparison.Ordinal);
        Assert.Equal(("debug", "API", null), Option(answer, "log"));
        Assert.Equal(("7", "API", null), Option(answer, "max-requests"));
        Assert.Equal(("1m", "DEFAULT", "30s"), Option(answer, "reconcile-audit"));
        Assert.Equal(("127.0.0.1:8080", "DEFAULT", null), Option(answer, "http"));
        Assert.Equal((LogLevel.Debug, 7), (_changes[^1].Log, _changes[^1].MaxRequests));
    }

    [Fact]
    public async Task A_patch_changes_what_it_names_and_null_takes_it_back()
    {
        await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "debug", "max-watches": "7"}}""");

        var answer = await SendAsync("PATCH", "/v1/configuration", """{"settings": {"log": null, "max-calls": "9"}}""");

        Assert.Equal(("information", "DEFAULT", null), Option(answer, "log"));
        Assert.Equal("""{"max-calls":"9","max-watches":"7"}""", answer["settings"].GetRawText().Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(LogLevel.Information, _changes[^1].Log);
    }

    [Fact]
    public async Task The_command_line_weighs_more_and_what_is_set_waits_behind_it()
    {
        _arguments.AddRange(["--log", "warning"]);

        var answer = await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "debug"}}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal(("warning", "COMMAND_LINE", null), Option(answer, "log"));
    }

    [Fact]
    public async Task What_was_set_holds_after_a_restart_also_where_it_needed_one()
    {
        await SendAsync("PUT", "/v1/configuration", """{"settings": {"reconcile-audit": "30s"}}""");

        using var next = Begin();

        Assert.Equal(TimeSpan.FromSeconds(30), _changes[^1].ReconcileAudit);
        Assert.Equal((1, "30s"), (next.Current.Version, next.Current.Options.Single(o => o.Name == "reconcile-audit").Value));
        Assert.All(next.Current.Options, o => Assert.Null(o.AfterRestart));
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_at_once_and_nothing_is_changed()
    {
        var answer = await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "loud", "max-request": "1", "http": "127.0.0.1:1", "max-calls": "5"}}""");

        Assert.Equal(400, answer.Status);
        Assert.Equal(["settings.http not-supported", "settings.log invalid", "settings.max-request unknown-field"], answer.Problems);
        Assert.Contains("Did you mean max-requests?", answer.Body, StringComparison.Ordinal);
        Assert.Equal(0, _store.Revision);
    }

    [Fact]
    public async Task It_is_changed_only_if_nobody_else_did_and_not_when_it_is_only_judged()
    {
        Assert.Equal(200, (await SendAsync("PUT", "/v1/configuration?validateOnly=true", """{"settings": {"log": "debug"}}""")).Status);
        Assert.Equal(0, _store.Revision);
        var first = await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "debug"}}""");
        Assert.Equal(412, (await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "error"}}""", headers: ("If-Match", "\"0\""))).Status);
        Assert.Equal(200, (await SendAsync("PUT", "/v1/configuration", """{"settings": {"log": "error"}}""", headers: ("If-Match", first.ETag!))).Status);
        Assert.Equal("error", Option(await SendAsync("GET", "/v1/configuration"), "log").Value);
    }

    [Fact]
    public async Task What_a_former_release_stored_and_this_one_does_not_know_is_ignored_and_said()
    {
        await _store.CommitAsync(new() { Put = [new(RunningConfiguration.Key, """{"colour": "blue", "log": "debug"}"""u8.ToArray())] });
        var ignored = "";

        using var next = Begin(why => ignored = why);

        Assert.Contains("settings.colour: No such option", ignored, StringComparison.Ordinal);
        Assert.Equal(LogLevel.Information, _changes[^1].Log);
    }

    [Fact]
    public void What_is_read_again_and_is_as_before_changes_nothing()
    {
        var before = (_changes.Count, State: _running.Current);

        _running.TakeOver(_changes[^1]);
        Assert.Equal(before, (_changes.Count, _running.Current));

        _arguments.AddRange(["--log", "warning"]);
        _running.TakeOver(_changes[^1]);
        Assert.Equal((before.Count + 1, LogLevel.Warning), (_changes.Count, _changes[^1].Log));
    }

    [Fact]
    public async Task Fewer_places_send_nobody_away_and_let_nobody_in()
    {
        using var watch = await Client.GetAsync("/v1/networks?watch=true", HttpCompletionOption.ResponseHeadersRead);
        Server.SetLimits(new NorthboundOptions { MaxWatches = 1 });

        Assert.Equal(HttpStatusCode.OK, watch.StatusCode);
        Assert.Equal(429, (await SendAsync("GET", "/v1/networks?watch=true")).Status);
    }

    [Fact]
    public async Task A_watch_begins_with_what_holds_and_tells_each_change()
    {
        using var answer = await Client.GetAsync("/v1/configuration?watch=true", HttpCompletionOption.ResponseHeadersRead);
        using var channel = new GrpcChannel(new($"http://{Server.GrpcEndPoint}"));
        using var call = new Configurations.ConfigurationsClient(channel).Watch(new() { ResourceVersion = "0" });
        var told = SseParser.Create(await answer.Content.ReadAsStreamAsync()).EnumerateAsync().GetAsyncEnumerator();
        foreach (var (overHttp, overGrpc) in new[] { ("ADDED", WatchEvent.Modified), ("BOOKMARK", WatchEvent.Bookmark) })
        {
            Assert.True(await told.MoveNextAsync() && await call.ResponseStream.MoveNext(default));
            Assert.Equal((overHttp, "0", overGrpc), (told.Current.EventType, told.Current.EventId, call.ResponseStream.Current.Event));
        }

        await SendAsync("PATCH", "/v1/configuration", """{"settings": {"log": "debug"}}""");

        Assert.True(await told.MoveNextAsync() && await call.ResponseStream.MoveNext(default));
        Assert.Equal(("MODIFIED", "1"), (told.Current.EventType, told.Current.EventId));
        Assert.Equal("debug", JsonDocument.Parse(told.Current.Data).RootElement.GetProperty("settings").GetProperty("log").GetString());
        Assert.Equal("debug", call.ResponseStream.Current.Item.Settings["log"]);
    }

    private static (string? Value, string? Source, string? AfterRestart) Option(Answer answer, string name)
    {
        var option = answer["options"].EnumerateArray().Single(o => o.GetProperty("name").GetString() == name);
        return (option.GetProperty("value").GetString(), option.GetProperty("source").GetString(),
            option.TryGetProperty("afterRestart", out var later) && later.ValueKind != JsonValueKind.Null ? later.GetString() : null);
    }

    private RunningConfiguration Begin(Action<string>? ignored = null)
    {
        var running = new RunningConfiguration(fromApi => ControllerOptions.Load(_arguments, new Dictionary<string, string>(), _ => "", fromApi));
        running.Changed += _changes.Add;
        var atStart = ((Loaded.Ready)ControllerOptions.Load([], new Dictionary<string, string>(), _ => "")).Options;
        running.Start(_store, _store.ListAsync("/").AsTask().Result, atStart, ignored ?? (why => Assert.Fail(why)));
        return running;
    }
}
