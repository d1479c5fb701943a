using System.Globalization;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests;

/// <summary>A host's Open vSwitch as an onlooker at its side sees it: what controllers send it, and what it holds.</summary>
internal sealed partial class SwitchSide
{
    private readonly Lab _lab;
    private readonly string _host;
    private readonly string _log;
    private long _from;

    private SwitchSide(Lab lab, string host) => (_lab, _host, _log) = (lab, host, Path.Combine(lab.Directory, "hosts", host, "ovs-vswitchd.log"));

    /// <summary>Has the switch write down every OpenFlow message from now on.</summary>
    public static async Task<SwitchSide> WatchAsync(Lab lab, string host)
    {
        var side = new SwitchSide(lab, host);
        foreach (var order in (string[][])[["vlog/set", "vconn:file:dbg"], ["vlog/disable-rate-limit", "vconn"]])
        {
            (await lab.ExecAsync(host, ["ovs-appctl", .. order])).Succeeded();
        }

        side.Forget();
        return side;
    }

    /// <summary>Counts anew from here.</summary>
    public void Forget() => _from = new FileInfo(_log).Length;

    /// <summary>Changes to flows, groups, meters, ports and tables that a controller has sent, alone or in bundles; those of ovs-ofctl are not counted.</summary>
    public int Changes() => Changed().Length;

    /// <summary>Those changes in the words of the switch's log.</summary>
    public string[] Changed() => [.. Received().Where(line => Change().IsMatch(line))];

    /// <summary>Whether a controller has read the switch's flows.</summary>
    public bool WasRead() => Received().Any(line => line.Contains("OFPST_FLOW request", StringComparison.Ordinal));

    /// <summary>Whether a controller has connected.</summary>
    public bool WasGreeted() => Received().Any(line => line.Contains("OFPT_HELLO", StringComparison.Ordinal));

    /// <summary>Flows, groups and meters in the words of ovs-ofctl, without counters and ages, in a fixed order.</summary>
    public async Task<string> HoldsAsync() => string.Join('\n', (await Task.WhenAll(DumpAsync("dump-flows"), DumpAsync("dump-groups"), DumpAsync("dump-meters")))
        .SelectMany(dump => dump.Split('\n').Skip(1).Select(line => Counters().Replace(line, "").Trim()).Where(line => line.Length > 0).Order(StringComparer.Ordinal)));

    /// <summary>What it holds when that has not changed for a second; changes before are forgotten.</summary>
    public async Task<string> SettledAsync()
    {
        for (var held = await HoldsAsync(); ;)
        {
            Forget();
            await Task.Delay(1000);
            var now = await HoldsAsync();
            if (now == held && Changes() == 0)
            {
                return held;
            }

            held = now;
        }
    }

    /// <summary>The flows that contain all these words.</summary>
    public async Task<string[]> FlowsAsync(params string[] words) =>
        [.. (await DumpAsync("dump-flows")).Split('\n').Skip(1).Where(line => words.All(w => line.Contains(w, StringComparison.Ordinal)))];

    /// <summary>The age of the youngest flow: a flow that is added again begins anew, be it equal or not.</summary>
    public async Task<TimeSpan> YoungestAsync() => TimeSpan.FromSeconds(
        Duration().Matches(await DumpAsync("dump-flows")).Min(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)));

    /// <summary>An order of ovs-ofctl to br-int, which had to succeed.</summary>
    public async Task<string> OfctlAsync(string verb, params string[] arguments) =>
        (await _lab.ExecAsync(_host, ["ovs-ofctl", "-O", "OpenFlow13", verb, "br-int", .. arguments])).Succeeded();

    private Task<string> DumpAsync(string what) => OfctlAsync(what);

    private IEnumerable<string> Received()
    {
        using var file = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(_from, SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
        {
            var isControllers = line.Contains("|vconn|DBG|tcp:", StringComparison.Ordinal) || line.Contains("|vconn|DBG|ssl:", StringComparison.Ordinal);
            if (isControllers && line.Contains(": received: ", StringComparison.Ordinal))
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex("OFPT_(FLOW|GROUP|METER|PORT|TABLE)_MOD|BUNDLE_ADD_MESSAGE")]
    private static partial Regex Change();

    [GeneratedRegex(@"(duration|n_packets|n_bytes|idle_age|hard_age)=[0-9.]+s?, ?")]
    private static partial Regex Counters();

    [GeneratedRegex(@"duration=([0-9.]+)s")]
    private static partial Regex Duration();
}
