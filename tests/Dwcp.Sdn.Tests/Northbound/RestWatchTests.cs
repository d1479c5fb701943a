using System.Net;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>GET with watch=true is answered by server-sent events.</summary>
public sealed class RestWatchTests : RestFixture
{
    [Fact]
    public async Task Objects_and_then_changes_are_told()
    {
        await SendAsync("PUT", "/v1/networks/a", """{"vni": 1}""");
        using var watch = await OpenAsync("/v1/networks?watch=true");

        Assert.Equal("ADDED", (await watch.NextAsync()).Event);
        Assert.Equal("BOOKMARK", (await watch.NextAsync()).Event);
        await SendAsync("PUT", "/v1/networks/b", """{"vni": 2}""");
        var added = await watch.NextAsync();
        Assert.Equal(("ADDED", "b", 2), (added.Event, added.Data.GetProperty("id").GetString(), added.Data.GetProperty("vni").GetInt32()));
        Assert.NotEmpty(added.Id);
        await SendAsync("PATCH", "/v1/networks/a", """{"mtu": 1400}""");
        Assert.Equal("MODIFIED", (await watch.NextAsync()).Event);
        await SendAsync("DELETE", "/v1/networks/a");
        var deleted = await watch.NextAsync();
        Assert.Equal(("DELETED", "a", 1400), (deleted.Event, deleted.Data.GetProperty("id").GetString(), deleted.Data.GetProperty("mtu").GetInt32()));
    }

    [Fact]
    public async Task A_watch_goes_on_after_a_list_after_another_watch_and_after_an_object()
    {
        var made = await SendAsync("PUT", "/v1/networks/a", """{"vni": 1}""");
        var list = await SendAsync("GET", "/v1/networks");
        await SendAsync("PUT", "/v1/networks/b", """{"vni": 2}""");
        foreach (var version in new[] { list["resourceVersion"].GetString(), made["resourceVersion"].GetString() })
        {
            using var watch = await OpenAsync($"/v1/networks?watch=true&resourceVersion={version}");
            var bookmark = await watch.NextAsync();
            Assert.Equal("BOOKMARK", bookmark.Event);
            Assert.Equal("b", (await watch.NextAsync()).Data.GetProperty("id").GetString());
            using var resumed = await OpenAsync("/v1/networks?watch=true", ("Last-Event-ID", bookmark.Id));
            Assert.Equal("BOOKMARK", (await resumed.NextAsync()).Event);
            Assert.Equal("b", (await resumed.NextAsync()).Data.GetProperty("id").GetString());
        }
    }

    [Fact]
    public async Task While_the_objects_are_being_told_no_id_promises_more_than_was_told()
    {
        await SendAsync("PUT", "/v1/networks/a", """{"vni": 1}""");
        using var watch = await OpenAsync("/v1/networks?watch=true");

        Assert.Equal("", (await watch.NextAsync()).Id);
        Assert.NotEqual("", (await watch.NextAsync()).Id);
    }

    [Fact]
    public async Task A_filter_turns_what_comes_to_fit_into_added_and_what_fits_no_more_into_deleted()
    {
        using var watch = await OpenAsync("/v1/networks?watch=true&filter=label.a=1");
        Assert.Equal("BOOKMARK", (await watch.NextAsync()).Event);
        await SendAsync("PUT", "/v1/networks/x", """{"vni": 1}""");
        await SendAsync("PUT", "/v1/networks/x", """{"vni": 1, "labels": {"a": "1"}}""");
        await SendAsync("PUT", "/v1/networks/x", """{"vni": 2, "labels": {"a": "1"}}""");
        await SendAsync("PUT", "/v1/networks/x", """{"vni": 2}""");

        Assert.Equal("ADDED", (await watch.NextAsync()).Event);
        Assert.Equal("MODIFIED", (await watch.NextAsync()).Event);
        var gone = await watch.NextAsync();
        Assert.Equal(("DELETED", 2), (gone.Event, gone.Data.GetProperty("vni").GetInt32()));
    }

