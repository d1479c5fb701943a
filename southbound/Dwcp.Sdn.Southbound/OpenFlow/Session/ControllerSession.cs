using System.Collections.Immutable;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Session;

/// <summary>
/// The controller's side of an OpenFlow channel (OpenFlow 1.3.5 §6.3): agrees on 1.3, asks who the switch is and which ports
/// it has, and gives it up when it is silent. It touches nothing; when up, only silence and nonsense concern it.
/// </summary>
public readonly record struct ControllerSession(SessionTimes Times)
{
    /// <summary>A switch that lists more ports is refused.</summary>
    public const int MaxPorts = 65_536;

    private const uint HelloXid = Handshake.OwnXids;
    private const uint DescXid = Handshake.OwnXids + 1;
    private const uint FeaturesXid = Handshake.OwnXids + 2;
    private const uint PortsXid = Handshake.OwnXids + 3;
    private const uint ConfigXid = Handshake.OwnXids + 4;
    private const uint EchoXid = Handshake.OwnXids + 5;
    private const uint ErrorXid = Handshake.OwnXids + 6;

    public SessionPhase Phase { get; private init; }

    public FeaturesReply? Features { get; private init; }

    public SwitchDesc? Desc { get; private init; }

    public ImmutableDictionary<PortNumber, PortDesc> Ports { get; private init; } = ImmutableDictionary<PortNumber, PortDesc>.Empty;

    private bool PortsKnown { get; init; }

    private TimeSpan StartedAt { get; init; }

    private TimeSpan HeardAt { get; init; }

    private TimeSpan? EchoAt { get; init; }

    /// <summary>When a <see cref="SessionEvent.Tick"/> is due.</summary>
    public TimeSpan Deadline => Phase switch
    {
        SessionPhase.AwaitHello => StartedAt + Times.Hello,
        SessionPhase.AwaitFeatures => StartedAt + Times.Ready,
        SessionPhase.Up => EchoAt is { } asked ? asked + Times.Echo : HeardAt + Times.Idle,
        _ => TimeSpan.MaxValue,
    };

    /// <summary>Any whole message shows that the peer lives.</summary>
    public ControllerSession Heard(TimeSpan now) => this with { HeardAt = now, EchoAt = null };

    public (ControllerSession Next, ImmutableArray<SessionAction> Do) On(SessionEvent e, TimeSpan now) => (Phase, e) switch
    {
        (SessionPhase.Closed, _) => (this, []),
        (SessionPhase.New, SessionEvent.Start) => (
            this with { Phase = SessionPhase.AwaitHello, StartedAt = now, HeardAt = now },
            Handshake.Sends(HelloXid, new Hello())),
        (_, SessionEvent.Tick) => now < Deadline ? (this, []) : OnDeadline(now),
        (_, SessionEvent.Malformed m) => Drop($"malformed message: {m.Why}", new(ErrorXid, Handshake.Refuse(m))),
        ( >= SessionPhase.AwaitFeatures, SessionEvent.Received { Message: EchoRequest echo } r) =>
            (Heard(now), Handshake.Sends(r.Header.Xid, new EchoReply(echo.Data))),
        (SessionPhase.AwaitHello, SessionEvent.Received r) => OnFirst(r, now),
        (SessionPhase.AwaitFeatures, SessionEvent.Received r) => Heard(now).OnAnswer(r),
        (SessionPhase.Up, SessionEvent.Received) => (Heard(now), []),
        _ => (this, []),
    };

    /// <summary>A port came, went or changed; the snapshot follows.</summary>
    public ControllerSession With(PortStatus status) => this with
    {
        Ports = status.Reason == PortReason.Delete ? Ports.Remove(status.Port.Number)
            : Ports.Count < MaxPorts || Ports.ContainsKey(status.Port.Number) ? Ports.SetItem(status.Port.Number, status.Port)
            : Ports,
    };

    private (ControllerSession, ImmutableArray<SessionAction>) OnDeadline(TimeSpan now) => Phase switch
    {
        SessionPhase.AwaitHello => Drop($"no HELLO within {Times.Hello.TotalSeconds:0.###} s"),
        SessionPhase.AwaitFeatures => Drop($"handshake not complete within {Times.Ready.TotalSeconds:0.###} s"),
        _ when EchoAt is not null => Drop($"no answer to an echo within {Times.Echo.TotalSeconds:0.###} s"),
        _ => (this with { EchoAt = now }, Handshake.Sends(EchoXid, new EchoRequest())),
    };

    private (ControllerSession, ImmutableArray<SessionAction>) OnFirst(SessionEvent.Received r, TimeSpan now) => r.Message switch
    {
        Hello hello when Handshake.Disagree(r.Header.Version, hello) is { } refusal =>
            Drop($"no OpenFlow version in common (the switch has {r.Header.Version})", new(HelloXid, refusal)),
        Hello => (
            Heard(now) with { Phase = SessionPhase.AwaitFeatures },
            [

                // 0xffff: packets whole, as far as the switch buffers at all (OFPCML_NO_BUFFER).
                new SessionAction.Send(ConfigXid, new SetConfig(SetConfig.FragmentsShowPorts, 0xffff)),
                new SessionAction.Send(DescXid, new MultipartRequest(new AskAll(MultipartType.Desc))),
                new SessionAction.Send(FeaturesXid, new FeaturesRequest()),
                new SessionAction.Send(PortsXid, new MultipartRequest(new AskAll(MultipartType.PortDesc))),
            ]),
        OfError error => Drop($"the switch refused: {error.Name}"),
        _ => Drop($"{r.Message.Type} before HELLO", new(ErrorXid, Handshake.TooEarly())),
    };

    private (ControllerSession, ImmutableArray<SessionAction>) OnAnswer(SessionEvent.Received r) => (r.Header.Xid, r.Message) switch
    {
        (_, FeaturesReply { Auxiliary: not 0 } f) => Drop($"auxiliary connection {f.Auxiliary} of {f.Datapath}; only main connections are served"),
        (FeaturesXid, FeaturesReply f) => (this with { Features = f }).Complete(),
        (DescXid, MultipartReply { Body: SwitchDesc desc }) => (this with { Desc = desc }).Complete(),
        (DescXid, OfError) => (this with { Desc = new("", "", "", "", "") }).Complete(),
        (PortsXid, MultipartReply { Body: PortDescReply ports } reply) => WithPorts(ports, last: !reply.More),
        (_, PortStatus status) => (With(status), []),
        (FeaturesXid or PortsXid, OfError error) => Drop($"the switch refused the handshake: {error.Name}"),
        (_, OfError { ErrorType: ErrorNames.HelloFailed } error) => Drop($"the switch refused: {error.Name}"),
        _ => (this, []),
    };

    private (ControllerSession, ImmutableArray<SessionAction>) WithPorts(PortDescReply reply, bool last)
    {
        if (Ports.Count + reply.Ports.Count > MaxPorts)
        {
            return Drop($"more than {MaxPorts} ports");
        }

        var ports = Ports.SetItems(reply.Ports.Select(p => KeyValuePair.Create(p.Number, p)));
        return (this with { Ports = ports, PortsKnown = last }).Complete();
    }

    private (ControllerSession, ImmutableArray<SessionAction>) Complete() =>
        Features is null || Desc is null || !PortsKnown
            ? (this, [])
            : (this with { Phase = SessionPhase.Up }, [new SessionAction.Up()]);

    private (ControllerSession, ImmutableArray<SessionAction>) Drop(string why, SessionAction.Send? last = null) => (
        this with { Phase = SessionPhase.Closed },
        last is null ? [new SessionAction.Close(why)] : [last, new SessionAction.Close(why)]);
}
