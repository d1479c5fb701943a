using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Model;

/// <summary>How the process runs, as the northbound sees it: what was set through it, and what holds.</summary>
public interface IConfiguration
{
    ConfigurationState Current { get; }

    /// <summary>Waits until another state than one that is known holds. Changes that come together are told as one.</summary>
    Task<ConfigurationState> NextAsync(ConfigurationState known, CancellationToken stop);

    /// <summary>Replaces all that is set; judged as a whole, stored durably, and in force at once where that is possible.</summary>
    /// <param name="settings">Values by the names of their options.</param>
    /// <param name="ifVersion">The version that must still stand; null for any.</param>
    /// <param name="validateOnly">Judge it and change nothing.</param>
    /// <param name="stop">Gives up the wait for others who set something.</param>
    Task<ConfigurationOutcome> SetAsync(ImmutableSortedDictionary<string, string> settings, long? ifVersion, bool validateOnly, CancellationToken stop);
}

/// <summary>What is set through the API, and every option that has a value.</summary>
/// <param name="Version">The store's revision that last changed the settings; 0 when nothing was ever set.</param>
public sealed record ConfigurationState(long Version, ImmutableSortedDictionary<string, string> Settings, ImmutableArray<OptionState> Options);

/// <summary>An option with the value that holds, and where it comes from.</summary>
/// <param name="AfterRestart">The value that will hold after a restart, when it is another.</param>
public sealed record OptionState(string Name, string Value, string Source, bool Settable, bool NeedsRestart, string? AfterRestart, string Help);

/// <summary>What became of settings: the configuration as it stands, or all that is wrong.</summary>
public sealed record ConfigurationOutcome(OutcomeKind Kind, ConfigurationState State, ImmutableArray<Problem> Problems);
