using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Tests;
using Grpc.Core;
using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.Northbound;

/// <summary>A thousand watchers on connections of their own, half of them over HTTP and half over gRPC, of a controller that is killed and comes back.</summary>
public sealed partial class ManyConnectionsTests(ITestOutputHelper output)
{
    private const int WatchersOfEach = 500;
    private const int Objects = 20;
    private static readonly bool Soak = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1";
    private static readonly int Runs = Soak ? 10 : 3;
    private static readonly int ChangesOfARun = Soak ? 1000 : 50;
    private static readonly TimeSpan CatchUp = TimeSpan.FromMinutes(Soak ? 5 : 1);

    // What is asked for, in the order in which it is asked for. Each change stands here before a watcher can see it.
    private readonly ConcurrentDictionary<int, Change> _changes = new();
    private volatile Server _server = null!;
    private volatile int _final = int.MaxValue;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task No_change_is_missed_or_seen_out_of_order_over_real_connections()
    {
        var seed = Seed.OfThisRun;
        output.WriteLine($"seed {seed}; DWCP_SEED={seed} makes the same changes again");
        var clock = Stopwatch.StartNew();
        await using var controller = await ControllerProcess.StartAsync();
        _server = Server.Of(controller);
        var watchers = Enumerable.Range(0, 2 * WatchersOfEach)
            .Select(i => Task.Run(() => WatchAsync(i % 2 == 0 ? new OverHttp() : new OverGrpc(), new(seed + i)))).ToArray();
        var random = new Random(seed);
        var (present, last) = (new HashSet<string>(), 0);
        for (var run = 1; run <= Runs; run++)
        {
            for (var n = 0; n < ChangesOfARun; n++)
            {
                var id = $"n{random.Next(Objects)}";
                var change = new Change(id, IsDelete: random.Next(5) == 0 && present.Contains(id));
                _changes[++last] = change;
                var asked = MakeAsync(controller.Http, change, last);
                if (run < Runs && n == ChangesOfARun - 1)
                {
                    // It may have been made or not; after the restart it is asked for again, which changes nothing if it was.
                    await (run % 2 == 1 ? controller.KillAsync() : controller.TerminateAsync());
                    await asked.ContinueWith(_ => { }, TaskScheduler.Default);
                    await controller.StartAgainAsync();
                    _server = Server.Of(controller);
                    asked = MakeAsync(controller.Http, change, last);
                }

                await asked;
                _ = change.IsDelete ? present.Remove(id) : present.Add(id);
            }
        }

        _final = last;
        var ended = await Task.WhenAll(watchers).WaitAsync(CatchUp);
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s, {last} changes, {ended.Sum(w => w.Seen)} seen, {ended.Sum(w => w.Resumed)} watches resumed, {ended.Sum(w => w.Lists)} lists");

        // Had all of them only listed, the test would have shown nothing.
        Assert.True(ended.Sum(w => w.Seen) > watchers.Length * last / 2, "most changes are seen by watching");
        Assert.True(ended.Sum(w => w.Resumed) > watchers.Length / 2, "watches are resumed");
    }

    private static async Task MakeAsync(HttpClient http, Change change, int number)
    {
        using var answer = change.IsDelete
            ? await http.DeleteAsync($"/v1/networks/{change.Id}")
            : await http.PutAsJsonAsync($"/v1/networks/{change.Id}", new { vni = 5000 + int.Parse(change.Id[1..]), labels = new { number = $"{number}" } });
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Lists, then follows over connections that it breaks itself or that the controller breaks. Each change must be the one after that which it saw last.</summary>
    private async Task<(long Seen, int Lists, int Resumed)> WatchAsync(IWire wire, Random random)
    {
        var known = new Dictionary<string, int>();
        var (last, seen, lists, resumed) = (0, 0L, 0, 0);
        string? version = null;
        while (last < _final)
        {
            var server = _server;
            using var stop = new CancellationTokenSource();
            try
            {
                if (version is null)
                {
                    (known, version) = await wire.ListAsync(server, stop.Token);
                    var now = Number(known);
                    Assert.True(now >= last, $"a list shows change {now} after {last} was seen");
                    (last, lists) = (now, lists + 1);
                }

                var until = random.Next(10, 10 + ChangesOfARun);
                await foreach (var told in wire.WatchAsync(server, version, stop.Token))
                {
                    version = told.Version;
                    if (IsNew(told, known, last))
                    {
                        last++;
                        seen++;
                    }

                    if (last >= _final || --until == 0)
                    {
                        resumed++;
                        break;
                    }
                }
            }
            catch (Exception e) when (IsOfTheConnection(e))
            {
                await Task.Delay(random.Next(20, 200));
            }
            catch (TooOldException)
            {
                version = null;
            }
        }

        wire.Dispose();
        return (seen, lists, resumed);
    }

    /// <summary>Up to which change a list goes: the newest that an object names, and the deletions after that which it shows.</summary>
    private int Number(Dictionary<string, int> listed)
    {
        var number = listed.Values.DefaultIfEmpty(0).Max();
        while (_changes.TryGetValue(number + 1, out var next) && next.IsDelete && !listed.ContainsKey(next.Id))
        {
            number++;
        }

        return number;
    }

    // A status may change at any time, and that is no change of ours.
    private bool IsNew(Told told, Dictionary<string, int> known, int last)
    {
        if (told.Event == WatchEvent.Bookmark || (told.Event == WatchEvent.Modified && known.GetValueOrDefault(told.Id) == told.Number))
        {
            return false;
        }

        var expected = _changes[last + 1];
        Assert.Equal((expected.Id, expected.IsDelete), (told.Id, told.Event == WatchEvent.Deleted));
        if (expected.IsDelete)
        {
            Assert.True(known.Remove(told.Id), $"{told.Id} was not there");
            return true;
        }

        Assert.Equal(last + 1, told.Number);
        Assert.Equal(known.ContainsKey(told.Id) ? WatchEvent.Modified : WatchEvent.Added, told.Event);
        known[told.Id] = told.Number;
        return true;
    }

    private static bool IsOfTheConnection(Exception e) => e is IOException or HttpRequestException or OperationCanceledException
        || e is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.Cancelled };

