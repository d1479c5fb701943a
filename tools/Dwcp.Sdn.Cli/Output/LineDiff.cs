namespace Dwcp.Sdn.Cli.Output;

/// <summary>Two texts line by line: what only the first has with a minus, what only the second has with a plus.</summary>
internal static class LineDiff
{
    public static IEnumerable<string> Between(string before, string after)
    {
        var (left, right) = (Lines(before), Lines(after));

        // The longest common subsequence of what remains after each pair of places.
        var common = new int[left.Length + 1, right.Length + 1];
        for (var i = left.Length - 1; i >= 0; i--)
        {
            for (var j = right.Length - 1; j >= 0; j--)
            {
                common[i, j] = left[i] == right[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }

        var (a, b) = (0, 0);
        while (a < left.Length || b < right.Length)
        {
            if (a < left.Length && b < right.Length && left[a] == right[b])
            {
                yield return $"  {left[a++]}";
                b++;
            }
            else if (a < left.Length && (b == right.Length || common[a + 1, b] >= common[a, b + 1]))
            {
                yield return $"- {left[a++]}";
            }
            else
            {
                yield return $"+ {right[b++]}";
            }
        }
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');
}
