using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Grpc.Client;
using Google.Protobuf;
using Grpc.Core;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// A running controller's API: unary calls, streamed messages and REST requests per second with their latency, the same calls
/// to a server of grpcio, and what a change costs that a thousand watchers wait for. Client and servers share the machine.
/// </summary>
internal static class ApiBenchmark
{
    private const int Networks = 5000;
    private const int Callers = 64;
    private const int Watchers = 1000;
    private const int Changes = 20;
    private const int Rounds = 3;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var rest, var rpc])
        {
            await Console.Error.WriteLineAsync("api HTTP GRPC, such as: api http://127.0.0.1:8080 http://127.0.0.1:8081, on a controller that holds nothing of worth");
            return 2;
        }

        await FillAsync(rest);
        using var ours = new GrpcChannel(new(rpc));
        var network = await new Networks.NetworksClient(ours).GetAsync(new() { Id = "bench-1" });
        using var peer = await ApiPeer.StartAsync(network.ToByteArray(), Networks);
        using var theirs = new GrpcChannel(peer.Address);
        Console.WriteLine($"median of {Rounds} rounds of {Round.TotalSeconds:0} s; {Environment.ProcessorCount} cores for client and server; a network of {network.CalculateSize()} bytes");
        Console.WriteLine("| | per second | p50 ms | p99 ms |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        await RowAsync($"unary, {Callers} callers", () => UnaryAsync(ours, Callers));
        await RowAsync($"unary, {Callers} callers, grpcio's Python server", () => UnaryAsync(theirs, Callers));
        await RowAsync("unary, one caller", () => UnaryAsync(ours, 1));
        await RowAsync("unary, one caller, grpcio's Python server", () => UnaryAsync(theirs, 1));
        await RowAsync($"streamed messages, {Networks} each time", () => StreamAsync(ours));
        await RowAsync($"streamed messages, {Networks} each time, grpcio's Python server", () => StreamAsync(theirs));
        await RowAsync($"REST GET of one, wrk -c{Callers}", () => WrkAsync($"{rest}/v1/networks/bench-1"));
        await RowAsync($"REST list of 100, wrk -c{Callers}", () => WrkAsync($"{rest}/v1/networks?pageSize=100"));
        await RowAsync($"changes told to {Watchers} watchers, from the PATCH to each", () => FanOutAsync(ours));
        return 0;
    }

    private static async Task RowAsync(string what, Func<Task<Figures>> measure)
    {
        var rounds = new List<Figures>();
        for (var i = 0; i < Rounds; i++)
        {
            rounds.Add(await measure());
        }

        double Median(Func<Figures, double> of) => rounds.Select(of).Order().ElementAt(Rounds / 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {Median(r => r.Rate):N0} | {Median(r => r.P50):0.00} | {Median(r => r.P99):0.00} |"));
    }

    private static async Task FillAsync(string rest)
    {
        using var http = new HttpClient { BaseAddress = new(rest) };
        await Parallel.ForAsync(1, Networks + 1, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (n, stop) =>
        {
            using var answer = await http.PutAsJsonAsync($"/v1/networks/bench-{n}", new { vni = n, labels = new { tenant = "bench" } }, stop);
            answer.EnsureSuccessStatusCode();
        });
    }

    private static async Task<Figures> UnaryAsync(ChannelBase channel, int callers)
    {
        var client = new Networks.NetworksClient(channel);
        await client.GetAsync(new() { Id = "bench-1" });
        var began = Stopwatch.GetTimestamp();
        var times = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            var taken = new List<double>();
            while (Stopwatch.GetElapsedTime(began) < Round)
            {
                var asked = Stopwatch.GetTimestamp();
                await client.GetAsync(new() { Id = "bench-1" });
                taken.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            }

            return taken;
        })));
        return Figures.Of([.. times.SelectMany(t => t)], Stopwatch.GetElapsedTime(began));
    }

    /// <summary>A watch from the beginning tells all objects and then a bookmark; the latency is that of all of them.</summary>
    private static async Task<Figures> StreamAsync(ChannelBase channel)
    {
        var client = new Networks.NetworksClient(channel);
        var began = Stopwatch.GetTimestamp();
        var (told, taken) = (0, new List<double>());
        while (Stopwatch.GetElapsedTime(began) < Round)
        {
            var asked = Stopwatch.GetTimestamp();
            using var watch = client.Watch(new());
            while (await watch.ResponseStream.MoveNext(CancellationToken.None) && watch.ResponseStream.Current.Event == WatchEvent.Added)
            {
                told++;
            }

            taken.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }

        return Figures.Of(taken, Stopwatch.GetElapsedTime(began)) with { Rate = told / Stopwatch.GetElapsedTime(began).TotalSeconds };
    }

    private static async Task<Figures> FanOutAsync(ChannelBase channel)
    {
        var client = new Networks.NetworksClient(channel);
        var position = (await client.ListAsync(new() { PageSize = 1 })).ResourceVersion;
        using var enough = new CancellationTokenSource();
        var sent = new long[Changes];
        var taken = new double[Watchers, Changes];
        using var standing = new CountdownEvent(Watchers);
        var all = Enumerable.Range(0, Watchers).Select(w => WatchAsync(w)).ToArray();
        await Task.Run(() => standing.Wait(CancellationToken.None));
        var began = Stopwatch.GetTimestamp();
        for (var n = 0; n < Changes; n++)
        {
            sent[n] = Stopwatch.GetTimestamp();
            var change = new PatchNetworkRequest { Id = "bench-1", Network = new(), UpdateMask = new() { Paths = { "labels.round" } } };
            change.Network.Labels.Add("round", $"{sent[n]}");
            await client.PatchAsync(change);
        }

        await Task.WhenAll(all);
        return Figures.Of([.. taken.Cast<double>()], Stopwatch.GetElapsedTime(began));

        async Task WatchAsync(int watcher)
        {
            using var watch = client.Watch(new() { ResourceVersion = position, Filter = "id=bench-1" });
            for (var n = 0; n < Changes;)
            {
                if (!await watch.ResponseStream.MoveNext(enough.Token))
                {
                    throw new InvalidOperationException("a watch ended before all was told");
                }

                if (watch.ResponseStream.Current.Event == WatchEvent.Bookmark)
                {
                    standing.Signal();
                    continue;
                }

                taken[watcher, n] = Stopwatch.GetElapsedTime(sent[n]).TotalMilliseconds;
                n++;
            }
        }
    }

    private static async Task<Figures> WrkAsync(string url)
    {
        using var wrk = Process.Start(new ProcessStartInfo("wrk", ["-t1", $"-c{Callers}", $"-d{Round.TotalSeconds}s", "--latency", url]) { RedirectStandardOutput = true })!;
        var printed = await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        string Word(string label) => printed.Split('\n').Select(l => l.Trim()).First(l => l.StartsWith(label, StringComparison.Ordinal))[label.Length..].Trim();
        return printed.Contains("Non-2xx", StringComparison.Ordinal)
            ? throw new InvalidOperationException(printed)
            : new(double.Parse(Word("Requests/sec:"), CultureInfo.InvariantCulture), Milliseconds(Word("50%")), Milliseconds(Word("99%")));
    }

    private static double Milliseconds(string text) => text switch
    {
        [.. var n, 'u', 's'] => double.Parse(n, CultureInfo.InvariantCulture) / 1000,
        [.. var n, 'm', 's'] => double.Parse(n, CultureInfo.InvariantCulture),
        [.. var n, 's'] => double.Parse(n, CultureInfo.InvariantCulture) * 1000,
        _ => throw new FormatException($"wrk wrote the time {text}"),
    };

    private sealed record Figures(double Rate, double P50, double P99)
    {
        public static Figures Of(List<double> milliseconds, TimeSpan over)
        {
            milliseconds.Sort();
            return new(milliseconds.Count / over.TotalSeconds, milliseconds[milliseconds.Count / 2], milliseconds[milliseconds.Count * 99 / 100]);
        }
    }
}
