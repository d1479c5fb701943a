using System.Globalization;

namespace Dwcp.Sdn.Tests;

/// <summary>
/// What generated input begins with: DWCP_SEED where it is given, in tools/soak another one each time, and else always the same, so
/// that a test fails by a change and not by chance.
/// </summary>
internal static class Seed
{
    public static int OfThisRun { get; } =
        Environment.GetEnvironmentVariable("DWCP_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture)
        : Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? Random.Shared.Next()
        : 20_261_120;
}
