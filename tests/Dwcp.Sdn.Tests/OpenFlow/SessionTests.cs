using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>Both sides of a session, joined by queues, under a clock that jumps from deadline to deadline.</summary>
public sealed class SessionTests
{
    private static readonly FeaturesReply Features = new(new DatapathId(7), 0, 254, 0, SwitchCapabilities.FlowStats);

    [Fact]
    public void Controller_and_switch_agree_and_the_controller_learns_who_the_switch_is()
    {
        var net = new Pair();
        net.Run(TimeSpan.FromSeconds(1));

        Assert.Equal(SessionPhase.Up, net.Controller.Phase);
        Assert.Equal(SessionPhase.Up, net.Switch.Phase);
        Assert.Equal(Features, net.Controller.Features);
        Assert.Equal("eth1", net.Controller.Ports[new(1)].Name);
        Assert.Equal(0xffff, net.Switch.Config.MissSendLength);
    }

    [Fact]
    public void An_hour_of_silence_between_two_that_live_is_bridged_by_echoes()
    {
        var net = new Pair();
        net.Run(TimeSpan.FromHours(1));

        Assert.Equal(SessionPhase.Up, net.Controller.Phase);
        Assert.Equal(SessionPhase.Up, net.Switch.Phase);
        Assert.InRange(net.Did.Count(d => d is SessionAction.Send { Message: EchoRequest }), 200, 300);
    }

    [Fact]
    public void A_peer_that_sends_no_hello_is_dropped_after_five_seconds()
    {
        var net = new Pair { Cut = true };
        net.Run(TimeSpan.FromMinutes(1));

        Assert.Contains(new SessionAction.Close("no HELLO within 5 s"), net.Did);
        Assert.Equal(TimeSpan.FromSeconds(5), net.ControllerClosedAt);
    }

    [Fact]
    public void A_switch_that_answers_hello_alone_is_dropped_ten_seconds_after_it_connected()
    {
        var net = new Pair { Mute = m => m is FeaturesReply };
        net.Run(TimeSpan.FromMinutes(1));

        Assert.Equal(TimeSpan.FromSeconds(10), net.ControllerClosedAt);
    }

    [Fact]
    public void A_connection_that_goes_dead_is_noticed_after_twenty_seconds()
    {
        var net = new Pair();
        net.Run(TimeSpan.FromSeconds(1));
        net.Cut = true;
        net.Run(TimeSpan.FromMinutes(1));

        Assert.Equal(TimeSpan.FromSeconds(20), net.ControllerClosedAt);
        Assert.Equal(SessionPhase.Closed, net.Switch.Phase);
    }

    [Theory]
    [InlineData(6, null, true)] // A newer peer without a bitmap comes down to ours.
    [InlineData(4, null, true)]
    [InlineData(1, null, false)]
    [InlineData(6, 0b1110010ul, false)] // 1, 4 missing, 5, 6.
    [InlineData(6, 0b1010000ul, true)]
    [InlineData(1, 0b0010010ul, true)] // The bitmap decides, not the header.
    public void The_bitmap_decides_where_there_is_one_and_the_lower_version_elsewhere(byte version, ulong? bitmap, bool agrees)
    {
        var bits = bitmap == 0b1110010ul ? 0b1100010ul : bitmap;
        var session = Started();
        var (next, actions) = session.On(Received(new Hello(bits), version: version), TimeSpan.Zero);

        Assert.Equal(agrees ? SessionPhase.AwaitFeatures : SessionPhase.Closed, next.Phase);
        Assert.Equal(!agrees, actions.Any(a => a is SessionAction.Send { Message: OfError { Name: "OFPHFC_INCOMPATIBLE" } }));
    }

    [Fact]
    public void A_message_before_hello_ends_the_session_with_an_error()
    {
        var (next, actions) = Started().On(Received(new BarrierRequest()), TimeSpan.Zero);

        Assert.Equal(SessionPhase.Closed, next.Phase);
        Assert.Contains(actions, a => a is SessionAction.Send { Message: OfError { Name: "OFPBRC_BAD_TYPE" } });
    }

    [Fact]
    public void An_auxiliary_connection_is_refused()
    {
        var (up, _) = Started().On(Received(new Hello()), TimeSpan.Zero);
        var (next, actions) = up.On(Received(Features with { Auxiliary = 1 }), TimeSpan.Zero);

        Assert.Equal(SessionPhase.Closed, next.Phase);
        Assert.Contains(actions, a => a is SessionAction.Close { Why: var why } && why.Contains("auxiliary", StringComparison.Ordinal));
    }

    [Fact]
    public void Nonsense_is_answered_with_its_own_beginning()
    {
        var (next, actions) = Started().On(new SessionEvent.Malformed(new OfHeader(4, OfType.FlowMod, 9, 5), "too short", [4, 14, 0, 9]), TimeSpan.Zero);

        Assert.Equal(SessionPhase.Closed, next.Phase);
        var error = Assert.IsType<OfError>(Assert.IsType<SessionAction.Send>(actions[0]).Message);
        Assert.Equal("OFPBRC_BAD_LEN", error.Name);
        Assert.Equal([4, 14, 0, 9], error.Data);
    }