    [Fact]
    public async Task A_status_that_changes_is_told_and_leaves_the_version_of_the_object_alone()
    {
        var made = await SendAsync("PUT", "/v1/ports/p", """{"network": "n"}""");
        using var watch = await OpenAsync("/v1/ports?watch=true");
        await watch.NextAsync();
        await watch.NextAsync();

        Fabric.SetStatus(ResourceKind.Port, "p", status => (PortStatus)status with { State = "UP", Host = "h1" });

        var told = await watch.NextAsync();
        Assert.Equal(("MODIFIED", "UP"), (told.Event, told.Data.GetProperty("status").GetProperty("state").GetString()));
        Assert.Equal(made["resourceVersion"].GetString(), told.Data.GetProperty("resourceVersion").GetString());
    }

    [Theory]
    [InlineData("999999", 410, "resourceVersion version-too-old")]
    [InlineData("1.00000001.0", 410, "resourceVersion version-too-old")]
    [InlineData("yesterday", 400, "resourceVersion invalid")]
    public async Task A_version_that_cannot_be_gone_on_from_is_refused(string version, int status, string problem)
    {
        var answer = await SendAsync("GET", $"/v1/networks?watch=true&resourceVersion={version}");

        Assert.Equal(status, answer.Status);
        Assert.Equal([problem], answer.Problems);
    }

    [Fact]
    public async Task Events_are_watched_too()
    {
        using var watch = await OpenAsync("/v1/events?watch=true&filter=subject=ports/p");
        Assert.Equal("BOOKMARK", (await watch.NextAsync()).Event);
        Fabric.Happen("PortBound", "ports/q", "");
        Fabric.Happen("PortBound", "ports/p", "h1");

        Assert.Equal("h1", (await watch.NextAsync()).Data.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_watch_of_events_goes_on_after_a_list_of_them_and_after_another_watch()
    {
        Fabric.Happen("PortBound", "ports/p", "before");
        var version = (await SendAsync("GET", "/v1/events"))["resourceVersion"].GetString();
        Fabric.Happen("PortBound", "ports/p", "first");
        Fabric.Happen("PortBound", "ports/p", "second");
        using var watch = await OpenAsync($"/v1/events?watch=true&resourceVersion={version}");
        await watch.NextAsync();
        var first = await watch.NextAsync();
        using var resumed = await OpenAsync($"/v1/events?watch=true&resourceVersion={first.Id}");
        await resumed.NextAsync();

        Assert.Equal("first", first.Data.GetProperty("message").GetString());
        Assert.Equal("second", (await resumed.NextAsync()).Data.GetProperty("message").GetString());
        Assert.Equal(410, (await SendAsync("GET", "/v1/events?watch=true&resourceVersion=1.00000001.0")).Status);
    }

    [Fact]
    public async Task The_head_of_a_watch_is_told_and_the_watch_is_not_begun()
    {
        var answer = await SendAsync("HEAD", "/v1/networks?watch=true");

        Assert.Equal((200, "text/event-stream", ""), (answer.Status, answer.ContentType, answer.Body));
        Assert.Equal(400, (await SendAsync("HEAD", "/v1/networks?watch=true&colour=blue")).Status);
    }

    [Fact]
    public async Task A_watch_ends_with_the_server()
    {
        using var watch = await OpenAsync("/v1/networks?watch=true");
        await watch.NextAsync();

        await StopAsync().WaitAsync(TimeSpan.FromSeconds(10));

        await Assert.ThrowsAnyAsync<IOException>(watch.NextAsync);
    }

    private async Task<EventStream> OpenAsync(string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new(response, await response.Content.ReadAsStreamAsync());
    }

    private sealed record Told(string Event, string Id, JsonElement Data);

    private sealed class EventStream(HttpResponseMessage response, Stream body) : IDisposable
    {
        private readonly StreamReader _reader = new(body);

        public async Task<Told> NextAsync()
        {
            var fields = new Dictionary<string, string> { ["id"] = "" };
            while (await _reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is { } line)
            {
                if (line.Length == 0)
                {
                    return new(fields["event"], fields["id"], JsonDocument.Parse(fields["data"]).RootElement);
                }

                var colon = line.IndexOf(": ", StringComparison.Ordinal);
                fields[line[..colon]] = line[(colon + 2)..];
            }

            throw new IOException("The stream has ended");
        }

        public void Dispose() => response.Dispose();
    }
}
