namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Which known name somebody may have meant.</summary>
internal static class Nearest
{
    /// <summary>A sentence with the nearest name, or with all of them when none is near.</summary>
    public static string Remedy(string given, IEnumerable<string> known)
    {
        var names = known.ToArray();
        var best = names.Select(n => (Name: n, Distance: Distance(given, n))).DefaultIfEmpty(("", int.MaxValue)).MinBy(n => n.Item2);
        return best.Item2 <= Math.Max(1, given.Length / 3) ? $"Did you mean {best.Item1}?" : $"Leave it out; there are: {string.Join(", ", names)}";
    }

    // Levenshtein, case aside, one row at a time; a name longer than any of ours is near to none.
    private static int Distance(string a, string b)
    {
        if (a.Length > 64)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 0; j < b.Length; j++)
            {
                var change = diagonal + (char.ToLowerInvariant(a[i]) == char.ToLowerInvariant(b[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(change, Math.Min(row[j], row[j + 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
