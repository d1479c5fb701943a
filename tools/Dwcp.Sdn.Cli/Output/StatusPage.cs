using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>The one screen of dwcpctl status: a line for each component, then what is wrong or awaited, each with the next command.</summary>
internal sealed class StatusPage(Shell shell)
{
    private const int NameWidth = 16;
    private const int Indent = 6;

    private readonly Style _style = new(shell.HasColours);
    private readonly List<(Health Health, string Ref, string Text, string Next)> _findings = [];
    private readonly Dictionary<string, int> _counts = [];

    public bool SomethingIsWrong { get; private set; }

    public void Controller(string version, string server, string? notReady)
    {
        SomethingIsWrong |= notReady is not null;
        Line("controller", notReady is null ? Health.Good : Health.Bad, notReady is null ? "OK" : "not ready", notReady ?? $"{version} at {server}");
    }

    public void Objects(Kind kind, List<JsonObject> items, int most)
    {
        _counts[kind.Plural] = items.Count;
        var verdicts = items.Select(i => (Id: i.Text("id"), Verdict: Verdict.Of(i))).ToArray();
        var (bad, waiting) = (verdicts.Count(v => v.Verdict.Health == Health.Bad), verdicts.Count(v => v.Verdict.Health == Health.Waiting));
        SomethingIsWrong |= bad > 0;
        var counts = new[] { (items.Count - bad - waiting, "OK"), (waiting, "waiting"), (bad, kind == KindCatalogue.BgpPeers ? "down" : "wrong") }.Where(c => c.Item1 > 0).Select(c => $"{c.Item1} {c.Item2}");
        Line(kind.Plural, bad > 0 ? Health.Bad : waiting > 0 ? Health.Waiting : Health.Good, items.Count == 0 ? "none" : string.Join(", ", counts), "");
        foreach (var health in new[] { Health.Bad, Health.Waiting })
        {
            var such = verdicts.Where(v => v.Verdict.Health == health).ToArray();
            _findings.AddRange(such.Take(most).Select(v => (health, kind.Ref(v.Id), $"{v.Verdict.Word}: {v.Verdict.Message}", $"dwcpctl describe {kind.Singular}{(kind.IsSingle ? "" : $" {v.Id}")}")));
            if (such.Length > most)
            {
                _findings.Add((health, $"and {such.Length - most} more {kind.Plural}", "", $"dwcpctl get {kind.Plural}"));
            }
        }
    }

    /// <summary>What the switches have dropped, by reason, from the page of metrics.</summary>
    public void Drops(string metrics)
    {
        var drops = DropCounts.Of(metrics);
        Line("drops", Health.Good, drops.Length == 0 ? "none" : string.Join(", ", drops.Select(d => $"{d.Reason} {d.Packets:0}")), "");
    }

    public void Finish()
    {
        if (_findings.Count > 0)
        {
            shell.Out.WriteLine();
        }

        foreach (var (health, name, text, next) in _findings.OrderByDescending(f => f.Health))
        {
            shell.Out.WriteLine($"  {_style.Of(health, health == Health.Bad ? "!" : "·")} {_style.Strong(name)}");
            if (text.Length > 0)
            {
                TextWrap.Write(shell.Out, text, Indent, shell.Width);
            }

            shell.Out.WriteLine($"{new string(' ', Indent)}{_style.Faint("next:")} {next}");
        }

        Next();
    }

    private void Next()
    {
        if (_counts.GetValueOrDefault("switches") == 0)
        {
            shell.Out.WriteLine("\nNo host has joined yet. On each host of the fabric:");
            shell.Out.WriteLine("  ovs-vsctl set open . external_ids:system-id=h1 \\");
            shell.Out.WriteLine("    external_ids:dwcp-vtep-ip=ADDRESS -- set-manager tcp:CONTROLLER:6640");
        }

        if (_counts.GetValueOrDefault("networks") == 0)
        {
            shell.Out.WriteLine("\nThere is no network yet. What one looks like: dwcpctl explain network");
        }
    }

    private void Line(string name, Health health, string word, string more)
        => shell.Out.WriteLine($"{name.PadRight(NameWidth)}{_style.Of(health, word)}{(more.Length > 0 ? $"  {more}" : "")}");
}
