using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Ovsdb;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Whatever is asked, over REST or gRPC: an answer as promised, no mistake of ours, and no memory that stays.</summary>
[Collection(nameof(Alone))] // It weighs the whole process.
public sealed class MutatedRequestTests(ITestOutputHelper output)
{
    private static readonly bool Soak = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1";
    private static readonly int Requests = Soak ? 5_000_000 : 200_000;

    /// <summary>What may stay after the first fifth: the logs of changes fill up, and are full from the start in the long run only.</summary>
    private static readonly long Growth = Soak ? 32 << 20 : 96 << 20;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Mutated_requests_are_answered_as_promised()
    {
        var seed = Seed.OfThisRun;
        output.WriteLine($"{Requests} requests from seed {seed}; DWCP_SEED={seed} makes the same again");
        var mistakes = new Mistakes();
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(
            new FabricMachine(new(0, [])), new MemoryStateStore(historyRevisions: 10), TimeProvider.System, NullLogger<FabricLoop>.Instance);
        var running = fabric.RunAsync(stop.Token);
        using var configuration = new RunningConfiguration(fromApi => ControllerOptions.Load([], new Dictionary<string, string>(), _ => "", fromApi));
        var options = ((Loaded.Ready)configuration.Load()).Options;
        configuration.Start(new MemoryStateStore(historyRevisions: 10), new(0, []), options, why => Assert.Fail(why));
        await using var server = new NorthboundServer(
            fabric, new NorthboundOptions { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) }, () => [], mistakes, TimeProvider.System, configuration);
        var statuses = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var settled = 0L;
        if (Soak)
        {
            await FillLogsAsync(server, fabric, stop.Token);
        }

        var clock = Stopwatch.StartNew();
        for (var n = 0; n < Requests; n++)
        {
            var one = unchecked(seed + n);
            using var request = Mutations.Make(one);
            try
            {
                await request.RunAsync(server.Handler).WaitAsync(TimeSpan.FromSeconds(30), stop.Token);
                var status = request.Http.Request.Protocol == "HTTP/2" ? CheckCall(request) : CheckRest(request);
                statuses[status] = statuses.GetValueOrDefault(status) + 1;
                mistakes.ThrowIfAny();
            }
            catch (Exception e)
            {
                Assert.Fail($"request {n} of seed {seed} (DWCP_SEED={one} begins with it): {Describe(request)}\n{e}");
            }

            if (n % 1000 == 999)
            {
                await EmptyAsync(fabric, stop.Token);
            }

            if (n == Requests / 5)
            {
                settled = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - settled;
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s, {grown >> 10} KiB more than after the first fifth; the process had {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at most");
        output.WriteLine(string.Join(", ", statuses.Select(s => $"{s.Key}: {s.Value}")));
        Assert.InRange(grown, long.MinValue, Growth);
        Assert.All(["200", "201", "204", "400", "404", "405", "409", "412", "grpc 0", "grpc 3", "grpc 12"], s => Assert.Contains(s, statuses.Keys));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>So many changes of each kind are kept for watchers; that they come to be kept is no growth.</summary>
    private static async Task FillLogsAsync(NorthboundServer server, FabricLoop fabric, CancellationToken stop)
    {
        const int kept = 16_384;
        foreach (var (kind, json) in Mutations.Bodies.Where(b => b.Kind is not ("events" or "links" or "configuration")).DistinctBy(b => b.Kind))
        {
            var path = kind == "bgp-speaker" ? $"/v1/{kind}" : $"/v1/{kind}/a";
            for (var n = 0; n < kept / 2; n++)
            {
                foreach (var (method, body) in new[] { ("PUT", Encoding.UTF8.GetBytes(json)), ("DELETE", []) })
                {
                    using var request = new BareRequest("HTTP/1.1", method, path, "", body);
                    await request.RunAsync(server.Handler);
                    Assert.InRange(request.Http.Response.StatusCode, 200, 204);
                }
            }
        }

        await EmptyAsync(fabric, stop);
    }

    private static string CheckRest(BareRequest request)
    {
        var response = request.Http.Response;
        CheckFields(response.Headers);
        Assert.NotEqual(500, response.StatusCode);
        if (response.ContentType is "application/json" or "application/problem+json")
        {
            using var answer = JsonDocument.Parse(request.Answer);
            if (response.StatusCode >= 400)
            {
                Assert.Equal("application/problem+json", response.ContentType);
                Assert.Equal(response.StatusCode, answer.RootElement.GetProperty("status").GetInt32());
                Assert.NotEqual(0, answer.RootElement.GetProperty("errors").GetArrayLength());
                Assert.All(answer.RootElement.GetProperty("errors").EnumerateArray(), e => Assert.NotEqual("", e.GetProperty("remedy").GetString()));
            }
        }
        else
        {
            Assert.InRange(response.StatusCode, 200, 299);
        }

        return response.StatusCode.ToString();
    }

    private static string CheckCall(BareRequest request)
    {
        var response = request.Http.Response;
        CheckFields(response.Headers);
        CheckFields(request.Trailers);
        if (response.StatusCode != 200)
        {
            Assert.Equal(415, response.StatusCode);
            return "415";
        }

        var fields = response.Headers.ContainsKey("grpc-status") ? response.Headers : request.Trailers;
        if (request.IsGone && !fields.ContainsKey("grpc-status"))
        {
            return "gone";
        }

        var status = int.Parse(fields["grpc-status"].ToString());
        Assert.InRange(status, 0, 16);
        Assert.NotEqual(2, status);
        return $"grpc {status}";
    }

    // The web server would end the connection rather than send anything else.
    private static void CheckFields(Microsoft.AspNetCore.Http.IHeaderDictionary fields)
    {
        foreach (var (name, value) in fields)
        {
            if (value.ToString().AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                Assert.Fail($"the field {name} has the value {value}");
            }
        }
    }

    /// <summary>Requests make objects; so that memory tells of requests, none of them stays.</summary>
    private static async Task EmptyAsync(FabricLoop fabric, CancellationToken stop)
    {
        foreach (var kind in new[] { ResourceKind.EvpnRoute, ResourceKind.BgpPeer, ResourceKind.BgpSpeaker, ResourceKind.Bridge, ResourceKind.Port, ResourceKind.Subnet, ResourceKind.Network, ResourceKind.Switch })
        {
            foreach (var resource in fabric.List(kind).Items)
            {
                await fabric.ApplyAsync(new DeleteCommand(kind, resource.Id), stop);
            }

            Assert.Empty(fabric.List(kind).Items);
        }
    }

    private static string Describe(BareRequest request)
    {
        var http = request.Http.Request;
        var body = ((MemoryStream)http.Body).ToArray();
        return $"{http.Protocol} {http.Method} {http.Path}{http.QueryString}\n{string.Join('\n', http.Headers.Select(h => $"{h.Key}: {h.Value}"))}\n"
            + $"{Encoding.UTF8.GetString(body)}\n{Convert.ToHexString(body)}\nanswer {request.Http.Response.StatusCode}: {Encoding.UTF8.GetString(request.Answer)}";
    }
}
