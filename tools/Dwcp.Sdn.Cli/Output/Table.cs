namespace Dwcp.Sdn.Cli.Output;

/// <summary>Rows under headings, each column as wide as its widest cell; a cell without text shows a dash.</summary>
internal static class Table
{
    public static void Write(TextWriter to, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var all = rows.Select(r => r.Select(c => c.Length == 0 ? "-" : c).ToArray()).Prepend([.. headings]).ToArray();
        var widths = headings.Select((_, i) => all.Max(r => r[i].Length)).ToArray();
        foreach (var row in all)
        {
            WriteRow(to, row, widths);
        }
    }

    /// <summary>One row of a table that grows: cells wider than their column push the rest aside.</summary>
    public static void WriteRow(TextWriter to, IReadOnlyList<string> row, IReadOnlyList<int> widths)
        => to.WriteLine(string.Join("   ", row.Select((c, i) => (c.Length == 0 ? "-" : c).PadRight(widths[i]))).TrimEnd());
}
