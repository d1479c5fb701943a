using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Client;

/// <summary>A watch that goes on: over streams that end, over restarts of the controller, and over versions that have become too old.</summary>
internal sealed class Watcher(ControllerClient client, TimeProvider clock, Action<string> tell)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    /// <summary>The objects as they are, as ADDED and together, and then each change, without end. Bookmarks are not shown.</summary>
    /// <param name="since">The state from which to go on; null begins with the objects as they are.</param>
    public async IAsyncEnumerable<IReadOnlyList<WatchMessage>> ChangesAsync(Kind kind, string? since, string? filter, [EnumeratorCancellation] CancellationToken stop)
    {
        var known = new Dictionary<string, string>();
        var (version, connected) = (since, false);
        while (true)
        {
            if (version is null && !kind.IsListed)
            {
                version = ""; // The watch itself begins with the objects as they are.
            }
            else if (version is null)
            {
                var list = await RetryAsync(() => client.ListAsync(kind, filter, stop), connected, stop);
                yield return Differences(known, list.Items, list.Version);
                (version, connected) = (list.Version, true);
            }

            await using var stream = client.WatchAsync(kind.ListPath, version, filter, stop).GetAsyncEnumerator(stop);
            while (true)
            {
                WatchMessage message;
                try
                {
                    if (!await stream.MoveNextAsync())
                    {
                        break;
                    }

                    (message, connected) = (stream.Current, true);
                }
                catch (RefusedException e) when (e.Status == HttpStatusCode.Gone)
                {
                    version = null;
                    break;
                }
                catch (Exception e) when (e is IOException or HttpRequestException || (connected && IsPassing(e)))
                {
                    tell($"the watch was interrupted ({e.Message}); trying again");
                    break;
                }

                version = message.Version.Length > 0 ? message.Version : version;
                if (message.Event != WatchMessage.Bookmark)
                {
                    Remember(known, message);
                    yield return [message];
                }
            }

            await Task.Delay(Between, clock, stop);
        }
    }

    /// <summary>What has happened since the last list, when the watch cannot tell any more.</summary>
    private static List<WatchMessage> Differences(Dictionary<string, string> known, List<JsonObject> items, string version)
    {
        var changes = new List<WatchMessage>();
        var before = new Dictionary<string, string>(known);
        known.Clear();
        foreach (var item in items)
        {
            var (id, text) = (item.Text("id"), JsonText.Line(item));
            known[id] = text;
            if (!before.Remove(id, out var old) || old != text)
            {
                changes.Add(new(old is null ? "ADDED" : "MODIFIED", version, item));
            }
        }

        changes.AddRange(before.Values.Select(gone => new WatchMessage("DELETED", version, JsonNode.Parse(gone)!.AsObject())));
        return changes;
    }

    /// <summary>A controller that ends or is away comes back.</summary>
    private static bool IsPassing(Exception e) =>
        e is CliException { ExitCode: ExitCode.NoController } or RefusedException { Status: HttpStatusCode.ServiceUnavailable };

    private static void Remember(Dictionary<string, string> known, WatchMessage message)
    {
        if (message.Event == "DELETED")
        {
            known.Remove(message.Item.Text("id"));
        }
        else
        {
            known[message.Item.Text("id")] = JsonText.Line(message.Item);
        }
    }

    private async Task<T> RetryAsync<T>(Func<Task<T>> ask, bool patient, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception e) when (patient && IsPassing(e))
            {
                await Task.Delay(Between, clock, stop);
            }
        }
    }
}
