using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Controller.Loops;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What a caller reads of the real fabric it can send back, defaults and all, and wants the same by it.</summary>
public sealed class RoundTripTests
{
    [Fact]
    public async Task What_a_get_shows_can_be_put_again_and_wants_the_same()
    {
        using var stop = new CancellationTokenSource();
        var fabric = new FabricLoop(new FabricMachine(new(0, [])), new MemoryStateStore(), TimeProvider.System, NullLogger<FabricLoop>.Instance);
        var running = fabric.RunAsync(stop.Token);
        await using var server = new NorthboundServer(
            fabric, new NorthboundOptions { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) }, () => [], NullLoggerFactory.Instance, TimeProvider.System);
        await server.StartAsync(stop.Token);
        using var client = new HttpClient { BaseAddress = new($"http://{server.HttpEndPoint}") };
        foreach (var (kind, json) in Mutations.Bodies.Where(b => b.Kind is not ("events" or "links" or "configuration")).DistinctBy(b => b.Kind))
        {
            var path = kind == "bgp-speaker" ? $"/v1/{kind}" : $"/v1/{kind}/a";
            using (var made = await client.PutAsync(path, new StringContent(json, null, "application/json")))
            {
                Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync());
            }

            var shown = await client.GetStringAsync(path);
            using var again = await client.PutAsJsonAsync(path, JsonNode.Parse(shown));

            Assert.Equal((HttpStatusCode.OK, Wanted(shown)), (again.StatusCode, Wanted(await again.Content.ReadAsStringAsync())));
        }

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    // Whoever says a default himself has said something new; what is wanted stays the same.
    private static string Wanted(string shown)
    {
        var json = JsonNode.Parse(shown)!.AsObject();
        Assert.True(json.Remove("resourceVersion") && json.Remove("generation") && json.Remove("status"), shown);
        return json.ToJsonString();
    }
}