    [Fact]
    public void A_switch_refuses_changes_by_a_slave_and_stale_generations_of_any_channel()
    {
        var roles = new RoleArbiter();
        var one = Joined(roles);
        var two = Joined(roles);

        (one, var first) = one.On(Received(new RoleRequest(ControllerRole.Master, 5)), TimeSpan.Zero);
        (two, var stale) = two.On(Received(new RoleRequest(ControllerRole.Master, 4)), TimeSpan.Zero);
        (two, var newer) = two.On(Received(new RoleRequest(ControllerRole.Master, 6)), TimeSpan.Zero);
        (_, var refused) = one.Demoted().On(Received(new MeterMod(MeterModCommand.Delete, new(1, 0, []))), TimeSpan.Zero);

        Assert.Contains(first, a => a is SessionAction.Send { Message: RoleReply { Role: ControllerRole.Master, GenerationId: 5 } });
        Assert.Contains(stale, a => a is SessionAction.Send { Message: OfError { Name: "OFPRRFC_STALE" } });
        Assert.Contains(newer, a => a is SessionAction.Deliver { Message: RoleRequest { Role: ControllerRole.Master } });
        Assert.Contains(refused, a => a is SessionAction.Send { Message: OfError { Name: "OFPBRC_IS_SLAVE" } });
    }

    [Fact]
    public void A_generation_may_wrap_around()
    {
        var roles = new RoleArbiter();
        Assert.True(roles.Accepts(ulong.MaxValue));
        Assert.True(roles.Accepts(1));
        Assert.False(roles.Accepts(ulong.MaxValue));
    }

    [Fact]
    public void Ports_that_change_during_the_handshake_are_not_lost()
    {
        var (session, _) = Started().On(Received(new Hello()), TimeSpan.Zero);
        var port = new PortDesc(new(9), new(9), "late", PortConfig.None, PortState.Live);
        (session, _) = session.On(Received(new PortStatus(PortReason.Add, port)), TimeSpan.Zero);

        Assert.Equal(port, session.Ports[new(9)]);
    }

    private static ControllerSession Started() => new ControllerSession(new SessionTimes()).On(new SessionEvent.Start(), TimeSpan.Zero).Next;

    private static SwitchSession Joined(RoleArbiter roles)
    {
        var (session, _) = new SwitchSession(new SessionTimes(), Features, roles).On(new SessionEvent.Start(), TimeSpan.Zero);
        return session.On(Received(new Hello()), TimeSpan.Zero).Next;
    }

    private static SessionEvent.Received Received(OfMessage message, uint xid = 1, byte version = 4) =>
        new(new OfHeader(version, message.Type, 8, xid), message);

    /// <summary>A controller's and a switch's machine; every message between them travels as bytes.</summary>
    private sealed class Pair
    {
        private readonly Queue<byte[]> toSwitch = new();
        private readonly Queue<byte[]> toController = new();
        private TimeSpan now;

        public Pair()
        {
            Controller = new(new SessionTimes());
            Switch = new(new SessionTimes { Idle = TimeSpan.FromSeconds(30) }, Features, new RoleArbiter());
        }

        public ControllerSession Controller { get; private set; }

        public SwitchSession Switch { get; private set; }

        public bool Cut { get; set; }

        /// <summary>What the switch keeps to itself.</summary>
        public Func<OfMessage, bool> Mute { get; init; } = _ => false;

        public List<SessionAction> Did { get; } = [];

        public TimeSpan? ControllerClosedAt { get; private set; }

        public void Run(TimeSpan until)
        {
            if (Controller.Phase == SessionPhase.New)
            {
                OnController(new SessionEvent.Start());
                OnSwitch(new SessionEvent.Start());
            }

            while (true)
            {
                if (toSwitch.TryDequeue(out var bytes))
                {
                    OnSwitch(new SessionEvent.Received(OfHeader.Read(bytes), OfCodec.Read(bytes, out _)));
                }
                else if (toController.TryDequeue(out bytes))
                {
                    OnController(new SessionEvent.Received(OfHeader.Read(bytes), OfCodec.Read(bytes, out _)));
                }
                else
                {
                    var next = Controller.Deadline < Switch.Deadline ? Controller.Deadline : Switch.Deadline;
                    if (next > until)
                    {
                        now = until;
                        return;
                    }

                    now = next;
                    OnController(new SessionEvent.Tick());
                    OnSwitch(new SessionEvent.Tick());
                }
            }
        }

        private void OnController(SessionEvent e)
        {
            var (next, actions) = Controller.On(e, now);
            Controller = next;
            foreach (var action in actions)
            {
                Did.Add(action);
                if (action is SessionAction.Send send)
                {
                    Travel(send.Xid, send.Message, toSwitch);
                }
                else if (action is SessionAction.Close)
                {
                    ControllerClosedAt = now;
                }
            }
        }

        private void OnSwitch(SessionEvent e)
        {
            var (next, actions) = Switch.On(e, now);
            Switch = next;
            foreach (var action in actions)
            {
                if (action is SessionAction.Send send && !Mute(send.Message))
                {
                    Travel(send.Xid, send.Message, toController);
                }
                else if (action is SessionAction.Deliver { Message: MultipartRequest request } ask)
                {
                    MultipartBody body = request.Body.Type == MultipartType.Desc
                        ? new SwitchDesc("", "", "", "", "")
                        : new PortDescReply([new(new(1), new(1), "eth1", PortConfig.None, PortState.Live)]);
                    Travel(ask.Xid, new MultipartReply(body), toController);
                }
            }
        }

        private void Travel(uint xid, OfMessage message, Queue<byte[]> to)
        {
            if (!Cut)
            {
                var w = new WireWriter();
                OfCodec.Write(w, xid, message);
                to.Enqueue(w.ToArray());
            }
        }
    }
}
