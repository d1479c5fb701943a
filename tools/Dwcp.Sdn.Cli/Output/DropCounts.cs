using System.Globalization;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>What switches have dropped, by reason, as the controller's page of metrics has it.</summary>
internal static partial class DropCounts
{
    /// <summary>Reasons and counts of packets, the most first.</summary>
    /// <param name="metrics">The page.</param>
    /// <param name="switchId">Only what this switch has dropped; null for all.</param>
    public static (string Reason, double Packets)[] Of(string metrics, string? switchId = null) =>
    [
        .. Series().Matches(metrics)
            .Where(m => switchId is null || Label(m, "switch") == switchId)
            .GroupBy(m => Label(m, "reason"))
            .Select(g => (g.Key, g.Sum(m => double.Parse(m.Groups["packets"].Value, CultureInfo.InvariantCulture))))
            .Where(d => d.Item2 > 0)
            .OrderByDescending(d => d.Item2),
    ];

    private static string Label(Match series, string name)
        => Regex.Match(series.Groups["labels"].Value, $"(?:^|,){name}=\"([^\"]*)\"") is { Success: true } label ? label.Groups[1].Value : "";

    [GeneratedRegex(@"^dwcp_drops_total\{(?<labels>.*)\} (?<packets>\S+)$", RegexOptions.Multiline)]
    private static partial Regex Series();
}
