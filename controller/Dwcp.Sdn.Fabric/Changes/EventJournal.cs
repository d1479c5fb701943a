using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Fabric.Changes;

/// <summary>
/// What happened, in the store. Events that come close together share a record, so that one commit pays for many; a record goes
/// when the last of its events has been kept long enough, or when there are too many.
/// </summary>
internal sealed class EventJournal
{
    public const string Prefix = "/events/";

    /// <summary>How many events are kept at most.</summary>
    public const int Kept = 10_000;

    // What JSON makes of a character is at most six octets, and a record is to stay below the store's limit of a value.
    private const int RecordLength = 100_000;
    private const int MessageLength = 4096;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Queue<Record> records = new();
    private readonly List<FabricEvent> waiting = [];
    private int stored;
    private bool due;

    /// <summary>The journal that a store's listing holds.</summary>
    /// <exception cref="InvalidDataException">A record cannot be read; the message names it.</exception>
    public EventJournal(IEnumerable<StoreEntry> listing)
    {
        var past = ImmutableQueue<FabricEvent>.Empty;
        foreach (var entry in listing.Where(e => e.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var events = Read(entry);
            records.Enqueue(new(entry.Key, events[^1].Time, events.Length));
            stored += events.Length;
            past = events.Aggregate(past, (all, e) => all.Enqueue(e));
            Last = events[^1].Sequence;
        }

        Past = past;
    }

    /// <summary>The events of former runs, oldest first.</summary>
    public ImmutableQueue<FabricEvent> Past { get; }

    /// <summary>How many events of former runs there are, and the number of the last.</summary>
    public int PastCount => stored;

    public long Last { get; }

    /// <summary>Whether there are events that the store does not have.</summary>
    public bool IsBehind => waiting.Count > 0;

    public void Add(ImmutableArray<FabricEvent> events) => waiting.AddRange(events);

    /// <summary>The next records are to be written with what follows.</summary>
    public void Due() => due = true;

    /// <summary>What to store and what to remove, when it is due.</summary>
    public void Write(DateTimeOffset now, TimeSpan keptFor, ImmutableArray<StorePut>.Builder puts, ImmutableArray<string>.Builder deletes)
    {
        if (!due)
        {
            return;
        }

        due = false;
        for (var at = 0; at < waiting.Count;)
        {
            var (from, length) = (at, 0);
            do
            {
                length += waiting[at].Name.Length + waiting[at].Subject.Length + Math.Min(waiting[at].Message.Length, MessageLength);
                at++;
            }
            while (at < waiting.Count && length < RecordLength);
            var events = waiting.GetRange(from, at - from);
            var key = $"{Prefix}{events[0].Sequence:d19}";
            puts.Add(new(key, JsonSerializer.SerializeToUtf8Bytes(events.Select(Shortened), Json)));
            records.Enqueue(new(key, events[^1].Time, events.Count));
            stored += events.Count;
        }

        waiting.Clear();
        while (records.TryPeek(out var oldest) && (oldest.Last <= now - keptFor || stored - oldest.Count >= Kept))
        {
            records.Dequeue();
            stored -= oldest.Count;
            deletes.Add(oldest.Key);
        }
    }

    private static FabricEvent Shortened(FabricEvent e) => e.Message.Length <= MessageLength ? e : e with { Message = e.Message[..MessageLength] };

    private static FabricEvent[] Read(StoreEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize<FabricEvent[]>(entry.Value.Span, Json) is { Length: > 0 } events
                && events.All(e => e is { Name: not null, Subject: not null, Message: not null })
                    ? events
                    : throw new InvalidDataException("it holds no events");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or NotSupportedException)
        {
            throw new InvalidDataException($"{entry.Key} of revision {entry.ModRevision} cannot be read: {e.Message}", e);
        }
    }

    private sealed record Record(string Key, DateTimeOffset Last, int Count);
}
