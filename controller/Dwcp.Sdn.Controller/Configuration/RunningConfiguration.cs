using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>
/// What is set through the API, in the store, and what follows from it for the process that runs. What can change while it runs
/// does so at once; the rest holds after a restart.
/// </summary>
/// <param name="load">Weighs command line, environment and file as they are now, with the settings of the API.</param>
internal sealed class RunningConfiguration(Func<IReadOnlyList<Setting>, Loaded> load) : IConfiguration, IDisposable
{
    /// <summary>The record in the store.</summary>
    public const string Key = "/configuration/settings";

    private readonly SemaphoreSlim turn = new(1);
    private IStateStore? store;
    private ControllerOptions? running;
    private volatile Published published = new(new(0, ImmutableSortedDictionary<string, string>.Empty, []));

    /// <summary>The options have changed while the process runs.</summary>
    public event Action<ControllerOptions>? Changed;

    public ConfigurationState Current => published.State;

    /// <summary>Command line, environment and file as they are now, with what was set through the API.</summary>
    public Loaded Load() => load(SettingsOf(Current.Settings));

    /// <summary>Takes over what the store holds, and returns the options to run with.</summary>
    /// <param name="atStart">The options that the process was started with, without the store.</param>
    /// <param name="ignored">Called with what was set once and cannot be any more.</param>
    /// <exception cref="InvalidDataException">The record cannot be read.</exception>
    public ControllerOptions Start(IStateStore from, StoreListing listing, ControllerOptions atStart, Action<string> ignored)
    {
        store = from;
        if (listing.Entries.FirstOrDefault(e => e.Key == Key) is { } entry)
        {
            Publish(Current with { Version = entry.ModRevision, Settings = Read(entry) });
        }

        var loaded = Problems(Current.Settings) is [] ? Load() : null;
        if (loaded is not Loaded.Ready { Options: var options })
        {
            ignored(string.Join("; ", loaded is Loaded.Refused refused ? refused.Problems.Select(p => p.ToString()) : Problems(Current.Settings).Select(p => $"{p.Field}: {p.Message}")));
            options = atStart;
        }

        running = options;
        Publish(StateOf(Current.Version, Current.Settings, options));
        Changed?.Invoke(options);
        return options;
    }

    /// <summary>Command line, environment or file have been read again and are in order.</summary>
    public void TakeOver(ControllerOptions now)
    {
        turn.Wait();
        try
        {
            if (running is not null)
            {
                // What was set through the API since they were read counts too.
                now = Load() is Loaded.Ready { Options: var latest } ? latest : now;
                var state = StateOf(Current.Version, Current.Settings, now);
                if (!state.Options.SequenceEqual(Current.Options))
                {
                    Publish(state);
                    Changed?.Invoke(now);
                }
            }
        }
        finally
        {
            turn.Release();
        }
    }

    public async Task<ConfigurationState> NextAsync(ConfigurationState known, CancellationToken stop)
    {
        for (var now = published; ; now = published)
        {
            if (now.State != known)
            {
                return now.State;
            }

            await now.Gone.Task.WaitAsync(stop);
        }
    }

    public async Task<ConfigurationOutcome> SetAsync(ImmutableSortedDictionary<string, string> settings, long? ifVersion, bool validateOnly, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            if (ifVersion is { } version && version != Current.Version)
            {
                return Refused(OutcomeKind.VersionMoved, new Problem("resourceVersion", ProblemCodes.VersionMoved, $"The configuration has the version {Current.Version}", "Read it again, and send its resource version"));
            }

            var problems = Problems(settings);
            if (problems.IsEmpty && load(SettingsOf(settings)) is Loaded.Refused together)
            {
                problems = [.. together.Problems.Select(p => new Problem("settings", ProblemCodes.Invalid, $"{p.Place}: {p.Message}", p.Remedy))];
            }

            if (!problems.IsEmpty || load(SettingsOf(settings)) is not Loaded.Ready { Options: var options })
            {
                return Refused(OutcomeKind.Invalid, problems);
            }

            if (validateOnly || settings.SequenceEqual(Current.Settings))
            {
                return new(OutcomeKind.Done, StateOf(Current.Version, settings, options), []);
            }

            return await CommitAsync(settings, options);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    private static ImmutableSortedDictionary<string, string> Read(StoreEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(entry.Value.Span) is { } settings && settings.Values.All(v => v is not null)
                ? settings.ToImmutableSortedDictionary(StringComparer.Ordinal)
                : throw new JsonException("it holds no settings");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{entry.Key} of revision {entry.ModRevision} cannot be read: {e.Message}", e);
        }
    }

