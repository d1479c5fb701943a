namespace Dwcp.Sdn.Grpc.Server;

/// <summary>What a server bears.</summary>
public sealed record GrpcLimits
{
    /// <summary>The longest message that is taken, in bytes, also after decompression.</summary>
    public int MaxMessageBytes { get; init; } = 16 << 20;

    /// <summary>The largest metadata of a call, in bytes of names and values; more is refused with RESOURCE_EXHAUSTED.</summary>
    public int MaxHeaderBytes { get; init; } = 16 << 10;

    /// <summary>How long a unary call may take, whatever its own deadline; null = as long as its caller likes.</summary>
    public TimeSpan? UnaryTimeout { get; init; }

    /// <summary>How long a message may take to arrive, from its first byte that is seen; what has come of an unfinished message is held no longer.</summary>
    public TimeSpan MessageTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Of what the messages of all calls take their memory; a message that finds no room is refused with RESOURCE_EXHAUSTED.</summary>
    public MessageBudget Budget { get; init; } = new(256 << 20);

    /// <summary>How many calls may be under way at once; more are refused with RESOURCE_EXHAUSTED.</summary>
    public int MaxCalls { get; init; } = 16_384;
}
