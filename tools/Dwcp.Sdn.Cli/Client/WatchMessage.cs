using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Cli.Client;

/// <summary>One message of a watch.</summary>
/// <param name="Event">ADDED, MODIFIED, DELETED or BOOKMARK.</param>
/// <param name="Version">Where a watch may go on after this; empty when nowhere yet.</param>
/// <param name="Item">The object; of a bookmark only its resource version.</param>
internal sealed record WatchMessage(string Event, string Version, JsonObject Item)
{
    public const string Bookmark = "BOOKMARK";
    private const string Error = "ERROR";

    /// <exception cref="RefusedException">The controller ended the watch and said why.</exception>
    public static async IAsyncEnumerable<WatchMessage> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var sent in SseParser.Create(stream).EnumerateAsync(stop))
        {
            if (sent.EventType == Error)
            {
                throw RefusedException.Of((HttpStatusCode)(JsonNode.Parse(sent.Data)?["status"]?.GetValue<int>() ?? 0), sent.Data)
                    ?? new RefusedException(HttpStatusCode.InternalServerError, sent.Data, []);
            }

            yield return new(sent.EventType, sent.EventId ?? "", JsonNode.Parse(sent.Data)!.AsObject());
        }
    }
}
