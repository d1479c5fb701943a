using System.Collections.Immutable;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Session;

/// <summary>
/// The switch's side of one OpenFlow channel: for switches that we are ourselves. It answers what needs no tables (HELLO,
/// echo, features, configuration, role) and delivers the rest, in order, to its owner; a barrier is answered when all before it
/// has been delivered, so an owner that acts at once needs no barriers of its own.
/// </summary>
public readonly record struct SwitchSession(SessionTimes Times, FeaturesReply Features, RoleArbiter Roles)
{
    private const uint HelloXid = Handshake.OwnXids;
    private const uint EchoXid = Handshake.OwnXids + 1;
    private const uint ErrorXid = Handshake.OwnXids + 2;
    private const ushort IsSlave = 10;
    private const ushort Stale = 0;
    private const ushort BadRole = 2;

    public SessionPhase Phase { get; private init; }

    public ControllerRole Role { get; private init; } = ControllerRole.Equal;

    public SetConfig Config { get; private init; } = new(0, 128);

    private TimeSpan StartedAt { get; init; }

    private TimeSpan HeardAt { get; init; }

    private TimeSpan? EchoAt { get; init; }

    /// <summary>When a <see cref="SessionEvent.Tick"/> is due.</summary>
    public TimeSpan Deadline => Phase switch
    {
        SessionPhase.AwaitHello => StartedAt + Times.Hello,
        SessionPhase.Up => EchoAt is { } asked ? asked + Times.Echo : HeardAt + Times.Idle,
        _ => TimeSpan.MaxValue,
    };

    /// <summary>Another controller has become master: this one is a slave now (OpenFlow 1.3.5 §6.3.4).</summary>
    public SwitchSession Demoted() => Role == ControllerRole.Master ? this with { Role = ControllerRole.Slave } : this;

    public (SwitchSession Next, ImmutableArray<SessionAction> Do) On(SessionEvent e, TimeSpan now) => (Phase, e) switch
    {
        (SessionPhase.Closed, _) => (this, []),
        (SessionPhase.New, SessionEvent.Start) => (
            this with { Phase = SessionPhase.AwaitHello, StartedAt = now, HeardAt = now },
            Handshake.Sends(HelloXid, new Hello())),
        (_, SessionEvent.Tick) => now < Deadline ? (this, []) : OnDeadline(now),
        (_, SessionEvent.Malformed m) => Drop($"malformed message: {m.Why}", new(ErrorXid, Handshake.Refuse(m))),
        (SessionPhase.AwaitHello, SessionEvent.Received r) => OnFirst(r, now),
        (SessionPhase.Up, SessionEvent.Received r) => (this with { HeardAt = now, EchoAt = null }).OnMessage(r.Header.Xid, r.Message),
        _ => (this, []),
    };

    private (SwitchSession, ImmutableArray<SessionAction>) OnDeadline(TimeSpan now) => Phase switch
    {
        SessionPhase.AwaitHello => Drop($"no HELLO within {Times.Hello.TotalSeconds:0.###} s"),
        _ when EchoAt is not null => Drop($"no answer to an echo within {Times.Echo.TotalSeconds:0.###} s"),
        _ => (this with { EchoAt = now }, Handshake.Sends(EchoXid, new EchoRequest())),
    };

    private (SwitchSession, ImmutableArray<SessionAction>) OnFirst(SessionEvent.Received r, TimeSpan now) => r.Message switch
    {
        Hello hello when Handshake.Disagree(r.Header.Version, hello) is { } refusal =>
            Drop($"no OpenFlow version in common (the controller has {r.Header.Version})", new(HelloXid, refusal)),
        Hello => (this with { Phase = SessionPhase.Up, HeardAt = now }, [new SessionAction.Up()]),
        OfError error => Drop($"the controller refused: {error.Name}"),
        _ => Drop($"{r.Message.Type} before HELLO", new(ErrorXid, Handshake.TooEarly())),
    };

    private (SwitchSession, ImmutableArray<SessionAction>) OnMessage(uint xid, OfMessage message) => message switch
    {
        EchoRequest echo => (this, Handshake.Sends(xid, new EchoReply(echo.Data))),
        FeaturesRequest => (this, Handshake.Sends(xid, Features)),
        GetConfigRequest => (this, Handshake.Sends(xid, new GetConfigReply(Config.Flags, Config.MissSendLength))),
        BarrierRequest => (this, Handshake.Sends(xid, new BarrierReply())),
        RoleRequest request => OnRole(xid, request),
        Hello or EchoReply => (this, []),
        _ when Role == ControllerRole.Slave && Changes(message) =>
            (this, Handshake.Sends(xid, new OfError(ErrorNames.BadRequest, IsSlave))),
        SetConfig config => (this with { Config = config }, []),
        _ => (this, [new SessionAction.Deliver(xid, message)]),
    };

    private (SwitchSession, ImmutableArray<SessionAction>) OnRole(uint xid, RoleRequest request)
    {
        if (request.Role > ControllerRole.Slave)
        {
            return (this, Handshake.Sends(xid, new OfError(ErrorNames.RoleRequestFailed, BadRole)));
        }

        if (request.Role is ControllerRole.Master or ControllerRole.Slave && !Roles.Accepts(request.GenerationId))
        {
            return (this, Handshake.Sends(xid, new OfError(ErrorNames.RoleRequestFailed, Stale)));
        }

        var role = request.Role == ControllerRole.NoChange ? Role : request.Role;
        return (
            this with { Role = role },
            [
                new SessionAction.Send(xid, new RoleReply(role, Roles.Generation ?? ulong.MaxValue)),
                new SessionAction.Deliver(xid, request), // The owner demotes its other master.
            ]);
    }

    /// <summary>What a slave may not send (OpenFlow 1.3.5 §6.3.4).</summary>
    private static bool Changes(OfMessage message) =>
        message is FlowMod or GroupMod or MeterMod or PortMod or TableMod or PacketOut or SetConfig or BundleControl or BundleAdd
            or MultipartRequest { Body: TableFeatures { Tables.IsEmpty: false } };

    private (SwitchSession, ImmutableArray<SessionAction>) Drop(string why, SessionAction.Send? last = null) => (
        this with { Phase = SessionPhase.Closed },
        last is null ? [new SessionAction.Close(why)] : [last, new SessionAction.Close(why)]);
}

/// <summary>The newest generation id that a switch has seen over all its channels (OpenFlow 1.3.5 §6.3.4). One per switch, one thread at a time.</summary>
public sealed class RoleArbiter
{
    /// <summary>Null until a controller has asked to be master or slave.</summary>
    public ulong? Generation { get; private set; }

    /// <summary>Whether the id is not older than the newest seen, by a comparison that survives wrapping; it then is the newest.</summary>
    public bool Accepts(ulong generation)
    {
        if (Generation is { } newest && (long)(generation - newest) < 0)
        {
            return false;
        }

        Generation = generation;
        return true;
    }
}
