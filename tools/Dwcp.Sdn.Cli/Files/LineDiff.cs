namespace Dwcp.Sdn.Cli.Files;

/// <summary>A line of a difference: ' ' stays, '-' goes, '+' comes.</summary>
internal readonly record struct DiffLine(char Mark, string Text);

/// <summary>The difference of two texts, line by line, by their longest common subsequence.</summary>
internal static class LineDiff
{
    /// <summary>What differs, with that many lines around it; none when nothing does. A gap is told by a line "…".</summary>
    public static IReadOnlyList<DiffLine> Of(string before, string after, int context)
    {
        var all = All(Split(before), Split(after));
        var shown = new List<DiffLine>();
        var last = -1;
        for (var i = 0; i < all.Count; i++)
        {
            if (!all.Skip(i - context).Take(Math.Min(i, context) + context + 1).Any(l => l.Mark != ' '))
            {
                continue;
            }

            if (last >= 0 && last < i - 1)
            {
                shown.Add(new(' ', "…"));
            }

            shown.Add(all[i]);
            last = i;
        }

        return shown;
    }

    private static string[] Split(string text) => text.TrimEnd('\n').Split('\n');

    private static List<DiffLine> All(string[] before, string[] after)
    {
        var common = new int[before.Length + 1, after.Length + 1];
        for (var i = before.Length - 1; i >= 0; i--)
        {
            for (var j = after.Length - 1; j >= 0; j--)
            {
                common[i, j] = before[i] == after[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var lines = new List<DiffLine>();
        var (b, a) = (0, 0);
        while (b < before.Length || a < after.Length)
        {
            if (b < before.Length && a < after.Length && before[b] == after[a])
            {
                lines.Add(new(' ', before[b++]));
                a++;
            }
            else if (b < before.Length && (a == after.Length || common[b + 1, a] >= common[b, a + 1]))
            {
                lines.Add(new('-', before[b++]));
            }
            else
            {
                lines.Add(new('+', after[a++]));
            }
        }

        return lines;
    }
}
