using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// The time from PUT of a bound port (another MAC each time, so that its rules change on every switch of its network) to the
/// answer of a GET that shows Programmed=True for that generation.
/// </summary>
internal static class ProgrammedBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [var api, var port, ..])
        {
            await Console.Error.WriteLineAsync("programmed API PORT [CHANGES], such as: programmed http://127.0.0.1:8080 vm11 300");
            return 2;
        }

        var changes = args is [_, _, var given, ..] ? int.Parse(given) : 300;
        using var http = new HttpClient { BaseAddress = new Uri(api) };
        var path = $"/v1/ports/{port}";
        var before = await http.GetFromJsonAsync<JsonElement>(path);
        var network = before.GetProperty("network").GetString();
        var (puts, programmed) = (new List<double>(), new List<double>());
        for (var i = -20; i < changes; i++)
        {
            var started = Stopwatch.GetTimestamp();
            using var answer = await http.PutAsJsonAsync(path, new { network, mac = $"02:00:00:00:{(i + 20) >> 8:x2}:{(i + 20) & 0xff:x2}" });
            answer.EnsureSuccessStatusCode();
            var put = Stopwatch.GetElapsedTime(started);
            var generation = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("generation").GetString();
            while (!IsProgrammed(await http.GetFromJsonAsync<JsonElement>(path), generation))
            {
                if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(10))
                {
                    await Console.Error.WriteLineAsync($"{port} is not Programmed after 10 s; is it bound?");
                    return 1;
                }
            }

            if (i >= 0)
            {
                puts.Add(put.TotalMilliseconds);
                programmed.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }
        }

        Console.WriteLine($"{changes} changes of {port}");
        Console.WriteLine($"PUT answered (durable)     p50 {At(puts, 0.5):F2} ms   p99 {At(puts, 0.99):F2} ms");
        Console.WriteLine($"PUT to Programmed seen     p50 {At(programmed, 0.5):F2} ms   p99 {At(programmed, 0.99):F2} ms");
        return 0;
    }

    private static bool IsProgrammed(JsonElement port, string? generation) =>
        port.GetProperty("status").GetProperty("conditions").EnumerateArray().Any(c =>
            c.GetProperty("type").GetString() == "Programmed"
            && c.GetProperty("status").GetString() == "True"
            && c.GetProperty("observedGeneration").GetString() == generation);

    private static double At(List<double> values, double quantile)
    {
        values.Sort();
        return values[(int)Math.Min(values.Count - 1, values.Count * quantile)];
    }
}
