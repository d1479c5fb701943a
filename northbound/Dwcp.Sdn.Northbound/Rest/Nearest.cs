using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>What helps somebody who used a name that there is not.</summary>
internal static class Nearest
{
    /// <summary>A sentence with the nearest name, or with all of them when none is near.</summary>
    public static string Remedy(string given, IReadOnlyCollection<string> known)
        => NearestName.Of(given, known) is { } meant ? $"Did you mean {meant}?" : $"Leave it out; there are: {string.Join(", ", known)}";
}
