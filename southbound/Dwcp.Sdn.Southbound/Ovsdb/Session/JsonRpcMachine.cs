using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Session;

/// <summary>How patient a session is.</summary>
public sealed record JsonRpcTimes
{
    /// <summary>Silence after which we ask whether the peer is still there. OVS's own probe comes after 5 s, so that ours is rarely needed.</summary>
    public TimeSpan ProbeAfter { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long the peer may take to break its silence then.</summary>
    public TimeSpan ProbeAnswer { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the peer may take to answer a request.</summary>
    public TimeSpan Answer { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>What happens to a session.</summary>
internal abstract record JsonRpcEvent
{
    /// <summary>The peer sent a message.</summary>
    public sealed record Received(JsonRpcMessage Message) : JsonRpcEvent;

    /// <summary>We want to ask something; <paramref name="Purpose"/> comes back with the answer.</summary>
    public sealed record Ask(object Purpose, string Method, JsonElement Params) : JsonRpcEvent
    {
        /// <summary>The answer may take as long as it takes, such as that to a transaction which waits.</summary>
        public bool Patient { get; init; }
    }

    /// <summary>We no longer want what we asked with this purpose (§4.1.4); an answer comes nevertheless.</summary>
    public sealed record Cancel(object Purpose) : JsonRpcEvent;

    /// <summary>A deadline may have passed.</summary>
    public sealed record Tick : JsonRpcEvent;
}

/// <summary>What a session wants done.</summary>
internal abstract record JsonRpcAction
{
    public sealed record Send(JsonRpcMessage Message) : JsonRpcAction;

    /// <summary>The answer to what was asked with this purpose.</summary>
    public sealed record Answered(object Purpose, JsonRpcResponse Response) : JsonRpcAction;

    public sealed record Notified(string Method, JsonElement Params) : JsonRpcAction;

    public sealed record Close(string Reason) : JsonRpcAction;
}

/// <summary>
/// One side of a JSON-RPC session of RFC 7047 §4, which is the same for both: pairs answers with questions, answers
/// and sends the <c>echo</c> that shows that a peer lives (§4.1.11), and closes on silence or nonsense.
/// </summary>
internal sealed record JsonRpcMachine(JsonRpcTimes Times, TimeSpan HeardAt)
{
    private static readonly JsonElement EchoId = JsonElement.Parse("\"echo\"");
    private static readonly JsonElement NoParams = JsonElement.Parse("[]");
    private static readonly JsonElement UnknownMethod = JsonElement.Parse("\"unknown method\"");

    private long NextId { get; init; } = 1;

    private bool Probing { get; init; }

    private bool Closed { get; init; }

    private ImmutableSortedDictionary<long, Question> Open { get; init; } = ImmutableSortedDictionary<long, Question>.Empty;

    private sealed record Question(object Purpose, string Method, TimeSpan Until);

    /// <summary>When to send a <see cref="JsonRpcEvent.Tick"/> at the latest.</summary>
    public TimeSpan Deadline
    {
        get
        {
            var probe = HeardAt + Times.ProbeAfter + (Probing ? Times.ProbeAnswer : TimeSpan.Zero);
            return Closed ? TimeSpan.MaxValue : Oldest is { } oldest && oldest.Until < probe ? oldest.Until : probe;
        }
    }

    // Ids grow and all questions have the same patience, or no end of it: the first is the oldest.
    private Question? Oldest => Open.Values.FirstOrDefault(question => question.Until != TimeSpan.MaxValue);

    public (JsonRpcMachine Next, ImmutableArray<JsonRpcAction> Do) On(JsonRpcEvent e, TimeSpan now) => e switch
    {
        _ when Closed => (this, []),
        JsonRpcEvent.Ask ask => OnAsk(ask, now),
        JsonRpcEvent.Cancel cancel => OnCancel(cancel),
        JsonRpcEvent.Received { Message: var message } => (this with { HeardAt = now, Probing = false }).OnMessage(message),
        _ => OnTick(now),
    };

    private (JsonRpcMachine, ImmutableArray<JsonRpcAction>) OnAsk(JsonRpcEvent.Ask ask, TimeSpan now)
    {
        var id = JsonSerializer.SerializeToElement(NextId);
        var question = new Question(ask.Purpose, ask.Method, ask.Patient ? TimeSpan.MaxValue : now + Times.Answer);
        return (
            this with { NextId = NextId + 1, Open = Open.Add(NextId, question) },
            [new JsonRpcAction.Send(new JsonRpcRequest(id, ask.Method, ask.Params))]);
    }

    private (JsonRpcMachine, ImmutableArray<JsonRpcAction>) OnCancel(JsonRpcEvent.Cancel cancel)
    {
        foreach (var (id, question) in Open)
        {
            if (ReferenceEquals(question.Purpose, cancel.Purpose))
            {
                return (this, [new JsonRpcAction.Send(new JsonRpcNotification("cancel", JsonSerializer.SerializeToElement(new[] { id })))]);
            }
        }

        return (this, []);
    }

    private (JsonRpcMachine, ImmutableArray<JsonRpcAction>) OnMessage(JsonRpcMessage message)
    {
        switch (message)
        {
            case JsonRpcRequest { Method: "echo" } echo:
                return (this, [new JsonRpcAction.Send(new JsonRpcResponse(echo.Id, echo.Params, JsonRpcMessage.Null))]);

            case JsonRpcRequest request:
                return (this, [new JsonRpcAction.Send(new JsonRpcResponse(request.Id, JsonRpcMessage.Null, UnknownMethod))]);

            case JsonRpcNotification news:
                return (this, [new JsonRpcAction.Notified(news.Method, news.Params)]);

            case JsonRpcResponse { Id: var id } when id.ValueKind == JsonValueKind.String && id.ValueEquals("echo"u8):
                return (this, []);

            case JsonRpcResponse response when NumberOf(response.Id) is { } number && Open.TryGetValue(number, out var question):
                return (this with { Open = Open.Remove(number) }, [new JsonRpcAction.Answered(question.Purpose, response)]);

            default:
                return Close("an answer to what nobody asked");
        }
    }

    private (JsonRpcMachine, ImmutableArray<JsonRpcAction>) OnTick(TimeSpan now)
    {
        if (Oldest is { } oldest && oldest.Until <= now)
        {
            return Close($"no answer to {oldest.Method} in {Times.Answer.TotalSeconds:0.#} s");
        }

        if (Deadline > now)
        {
            return (this, []);
        }

        return Probing
            ? Close($"silent for {(Times.ProbeAfter + Times.ProbeAnswer).TotalSeconds:0.#} s")
            : (this with { Probing = true }, [new JsonRpcAction.Send(new JsonRpcRequest(EchoId, "echo", NoParams))]);
    }

    private (JsonRpcMachine, ImmutableArray<JsonRpcAction>) Close(string reason) =>
        (this with { Closed = true }, [new JsonRpcAction.Close(reason)]);

    private static long? NumberOf(JsonElement id) =>
        id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number) ? number : null;
}
