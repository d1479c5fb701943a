using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.Topology;

/// <summary>A learning switch forwards from the first packet on, whatever is known of its links.</summary>
public sealed partial class FirstPacketTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task The_first_packet_passes_as_soon_as_switches_have_joined_while_nobody_knows_their_links(int hosts)
    {
        await using var plain = await Plain.DeafAsync(hosts, [.. Enumerable.Range(1, hosts - 1).Select(h => (h, h + 1))]);
        await plain.Lab.PlugAsync($"h{hosts}", "last", "last", null, "10.9.0.99/24");
        var clock = Stopwatch.StartNew();
        await plain.JoinedAsync(hosts);
        var joined = clock.Elapsed;
        var first = await plain.Lab.ExecAsync("v1", "ping", "-c", "1", "-W", "5", "10.9.0.99");
        Assert.Equal(new Pinged(1, 1), Pinged.Parse(first));
        Assert.Equal("", await plain.LinksAsync());
        var next = await plain.Lab.ExecAsync("v1", "ping", "-c", "1", "-W", "5", "10.9.0.99");
        output.WriteLine(
            $"{hosts} switches: pinged {joined.TotalMilliseconds:0} ms after the first dialled; the first packet took {Milliseconds(first):0.0} ms, the next {Milliseconds(next):0.0} ms");
    }

    private static double Milliseconds(CommandResult ping) => double.Parse(Time().Match(ping.Out).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("time=([0-9.]+) ms")]
    private static partial Regex Time();
}