    private static ImmutableArray<Problem> Problems(ImmutableSortedDictionary<string, string> settings) => [.. settings.Select(s => ProblemOf(s.Key, s.Value)).OfType<Problem>()];

    private static Problem? ProblemOf(string name, string text)
    {
        var field = $"settings.{name}";
        if (Options.All.FirstOrDefault(o => o.Name == name) is not { } option)
        {
            var settable = Options.All.Where(o => o.InApi).Select(o => o.Name).ToArray();
            var remedy = NearestName.Of(name, settable) is { } meant ? $"Did you mean {meant}?" : $"The settings are {string.Join(", ", settable)}";
            return new(field, ProblemCodes.UnknownField, "No such option", remedy);
        }

        if (!option.InApi)
        {
            return new(field, ProblemCodes.NotSupported, "It is needed before the API is there", $"Give {option.Flag}, {option.Variable} or the key {name} in the file, and restart");
        }

        return option.Read(text, out var fault) is null ? new(field, ProblemCodes.Invalid, fault.Message, fault.Remedy) : null;
    }

    private static IReadOnlyList<Setting> SettingsOf(ImmutableSortedDictionary<string, string> settings) =>
        [.. settings.Select(s => new Setting(Options.All.First(o => o.Name == s.Key), s.Value, SettingSource.Api, $"/v1/configuration: {s.Key}"))];

    private static string Text(SettingSource source) => source switch
    {
        SettingSource.CommandLine => "COMMAND_LINE",
        _ => source.ToString().ToUpperInvariant(),
    };

    private async Task<ConfigurationOutcome> CommitAsync(ImmutableSortedDictionary<string, string> settings, ControllerOptions options)
    {
        try
        {
            var commit = new Commit { Expect = [new(Key, Current.Version)], Put = [new(Key, JsonSerializer.SerializeToUtf8Bytes(settings))] };

            // Not cancelled by the caller: what has begun is told.
            if (await store!.CommitAsync(commit, CancellationToken.None) is not CommitResult.Committed { Revision: var revision })
            {
                return Refused(OutcomeKind.Unavailable, new Problem("", ProblemCodes.Unavailable, "The store holds other settings than this controller knows", "Restart the controller"));
            }

            Publish(StateOf(revision, settings, options));
        }
        catch (StoreException e)
        {
            return Refused(OutcomeKind.Unavailable, new Problem("", ProblemCodes.Unavailable, $"Nothing was changed: {e.Message}", "Try again; if it goes on, look at the controller's disk and log"));
        }

        Changed?.Invoke(options);
        return new(OutcomeKind.Done, Current, []);
    }

    private ConfigurationOutcome Refused(OutcomeKind kind, params ImmutableArray<Problem> problems) => new(kind, Current, problems);

    /// <summary>What can change while it runs has the new value; the rest keeps the one of the start.</summary>
    private ConfigurationState StateOf(long version, ImmutableSortedDictionary<string, string> settings, ControllerOptions now)
    {
        var options = ImmutableArray.CreateBuilder<OptionState>();
        foreach (var option in Options.All)
        {
            var (before, after) = (Find(running!, option), Find(now, option));
            if ((option.ChangesWhileRunning ? after : before ?? after) is { } holds)
            {
                var later = option.ChangesWhileRunning || before?.Value == after?.Value ? null : after?.Value ?? "";
                options.Add(new(option.Name, before is null && later is not null ? "" : holds.Value, Text(holds.Source), option.InApi, !option.ChangesWhileRunning, later, option.Help));
            }
        }

        return new(version, settings, options.ToImmutable());
    }

    private void Publish(ConfigurationState state)
    {
        var before = published;
        published = new(state);
        before.Gone.SetResult();
    }

    private static EffectiveOption? Find(ControllerOptions of, Option option) => of.Effective.FirstOrDefault(o => o.Name == option.Name);

    /// <summary>A state, and what tells that it holds no more.</summary>
    private sealed class Published(ConfigurationState state)
    {
        public ConfigurationState State { get; } = state;

        public TaskCompletionSource Gone { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
