using System.Globalization;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>Times of the API for people: local time of day for now, the date too for earlier, and how long ago.</summary>
internal static class Times
{
    /// <summary>Date and time to the second, in the time zone of whoever looks.</summary>
    public static string Short(string rfc3339) => TryParse(rfc3339, out var time) ? time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : rfc3339;

    /// <summary>How long ago, in the largest unit that says enough: 12s, 5m, 3h, 8d.</summary>
    public static string Ago(string rfc3339, TimeProvider clock)
    {
        if (!TryParse(rfc3339, out var time))
        {
            return "";
        }

        var ago = clock.GetUtcNow() - time;
        return ago switch
        {
            { TotalSeconds: < 0 } => "0s",
            { TotalSeconds: < 120 } => $"{(int)ago.TotalSeconds}s",
            { TotalMinutes: < 120 } => $"{(int)ago.TotalMinutes}m",
            { TotalHours: < 48 } => $"{(int)ago.TotalHours}h",
            _ => $"{(int)ago.TotalDays}d",
        };
    }

    private static bool TryParse(string text, out DateTimeOffset time)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
