using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>The sections of a description, as text.</summary>
internal sealed class Description(Shell shell)
{
    private const int Indent = 2;
    private readonly Style _style = new(shell.HasColours);

    public void Title(string name, Verdict verdict)
    {
        shell.Out.WriteLine($"{_style.Strong(name)}  {_style.Of(verdict.Health, verdict.Word)}");
        if (verdict.Message.Length > 0)
        {
            TextWrap.Write(shell.Out, verdict.Message, Indent, shell.Width);
        }
    }

    public void Fields(JsonObject wanted)
    {
        wanted.Remove(Objects.KindField);
        wanted.Remove("id");
        Section("Spec", wanted);
    }

    public void Status(JsonObject status)
    {
        var shown = status.DeepClone().AsObject();
        shown.Remove("conditions");
        shown.Remove("observedGeneration");
        Section("Status", shown);
    }

    public void Conditions(JsonObject status)
    {
        if (status["conditions"] is not JsonArray { Count: > 0 } conditions)
        {
            return;
        }

        Heading("Conditions");
        var table = new Table("TYPE", "STATUS", "REASON", "SINCE", "MESSAGE") { Indent = Indent, Overflow = Overflow.Wrap };
        foreach (var c in conditions.OfType<JsonObject>())
        {
            table.Add(c.Text("type"), c.Text("status"), c.Text("reason"), Times.Ago(c.Text("lastTransitionTime"), shell.Clock), c.Text("message"));
        }

        table.WriteTo(shell.Out, shell.Width, _style);
    }

    public void Events(IReadOnlyList<JsonObject> events, int most)
    {
        Heading("Events");
        if (events.Count == 0)
        {
            shell.Out.WriteLine("  none");
            return;
        }

        var table = new Table("AGE", "NAME", "MESSAGE") { Indent = Indent, Overflow = Overflow.Wrap };
        foreach (var e in events.TakeLast(most))
        {
            table.Add(Times.Ago(e.Text("time"), shell.Clock), e.Text("name"), e.Text("message"));
        }

        table.WriteTo(shell.Out, shell.Width, _style);
        if (events.Count > most)
        {
            shell.Out.WriteLine($"  and {events.Count - most} before: dwcpctl events --filter subject={events[0].Text("subject")}");
        }
    }

    public void Flows(IReadOnlyList<(string Switch, string Text)> flows)
    {
        if (flows.Count == 0)
        {
            return;
        }

        Heading("Flows");
        var width = flows.Max(f => f.Switch.Length);
        foreach (var (name, text) in flows)
        {
            shell.Out.WriteLine($"  {name.PadRight(width)}  {text}");
        }
    }

    public void Drops(IReadOnlyList<(string Reason, double Packets)> drops)
    {
        Heading("Drops");
        if (drops.Count == 0)
        {
            shell.Out.WriteLine("  none");
        }

        foreach (var (reason, packets) in drops)
        {
            shell.Out.WriteLine($"  {reason.PadRight(drops.Max(d => d.Reason.Length))}  {packets:0} packets");
        }
    }

    private void Heading(string text) => shell.Out.WriteLine($"\n{_style.Strong(text)}");

    private void Section(string heading, JsonObject fields)
    {
        var known = fields.Where(f => f.Value is not (null or JsonArray { Count: 0 } or JsonObject { Count: 0 })).ToArray();
        if (known.Length == 0)
        {
            return;
        }

        Heading(heading);
        var width = known.Max(f => f.Key.Length);
        foreach (var (name, value) in known)
        {
            if (value is JsonArray list && list.Any(i => i is JsonObject))
            {
                shell.Out.WriteLine($"  {name}");
                Items(list);
            }
            else
            {
                shell.Out.WriteLine($"  {name.PadRight(width)}  {TextWrap.Tame(JsonText.Plain(value))}");
            }
        }
    }

    private void Items(JsonArray list)
    {
        var names = list.OfType<JsonObject>().SelectMany(i => i).Where(m => m.Value is not null).Select(m => m.Key).Distinct().ToArray();
        var table = new Table([.. names.Select(n => n.ToUpperInvariant())]) { Indent = 2 * Indent };
        foreach (var item in list.OfType<JsonObject>())
        {
            table.Add([.. names.Select(n => new Cell(item.Text(n)))]);
        }

        table.WriteTo(shell.Out, shell.Width, _style);
    }
}
