using System.Collections.Immutable;
using System.Globalization;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>What the services of all kinds have in common: requests become fabric commands, problems become statuses. It decides nothing.</summary>
internal sealed class ResourceHandler<T>(IFabric fabric, ResourceKind kind, Func<Resource, T> toMessage, Func<T, ResourceSpec> toSpec, Action<T>? hide = null)
    where T : class, IResourceMessage, IMessage<T>, new()
{
    // Two callers that patch one object at once both succeed, one after the other.
    private const int PatchAttempts = 8;
    private static readonly string[] OutputFields = ["id", "resource_version", "generation", "status"];

    private readonly string _name = string.Concat(kind.ToString().Select((c, i) => i > 0 && char.IsUpper(c) ? $" {c}" : $"{c}")).ToLowerInvariant();

    public Task<T> GetAsync(string id)
        => Task.FromResult(fabric.Find(kind, id) is { } found ? Show(found) : throw Outcomes.NotFound(_name, id));

    public (string NextPageToken, string ResourceVersion) List(int pageSize, string pageToken, string filter, ICollection<T> into)
    {
        var paging = new Paging(pageSize, pageToken, filter, new T().Descriptor);
        var list = fabric.List(kind);
        return (paging.Take(list.Items.Select(r => (r.Id, (Func<T>)(() => Show(r)))), into), list.Position.ToString());
    }

    public async Task<T> PutAsync(string id, T? message, bool validateOnly, string ifMatch, ServerCallContext call)
    {
        if (message is null)
        {
            throw Faults.Invalid([Faults.Problem(_name, ProblemCodes.Required, $"The {_name} is missing", "Send the object")]);
        }

        CheckId(id, message);
        var outcome = await ApplyAsync(id, message, validateOnly, VersionOf(id, ifMatch), call.CancellationToken);
        if (outcome.OrThrow().Kind == OutcomeKind.Created && !validateOnly)
        {
            call.ResponseTrailers.Add(RestResponse.CreatedTrailer, "true");
        }

        return Show(outcome.Resource!);
    }

    public async Task<T> PatchAsync(string id, T? message, FieldMask? mask, bool validateOnly, string ifMatch, ServerCallContext call)
    {
        message ??= new T();
        CheckId(id, message);
        if (mask is null)
        {
            throw NoMask();
        }

        for (var attempt = 1; ; attempt++)
        {
            var wanted = VersionOf(id, ifMatch);
            var current = fabric.Find(kind, id) ?? throw Outcomes.NotFound(_name, id);
            var merged = ToMessage(current with { Spec = current.Given });
            Merge(mask, message, merged);
            var outcome = await ApplyAsync(id, merged, validateOnly, wanted ?? current.Version, call.CancellationToken);
            if (outcome.Kind != OutcomeKind.VersionMoved || wanted is not null || attempt == PatchAttempts)
            {
                return Show(outcome.OrThrow().Resource!);
            }
        }
    }

    public async Task<Empty> DeleteAsync(string id, bool validateOnly, string ifMatch, ServerCallContext call)
    {
        var command = new DeleteCommand(kind, id) { ValidateOnly = validateOnly, IfVersion = VersionOf(id, ifMatch) };
        (await fabric.ApplyAsync(command, call.CancellationToken)).OrThrow();
        return new();
    }

    /// <summary>Tells every change to a caller, as far as its filter sees it: an object that comes to fit was added, one that fits no more was deleted.</summary>
    public async Task WatchAsync(string resourceVersion, string filter, Func<WatchEvent, string, T?, Task> tell, ServerCallContext call)
    {
        var (after, takes) = Watching.Read(resourceVersion, filter, new T().Descriptor);
        await foreach (var change in fabric.WatchAsync(kind, after, call.CancellationToken))
        {
            var version = Watching.VersionOf(change.Kind, change.Position);
            var was = change.Before is { } before ? Show(before) : null;
            var @is = change.After is { } now ? Show(now) : null;
            var told = (was is not null && takes.Takes(was), @is is not null && takes.Takes(@is)) switch
            {
                (false, true) => tell(WatchEvent.Added, version, @is),
                (true, true) => tell(WatchEvent.Modified, version, @is),
                (true, false) => tell(WatchEvent.Deleted, version, was),
                _ => change.Kind == ChangeKind.Bookmark ? tell(WatchEvent.Bookmark, version, null) : Task.CompletedTask,
            };
            await told;
        }
    }

    private static string VersionText(long version) => version.ToString();

    // Without a mask nothing says what to change, and changing nothing would pass for success.
    private static RpcException NoMask() => Faults.Invalid([Faults.Problem("updateMask", ProblemCodes.Required, "The update mask is missing", "Name the fields to change in update_mask")]);

    private static void Merge(FieldMask mask, T from, T into)
    {
        var unknown = mask.Paths
            .Where(path => !OutputFields.Contains(FieldPath.Split(path)[0]) && !FieldPath.Copy(path, from, into))
            .Select(path => Faults.Problem(path, ProblemCodes.UnknownField, $"The update mask names {path}, which {from.Descriptor.Name} does not have", "Name fields as the proto does, map keys in backticks"))
            .ToArray();
        if (unknown.Length > 0)
        {
            throw Faults.Invalid(unknown);
        }
    }

    private static void CheckId(string id, T message)
    {
        if (message.Id.Length > 0 && message.Id != id)
        {
            throw Faults.Invalid([Faults.Problem("id", ProblemCodes.Invalid, $"The object says {message.Id}, the request {id}", "Leave the id out of the object")]);
        }
    }

    private Task<Outcome> ApplyAsync(string id, T message, bool validateOnly, long? version, CancellationToken stop)
    {
        var labels = message.Labels.ToImmutableSortedDictionary(StringComparer.Ordinal);
        return fabric.ApplyAsync(new PutCommand(kind, id, toSpec(message), labels) { ValidateOnly = validateOnly, IfVersion = version }, stop);
    }

    private long? VersionOf(string id, string ifMatch) => ifMatch switch
    {
        "" => null,
        "*" when fabric.Find(kind, id) is null => throw Outcomes.VersionMoved($"There is no {_name} {id}"),
        "*" => null,
        _ when long.TryParse(ifMatch, NumberStyles.None, CultureInfo.InvariantCulture, out var version) => version,
        _ => throw Outcomes.VersionMoved($"\"{ifMatch}\" is not the resource version of {_name} {id}"),
    };

    /// <summary>The object as callers see it, without what is not for their eyes.</summary>
    private T Show(Resource resource)
    {
        var message = ToMessage(resource);
        hide?.Invoke(message);
        return message;
    }

    private T ToMessage(Resource resource)
    {
        var message = toMessage(resource);
        message.Id = resource.Id;
        message.ResourceVersion = VersionText(resource.Version);
        message.Generation = resource.Generation;
        foreach (var (key, value) in resource.Labels)
        {
            message.Labels.Add(key, value);
        }

        return message;
    }
}
