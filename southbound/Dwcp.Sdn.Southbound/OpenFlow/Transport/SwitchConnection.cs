using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>The controller's end of the channel to one switch. All methods may be called from any thread.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "Neither the lifetime's source nor the semaphore ever makes a handle, and both are asked after the end.")]
public sealed partial class SwitchConnection : ISwitchTables
{
    private readonly OfChannel channel;
    private readonly OpenFlowOptions options;
    private readonly ILogger log;
    private readonly Requests requests = new();
    private readonly Lock delivery = new();
    private readonly TaskCompletionSource<bool> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource lifetime = new();
    private readonly Loop loop;
    private ControllerSession session;
    private ISwitchObserver? observer;
    private long packetsDropped;
    private volatile ImmutableDictionary<PortNumber, PortDesc> ports = ImmutableDictionary<PortNumber, PortDesc>.Empty;

    internal SwitchConnection(OfChannel channel, EndPoint? remote, EndPoint? local, OpenFlowOptions options, ILogger log)
    {
        this.channel = channel;
        this.options = options;
        this.log = log;
        Remote = remote is IPEndPoint there ? PlainEndPoint.Of(there) : new IPEndPoint(IPAddress.None, 0);
        Local = local is IPEndPoint here ? PlainEndPoint.Of(here) : new IPEndPoint(IPAddress.None, 0);
        session = new ControllerSession(options.Times);
        loop = new Loop(this);
    }

    public DatapathId Id => Features.Datapath;

    public FeaturesReply Features { get; private set; } = new(default, 0, 0, 0, SwitchCapabilities.None);

    public SwitchDesc Description { get; private set; } = new("", "", "", "", "");

    /// <summary>The ports as they are now.</summary>
    public ImmutableDictionary<PortNumber, PortDesc> Ports => ports;

    public IPEndPoint Remote { get; }

    /// <summary>Our address as the switch reaches it.</summary>
    public IPEndPoint Local { get; }

    /// <summary>Who it has shown itself to be; null without TLS.</summary>
    public PeerIdentity? Identity { get; internal init; }

    /// <summary>Cancelled when the connection is over.</summary>
    public CancellationToken Lifetime => lifetime.Token;

    /// <summary>Packets that were not sent because the switch did not take them.</summary>
    public long PacketsDropped => Interlocked.Read(ref packetsDropped);

    /// <summary>True when the handshake has completed, false when it never will.</summary>
    internal Task<bool> Ready => ready.Task;

    /// <summary>Ends the connection; the first reason is the one that is told.</summary>
    public void Close(string why) => channel.Close(why);

    /// <summary>Ends the connection at once, without a word.</summary>
    internal void Cut(string why) => channel.Cut(why);

    /// <summary>Sends a message for which no answer is awaited, and waits only while the switch takes none.</summary>
    /// <exception cref="SwitchGoneException">The connection is over.</exception>
    public async Task SendAsync(OfMessage message, CancellationToken stop)
    {
        ThrowIfOver();
        await channel.Out.RoomAsync(stop);
        channel.Out.Add(requests.NextXid(), message);
        channel.Out.Flush();
    }

    /// <summary>Sends a message for which no answer is awaited, unless the switch does not take what waits for it already.</summary>
    public bool TrySend(OfMessage message)
    {
        if (!channel.Out.HasRoom)
        {
            return false;
        }

        channel.Out.Add(requests.NextXid(), message);
        FlushUnlessReading();
        return true;
    }

    /// <summary>
    /// Sends a packet out of the switch, or drops and counts it when the switch does not take what waits for it already, or it is too long. Cheap
    /// enough for every packet; from within <see cref="ISwitchObserver.PacketIn"/> all answers to one read leave in one write.
    /// </summary>
    public bool TrySendPacket(PortNumber inPort, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data, uint buffer = FlowMod.NoBuffer)
    {
        if (!channel.Out.TryAddPacket(requests.NextXid(), buffer, inPort, actions, data))
        {
            Interlocked.Increment(ref packetsDropped);
            return false;
        }

        FlushUnlessReading();
        return true;
    }

    /// <summary>
    /// Sets a flow for a packet and those that follow it, and sends the packet on its way: from the switch's buffer, or with a
    /// PACKET_OUT of <paramref name="actions"/>. Dropped, counted and flushed as <see cref="TrySendPacket"/> does.
    /// </summary>
    public bool TrySendFlow(in FrameFlow flow, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data, uint buffer = FlowMod.NoBuffer)
    {
        if (!channel.Out.TryAddFlow(requests.NextXid(), flow, buffer, actions, data))
        {
            Interlocked.Increment(ref packetsDropped);
            return false;
        }

        FlushUnlessReading();
        return true;
    }

    /// <summary>Runs until the connection is over and says why.</summary>
    internal async Task<string> RunAsync(CancellationToken stop)
    {
        string why;
        try
        {
            why = await channel.RunAsync(loop, stop);
        }
        catch (Exception e)
        {
            // Our own mistake, such as an observer that throws, ends this connection and no other.
            log.SwitchLoopFailed(e, Id, Remote);
            why = "failed here";
        }

        ready.TrySetResult(false);
        await lifetime.CancelAsync();
        requests.FailAll(new SwitchGoneException($"switch {Id} at {Remote}: {why}"));
        return why;
    }

