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

    /// <summary>How many calls may be under way at once; more are refused with RESOURCE_EXHAUSTED.</summary>
    public int MaxCalls { get; init; } = 16_384;
}
