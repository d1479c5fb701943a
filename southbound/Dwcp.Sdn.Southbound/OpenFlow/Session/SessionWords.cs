using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Session;

/// <summary>How long a session waits for what.</summary>
public sealed record SessionTimes
{
    /// <summary>From connecting until the peer's HELLO.</summary>
    public TimeSpan Hello { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>From connecting until features, description and ports are known.</summary>
    public TimeSpan Ready { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence after which we ask whether the peer lives.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>From that question until the connection is given up.</summary>
    public TimeSpan Echo { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Where a session stands.</summary>
public enum SessionPhase
{
    New,
    AwaitHello,
    AwaitFeatures,
    Up,
    Closed,
}

/// <summary>What happens to a session.</summary>
public abstract record SessionEvent
{
    private SessionEvent()
    {
    }

    /// <summary>The connection stands.</summary>
    public sealed record Start : SessionEvent;

    /// <summary>Time has passed; perhaps the deadline.</summary>
    public sealed record Tick : SessionEvent;

    /// <summary>A message came.</summary>
    public sealed record Received(OfHeader Header, OfMessage Message) : SessionEvent;

    /// <summary>A message came that cannot be read; <paramref name="Message"/> is as much of it as an error quotes.</summary>
    public sealed record Malformed(OfHeader? Header, string Why, EquatableArray<byte> Message) : SessionEvent;
}

/// <summary>What a session wants done.</summary>
public abstract record SessionAction
{
    private SessionAction()
    {
    }

    public sealed record Send(uint Xid, OfMessage Message) : SessionAction;

    /// <summary>The handshake is complete.</summary>
    public sealed record Up : SessionAction;

    /// <summary>A message is for whoever owns the session.</summary>
    public sealed record Deliver(uint Xid, OfMessage Message) : SessionAction;

    /// <summary>Send what is waiting, then close.</summary>
    public sealed record Close(string Why) : SessionAction;
}

/// <summary>What both sides do alike.</summary>
internal static class Handshake
{
    /// <summary>Transaction ids of the session's own requests start here; its owner's start at 1 and stay below.</summary>
    public const uint OwnXids = 0xffff_0000;

    /// <summary>How much of a refused message an error quotes (OpenFlow 1.3.5 §7.4.4: at least 64).</summary>
    public const int QuotedOctets = 64;

    private const ushort BadVersion = 0;
    private const ushort BadType = 1;
    private const ushort BadLength = 6;

    /// <summary>Null when the peer's HELLO leaves us a version in common, else what to tell it (OpenFlow 1.3.5 §6.3.1).</summary>
    public static OfError? Disagree(byte headerVersion, Hello hello)
    {
        // With a bitmap on both sides the highest common bit decides; without, the lower of the two versions.
        var agrees = hello.Versions is { } bitmap ? (bitmap & (1ul << OfHeader.Version13)) != 0 : headerVersion >= OfHeader.Version13;
        return agrees ? null : new OfError(ErrorNames.HelloFailed, 0, [.. "OpenFlow 1.3 is spoken here"u8]);
    }

    /// <summary>The answer to a message that cannot be read.</summary>
    public static OfError Refuse(SessionEvent.Malformed malformed) => new(
        ErrorNames.BadRequest,
        malformed.Header is { Version: not OfHeader.Version13 } ? BadVersion : BadLength,
        malformed.Message);

    /// <summary>The answer to a message that may not come before HELLO.</summary>
    public static OfError TooEarly() => new(ErrorNames.BadRequest, BadType);

    /// <summary>The answer to a message of a type that nobody knows; it ends nothing.</summary>
    public static OfError UnknownType(ReadOnlySpan<byte> message) => new(ErrorNames.BadRequest, BadType, [.. message[..Math.Min(message.Length, QuotedOctets)]]);

    public static ImmutableArray<SessionAction> Sends(uint xid, OfMessage message) => [new SessionAction.Send(xid, message)];
}
