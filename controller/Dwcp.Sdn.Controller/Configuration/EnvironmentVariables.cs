using System.Collections.Immutable;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What the environment sets: <c>DWCP_</c> and the option in capitals. An empty variable sets nothing.</summary>
internal static class EnvironmentVariables
{
    private const string Prefix = "DWCP_";

    // The command line client's own variable; operators export it in the same shell.
    private static readonly ImmutableArray<string> Foreign = ["DWCP_SERVER"];

    /// <summary>
    /// Adds what is given to <paramref name="settings"/>. A name that we do not know is only a warning: the environment is
    /// shared, and a later version or another program may own it.
    /// </summary>
    public static void Read(IReadOnlyDictionary<string, string> environment, List<Setting> settings, List<string> warnings)
    {
        foreach (var (name, text) in environment.Where(v => v.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (Options.All.FirstOrDefault(o => o.Variable == name) is { } option)
            {
                if (text.Length > 0)
                {
                    settings.Add(new(option, text, SettingSource.Environment, name));
                }
            }
            else if (!Foreign.Contains(name))
            {
                var meant = NearestName.Of(name, Options.All.Select(o => o.Variable));
                warnings.Add($"{name} in the environment is no option of the controller{(meant is null ? "" : $"; did you mean {meant}?")}");
            }
        }
    }
}
