namespace Dwcp.Sdn.Core;

/// <summary>Which known name somebody may have meant.</summary>
public static class NearestName
{
    // A word longer than any name is near to none, and to find that out must cost nothing.
    private const int LongestName = 64;

    /// <summary>The nearest of the names, or null when none is near enough to be meant.</summary>
    public static string? Of(string given, IEnumerable<string> known)
    {
        if (given.Length > LongestName)
        {
            return null;
        }

        var wanted = Plain(given);
        return known
            .Select(name => (Name: name, Distance: Distance(wanted, Plain(name))))
            .Where(c => c.Distance <= Math.Max(1, Math.Min(wanted.Length, Plain(c.Name).Length) / 3))
            .OrderBy(c => c.Distance)
            .Select(c => c.Name)
            .FirstOrDefault();
    }

    private static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    // Optimal string alignment: letters left out, put in, changed, and neighbours exchanged, each for one.
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                var change = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(change, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
