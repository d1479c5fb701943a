using System.Collections.Immutable;
using System.Globalization;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Rest;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of how the process runs.</summary>
internal sealed class ConfigurationService(IConfiguration configuration, TimeProvider clock) : Configurations.ConfigurationsBase
{
    private const int PatchAttempts = 8;
    private static readonly TimeSpan BookmarkEvery = TimeSpan.FromSeconds(30);

    public override Task<Configuration> Get(GetConfigurationRequest request, ServerCallContext context) => Task.FromResult(Show(configuration.Current));

    public override async Task<Configuration> Put(PutConfigurationRequest request, ServerCallContext context)
    {
        if (request.Configuration is null)
        {
            throw Faults.Invalid([Faults.Problem("configuration", ProblemCodes.Required, "The configuration is missing", "Send it")]);
        }

        return Show(await SetAsync(request.Configuration, VersionOf(request.IfMatch), request.ValidateOnly, context));
    }

    public override async Task<Configuration> Patch(PatchConfigurationRequest request, ServerCallContext context)
    {
        var wanted = VersionOf(request.IfMatch);
        for (var attempt = 1; ; attempt++)
        {
            var current = configuration.Current;
            var merged = new Configuration { Settings = { current.Settings } };
            var unknown = (request.UpdateMask?.Paths ?? [])
                .Where(path => FieldPath.Split(path)[0] == "settings" && !FieldPath.Copy(path, request.Configuration ?? new(), merged))
                .Select(path => Faults.Problem(path, ProblemCodes.UnknownField, $"The update mask names {path}, which Configuration does not have", "Name settings and their keys"))
                .ToArray();
            if (unknown.Length > 0)
            {
                throw Faults.Invalid(unknown);
            }

            try
            {
                return Show(await SetAsync(merged, wanted ?? current.Version, request.ValidateOnly, context));
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Aborted && wanted is null && attempt < PatchAttempts)
            {
                // Another caller was first; its change is merged as well.
            }
        }
    }

    public override async Task Watch(WatchConfigurationRequest request, IServerStreamWriter<WatchConfigurationResponse> responseStream, ServerCallContext context)
    {
        var state = configuration.Current;
        await TellAsync(request.ResourceVersion.Length == 0 ? WatchEvent.Added : WatchEvent.Modified);
        await TellAsync(WatchEvent.Bookmark);
        while (true)
        {
            var next = configuration.NextAsync(state, context.CancellationToken);
            while (await Task.WhenAny(next, Task.Delay(BookmarkEvery, clock, context.CancellationToken)) != next)
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                await TellAsync(WatchEvent.Bookmark);
            }

            state = await next;
            await TellAsync(WatchEvent.Modified);
        }

        Task TellAsync(WatchEvent what) => responseStream.WriteAsync(new()
        {
            Event = what,
            ResourceVersion = state.Version.ToString(),
            Item = what == WatchEvent.Bookmark ? null : Show(state),
        });
    }

    private static Configuration Show(ConfigurationState state)
    {
        var message = new Configuration { ResourceVersion = state.Version.ToString(), Settings = { state.Settings } };
        foreach (var option in state.Options)
        {
            var shown = new ConfigurationOption
            {
                Name = option.Name,
                Value = option.Value,
                Source = option.Source,
                Settable = option.Settable,
                NeedsRestart = option.NeedsRestart,
                Description = option.Help,
            };
            if (option.AfterRestart is { } later)
            {
                shown.AfterRestart = later;
            }

            message.Options.Add(shown);
        }

        return message;
    }

    private static long? VersionOf(string ifMatch) => ifMatch switch
    {
        "" or "*" => null,
        _ when long.TryParse(ifMatch, NumberStyles.None, CultureInfo.InvariantCulture, out var version) => version,
        _ => throw Outcomes.VersionMoved($"\"{ifMatch}\" is not the resource version of the configuration"),
    };

    private async Task<ConfigurationState> SetAsync(Configuration wanted, long? version, bool validateOnly, ServerCallContext context)
    {
        var settings = wanted.Settings.ToImmutableSortedDictionary(StringComparer.Ordinal);
        var outcome = await configuration.SetAsync(settings, version, validateOnly, context.CancellationToken);
        new Outcome(outcome.Kind, null, outcome.Problems).OrThrow();
        return outcome.State;
    }
}