    /// <summary>From here on the observer is told, first that the switch is there.</summary>
    internal void Admit(ISwitchObserver to)
    {
        lock (delivery)
        {
            to.Connected(this);
            observer = to;
        }

        channel.Out.Flush(); // What it said at once.
    }

    /// <summary>Whether the switch answers an echo in time.</summary>
    internal async Task<bool> AnswersAsync(TimeSpan within, TimeProvider time)
    {
        var echo = requests.Open(1, xid => new Question<EchoReply>(Id, xid, "echo", options.MaxAnswerOctets, Only<EchoReply>));
        channel.Out.Add(echo.First, new EchoRequest());
        channel.Out.Flush();
        try
        {
            await echo.Answer.WaitAsync(within, time);
            return true;
        }
        catch (Exception e) when (e is TimeoutException or SwitchGoneException or SwitchRefusedException)
        {
            requests.Drop(echo);
            return false;
        }
    }

    private static ImmutableArray<T>? Only<T>(OfMessage message)
        where T : OfMessage => message is T wanted ? [wanted] : null;

    /// <summary>While a read is handled its answers gather, and leave together after it.</summary>
    private void FlushUnlessReading()
    {
        if (!delivery.IsHeldByCurrentThread)
        {
            channel.Out.Flush();
        }
    }

    private void ThrowIfOver()
    {
        if (lifetime.IsCancellationRequested)
        {
            throw new SwitchGoneException($"switch {Id} at {Remote} is gone");
        }
    }

    /// <summary>The channel's loop, seen from the session: only it touches the session.</summary>
    private sealed class Loop(SwitchConnection me) : IChannelOwner
    {
        public TimeSpan Deadline => me.session.Deadline;

        public void OnStart(TimeSpan now) => Perform(new SessionEvent.Start(), now);

        public void OnTick(TimeSpan now) => Perform(new SessionEvent.Tick(), now);

        public void OnMalformed(OfHeader? header, string why, ReadOnlySpan<byte> message, TimeSpan now)
        {
            var quoted = message[..Math.Min(message.Length, Handshake.QuotedOctets)];
            Perform(new SessionEvent.Malformed(header, why, [.. quoted]), now);
        }

        public void OnMessage(OfHeader header, ReadOnlySpan<byte> message, TimeSpan now)
        {
            if (me.session.Phase != SessionPhase.Up)
            {
                Perform(new SessionEvent.Received(header, OfCodec.Read(message, out _)), now);
                return;
            }

            if (header.Version != OfHeader.Version13)
            {
                OnMalformed(header, $"{header.Type}: version {header.Version} was not agreed upon", message, now);
                return;
            }

            me.session = me.session.Heard(now);
            switch (header.Type)
            {
                case OfType.EchoRequest:
                    me.channel.Out.AddEchoReply(header, message);
                    break;
                case OfType.PacketIn:
                    var packet = new PacketInView(message[OfHeader.Size..]);
                    lock (me.delivery)
                    {
                        me.observer?.PacketIn(me, packet);
                    }

                    break;
                case OfType.FlowRemoved:
                    var flow = new FlowRemovedView(message[OfHeader.Size..]);
                    lock (me.delivery)
                    {
                        me.observer?.FlowRemoved(me, flow);
                    }

                    break;
                case OfType.PortStatus:
                    OnPortStatus((PortStatus)OfCodec.Read(message, out _));
                    break;
                default:
                    OnAnswer(header, message);
                    break;
            }
        }

        private void OnPortStatus(PortStatus status)
        {
            me.session = me.session.With(status);
            me.ports = me.session.Ports;
            lock (me.delivery)
            {
                me.observer?.PortStatus(me, status);
            }
        }

        private void OnAnswer(OfHeader header, ReadOnlySpan<byte> message)
        {
            if (me.requests.Dispatch(header, message))
            {
                return;
            }

            switch (OfCodec.Read(message, out _))
            {
                case OfError error:
                    me.log.SwitchError(me.Id, error.Name, error.ErrorType, error.Code, header.Xid);
                    break;
                case OpaqueMessage:
                    me.channel.Out.Add(header.Xid, Handshake.UnknownType(message));
                    break;
            }
        }

        private void Perform(SessionEvent e, TimeSpan now)
        {
            var (next, actions) = me.session.On(e, now);
            me.session = next;
            foreach (var action in actions)
            {
                switch (action)
                {
                    case SessionAction.Send send:
                        me.channel.Out.Add(send.Xid, send.Message);
                        break;
                    case SessionAction.Up:
                        me.Features = next.Features!;
                        me.Description = next.Desc!;
                        me.ports = next.Ports;
                        me.ready.TrySetResult(true);
                        break;
                    case SessionAction.Close close:
                        me.channel.Close(close.Why);
                        break;
                    default:
                        throw new InvalidOperationException($"a controller's session does not ask for {action}");
                }
            }
        }
    }
}
