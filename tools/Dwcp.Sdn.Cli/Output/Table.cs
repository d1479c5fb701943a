using System.Text;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>A cell: its text, and the colour that it may have.</summary>
internal readonly record struct Cell(string Text, Func<Style, string, string>? Paint = null)
{
    public static implicit operator Cell(string text) => new(text);
}

/// <summary>What becomes of a last column that is wider than the terminal.</summary>
internal enum Overflow
{
    /// <summary>It is cut, with an ellipsis.</summary>
    Cut,

    /// <summary>It goes on below itself.</summary>
    Wrap,
}

/// <summary>Columns parted by two spaces, as wide as their widest cell. Only a terminal bounds them, so a pipe gets everything.</summary>
internal sealed class Table(params string[] headers)
{
    private const int Gap = 2;
    private const int NarrowestLast = 16;

    private readonly List<Cell[]> _rows = [];
    private int[]? _widths;

    public Overflow Overflow { get; init; } = Overflow.Cut;

    public int Indent { get; init; }

    /// <summary>Columns whose header is here are aligned to the right.</summary>
    public IReadOnlyCollection<string> Right { get; init; } = [];

    public void Add(params Cell[] row) => _rows.Add(
        [.. row.Select((cell, i) => cell with { Text = i == row.Length - 1 && Overflow == Overflow.Wrap ? TextWrap.Tame(cell.Text) : TextWrap.Tame(cell.Text).Replace('\n', ' ') })]);

    public void WriteTo(TextWriter to, int width, Style style)
    {
        WriteLine(to, headers.Select(h => new Cell(h, (s, t) => s.Strong(t))).ToArray(), width, style);
        WriteRows(to, width, style);
    }

    /// <summary>Writes the rows that have been added, and forgets them; the columns stay where they are.</summary>
    public void WriteRows(TextWriter to, int width, Style style)
    {
        _rows.ForEach(row => WriteLine(to, row, width, style));
        _rows.Clear();
    }

    private void WriteLine(TextWriter to, Cell[] row, int width, Style style)
    {
        var widths = _widths ??= Measure();
        var line = new StringBuilder().Append(' ', Indent);
        for (var i = 0; i < row.Length - 1; i++)
        {
            var room = new string(' ', Math.Max(0, widths[i] - row[i].Text.Length));
            var (before, after) = Right.Contains(headers[i]) ? (room, "") : ("", room);
            line.Append(before).Append(Painted(row[i], row[i].Text, style)).Append(after).Append(' ', Gap);
        }

        var left = Indent + widths[..^1].Sum(w => w + Gap);
        var lines = Fit(row[^1].Text, width - left, out var below);
        if (below)
        {
            to.WriteLine(line.ToString().TrimEnd());
            left = Indent + Gap;
            lines = TextWrap.Lines(row[^1].Text, width - left);
            line.Clear().Append(' ', left);
        }

        for (var i = 0; i < lines.Count; i++)
        {
            line.Append(i == 0 ? "" : new string(' ', left)).Append(Painted(row[^1], lines[i], style));
            to.WriteLine(line.ToString().TrimEnd());
            line.Clear();
        }
    }

    private IReadOnlyList<string> Fit(string text, int room, out bool below)
    {
        below = false;
        if (text.Length <= room)
        {
            return [text];
        }

        if (Overflow == Overflow.Cut)
        {
            return [room > 1 ? text[..(room - 1)] + "…" : text];
        }

        below = room < NarrowestLast;
        return below ? [] : TextWrap.Lines(text, room);
    }

    private static string Painted(Cell cell, string text, Style style) => cell.Paint is { } paint ? paint(style, text) : text;

    private int[] Measure()
    {
        var widths = headers.Select(h => h.Length).ToArray();
        foreach (var row in _rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                widths[i] = Math.Max(widths[i], row[i].Text.Length);
            }
        }

        return widths;
    }
}