    private sealed record Change(string Id, bool IsDelete);

    private readonly record struct Told(WatchEvent Event, string Version, string Id, int Number);

    private sealed partial record Server(Uri Http, Uri Grpc)
    {
        public static Server Of(ControllerProcess controller) => new(controller.Http.BaseAddress!, new($"http://{ListeningOn().Match(controller.Log).Groups[1].Value}"));

        [GeneratedRegex(@"gRPC: listening on ([0-9.:]+)")]
        private static partial Regex ListeningOn();
    }

    private sealed class TooOldException : Exception;

    /// <summary>One watcher's way to the controller.</summary>
    private interface IWire : IDisposable
    {
        Task<(Dictionary<string, int> Known, string Version)> ListAsync(Server server, CancellationToken stop);

        IAsyncEnumerable<Told> WatchAsync(Server server, string version, CancellationToken stop);
    }

    private sealed class OverHttp : IWire
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

        public async Task<(Dictionary<string, int> Known, string Version)> ListAsync(Server server, CancellationToken stop)
        {
            using var list = JsonDocument.Parse(await _http.GetByteArrayAsync(new Uri(server.Http, "/v1/networks"), stop));
            return (list.RootElement.GetProperty("items").EnumerateArray().ToDictionary(Id, Number), list.RootElement.GetProperty("resourceVersion").GetString()!);
        }

        public async IAsyncEnumerable<Told> WatchAsync(Server server, string version, [EnumeratorCancellation] CancellationToken stop)
        {
            using var answer = await _http.GetAsync(new Uri(server.Http, $"/v1/networks?watch=true&resourceVersion={version}"), HttpCompletionOption.ResponseHeadersRead, stop);
            if (answer.StatusCode == HttpStatusCode.Gone)
            {
                throw new TooOldException();
            }

            answer.EnsureSuccessStatusCode();
            await foreach (var sent in SseParser.Create(await answer.Content.ReadAsStreamAsync(stop)).EnumerateAsync(stop))
            {
                if (sent.EventType == "ERROR")
                {
                    throw new TooOldException();
                }

                using var data = JsonDocument.Parse(sent.Data);
                var kind = Enum.Parse<WatchEvent>(sent.EventType, ignoreCase: true);
                yield return kind == WatchEvent.Bookmark ? new(kind, sent.EventId!, "", 0) : new(kind, sent.EventId!, Id(data.RootElement), Number(data.RootElement));
            }
        }

        public void Dispose() => _http.Dispose();

        private static string Id(JsonElement network) => network.GetProperty("id").GetString()!;

        private static int Number(JsonElement network) => int.Parse(network.GetProperty("labels").GetProperty("number").GetString()!);
    }

    private sealed class OverGrpc : IWire
    {
        private (Server To, GrpcChannel Channel)? _channel;

        public async Task<(Dictionary<string, int> Known, string Version)> ListAsync(Server server, CancellationToken stop)
        {
            var list = await Client(server).ListAsync(new(), cancellationToken: stop);
            return (list.Items.ToDictionary(i => i.Id, Number), list.ResourceVersion);
        }

        public async IAsyncEnumerable<Told> WatchAsync(Server server, string version, [EnumeratorCancellation] CancellationToken stop)
        {
            using var watch = Client(server).Watch(new() { ResourceVersion = version }, cancellationToken: stop);
            while (true)
            {
                try
                {
                    if (!await watch.ResponseStream.MoveNext(stop))
                    {
                        yield break;
                    }
                }
                catch (RpcException e) when (e.StatusCode == StatusCode.OutOfRange)
                {
                    throw new TooOldException();
                }

                var told = watch.ResponseStream.Current;
                yield return new(told.Event, told.ResourceVersion, told.Item?.Id ?? "", told.Item is { } item ? Number(item) : 0);
            }
        }

        public void Dispose() => _channel?.Channel.Dispose();

        private Networks.NetworksClient Client(Server server)
        {
            if (_channel is not { } channel || channel.To != server)
            {
                Dispose();
                _channel = channel = (server, new(server.Grpc));
            }

            return new(channel.Channel);
        }

        private static int Number(Network network) => int.Parse(network.Labels["number"]);
    }
}
