using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Dwcp.Sdn.SystemTests;

/// <summary>The controller's process where things go wrong around it: disks, ports, a second one, many at once.</summary>
public sealed class ProcessTests
{
    [Fact]
    public async Task A_full_disk_is_an_answer_to_the_caller_and_the_process_goes_on()
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-full-").FullName;
        (await Command.RunAsync("mount", "-t", "tmpfs", "-o", "size=600k", "none", directory)).Succeeded();
        try
        {
            await using var controller = await ControllerProcess.StartOnAsync(directory);
            var api = new RestApi(controller);
            var filler = new string('x', 250);
            var accepted = new List<string>();
            RestAnswer refused;
            for (var i = 0; ; i++)
            {
                refused = await api.TryPutAsync($"/v1/networks/n{i}", $$"""{"vni": {{i + 1}}, "labels": {"filler": "{{filler}}"} }""");
                if (refused.Status != HttpStatusCode.Created)
                {
                    break;
                }

                accepted.Add($"n{i}");
                Assert.InRange(i, 0, 10_000);
            }

            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.Status);
            Assert.Equal("application/problem+json", refused.MediaType);
            Assert.Equal("urn:dwcp:problem:unavailable", refused.Body.GetProperty("type").GetString());
            Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync($"/v1/networks/n{accepted.Count}")).Status);
            Assert.Equal("ok", (await controller.Http.GetStringAsync("/healthz")).Trim());
            Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/v1/networks/n0")).Status);

            (await Command.RunAsync("mount", "-o", "remount,size=6m", directory)).Succeeded();
            Assert.Equal(HttpStatusCode.Created, (await api.TryPutAsync("/v1/networks/after", """{"vni": 77777}""")).Status);
            Assert.Equal(0, (await controller.TerminateAsync()).ExitCode);
            await controller.StartAgainAsync();
            Assert.Equal(accepted.Append("after").Order(StringComparer.Ordinal), await NamesAsync(api, "networks"));
        }
        finally
        {
            (await Command.RunAsync("umount", directory)).Succeeded();
            Directory.Delete(directory);
        }
    }

    [Fact]
    public async Task A_second_controller_on_the_same_data_directory_ends_and_says_why()
    {
        await using var first = await ControllerProcess.StartAsync();

        var second = await RunAsync("--data", first.DataDirectory, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--ovsdb", "127.0.0.1:0", "--openflow", "127.0.0.1:0");

        Assert.Equal(1, second.ExitCode);
        var why = Assert.Single(Lines(second), l => Level(l) == "critical");
        Assert.Contains(first.DataDirectory, why);
        Assert.Contains("another controller has this store open", why);
        Assert.DoesNotContain("   at ", second.Out + second.Error);
        Assert.Equal(HttpStatusCode.Created, (await new RestApi(first).TryPutAsync("/v1/networks/blue", """{"vni": 1}""")).Status);
    }

    [Theory]
    [InlineData("--http")]
    [InlineData("--grpc")]
    [InlineData("--ovsdb")]
    [InlineData("--openflow")]
    public async Task A_port_that_is_taken_is_named_and_ends_the_process_with_1(string option)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var data = Directory.CreateTempSubdirectory("dwcp-busy-");
        string[] listeners = ["--http", "--grpc", "--ovsdb", "--openflow"];

        var result = await RunAsync(["--data", data.FullName, .. listeners.SelectMany(l => new[] { l, l == option ? $"{taken.LocalEndpoint}" : "127.0.0.1:0" })]);

        Assert.Equal(1, result.ExitCode);
        var why = Assert.Single(Lines(result), l => Level(l) is "critical" or "error" or "warning");
        Assert.Contains($"{taken.LocalEndpoint}", why);
        Assert.Contains(option, why);
        Assert.DoesNotContain("   at ", result.Out + result.Error);
        data.Delete(recursive: true);
    }

    [Fact]
    public async Task SIGTERM_ends_the_process_with_0_within_5_seconds_whoever_is_connected()
    {
        await using var controller = await ControllerProcess.StartAsync();
        var sockets = new List<Socket>();
        try
        {
            foreach (var end in Enumerable.Repeat((IPEndPoint[])[controller.OpenFlow, controller.Ovsdb, new(IPAddress.Loopback, controller.Http.BaseAddress!.Port)], 100).SelectMany(e => e))
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                sockets.Add(socket);
                await socket.ConnectAsync(end);
            }

            // A request whose body does not come, and one that is kept alive.
            await sockets[2].SendAsync("PUT /v1/networks/blue HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"u8.ToArray());
            await controller.Http.GetStringAsync("/healthz");
            var clock = Stopwatch.StartNew();

            var result = await controller.TerminateAsync();

            Assert.Equal(0, result.ExitCode);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }

    [Fact]
    public async Task Two_hundred_PUTs_at_once_are_all_kept_each_with_its_own_ids()
    {
        await using var controller = await ControllerProcess.StartAsync();
        var api = new RestApi(controller);
        await api.PutAsync("/v1/networks/blue", """{"vni": 1}""");
        await api.PutAsync("/v1/subnets/blue-v4", """{"network": "blue", "cidr": "10.1.0.0/16"}""");

        // Every port twice, so that two requests of one object meet as well.
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => api.TryPutAsync($"/v1/ports/p{i / 2}", """{"network": "blue"}""")));

        Assert.All(answers, a => Assert.True(a.Status is HttpStatusCode.Created or HttpStatusCode.OK, $"{a.Status} {a.Body}"));
        Assert.Equal(100, answers.Count(a => a.Status == HttpStatusCode.Created));
        await controller.KillAsync();
        await controller.StartAgainAsync();
        var ports = (await new RestApi(controller).GetAsync("/v1/ports?pageSize=1000")).Body.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(100, ports.Count);
        Assert.Equal(100, ports.Select(p => p.GetProperty("addresses")[0].GetString()).Distinct().Count());
        Assert.Equal(100, ports.Select(p => p.GetProperty("mac").GetString()).Distinct().Count());
        Assert.Equal(100, ports.Select(p => p.GetProperty("status").GetProperty("logicalPort").GetInt64()).Distinct().Count());
    }

    [Fact]
    public async Task A_port_with_more_addresses_than_a_record_holds_is_refused_and_the_process_goes_on()
    {
        await using var controller = await ControllerProcess.StartAsync();
        var api = new RestApi(controller);
        var addresses = string.Join(", ", Enumerable.Range(0, 40_000).Select(i => $"\"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}\"").Skip(1));

        var answer = await api.TryPutAsync("/v1/ports/p", $$"""{"network": "blue", "addresses": [{{addresses}}]}""");

        Assert.Contains((int)answer.Status, new[] { 400, 413 });
        Assert.Equal(HttpStatusCode.Created, (await api.TryPutAsync("/v1/ports/p", """{"network": "blue"}""")).Status);
    }

    private static async Task<CommandResult> RunAsync(params string[] arguments)
    {
        await using var process = Command.Start(Checkout.Controller, arguments);
        return await process.EndedAsync(TimeSpan.FromSeconds(20));
    }

    private static string[] Lines(CommandResult result) => (result.Out + result.Error).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string Level(string line) =>
        line.StartsWith('{') && JsonDocument.Parse(line).RootElement is var json && json.GetProperty("event").GetInt32() != 1001 ? json.GetProperty("level").GetString()! : "";

    private static async Task<string[]> NamesAsync(RestApi api, string kind)
    {
        var names = new List<string>();
        var token = "";
        do
        {
            var page = (await api.GetAsync($"/v1/{kind}?pageSize=500&pageToken={token}")).Body;
            names.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()!));
            token = page.TryGetProperty("nextPageToken", out var next) ? next.GetString() : "";
        }
        while (!string.IsNullOrEmpty(token));

        names.Sort(StringComparer.Ordinal);
        return [.. names];
    }
}
