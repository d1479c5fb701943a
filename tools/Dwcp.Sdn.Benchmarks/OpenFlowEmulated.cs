using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Session;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// One switch of the load: the switch's side of a session over a non-blocking socket. Its packet-ins are answered by a
/// FLOW_MOD or PACKET_OUT that names its buffer; without buffers by a PACKET_OUT.
/// </summary>
internal sealed class OpenFlowEmulated : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false, NoDelay = true };
    private readonly FeaturesReply features;
    private readonly bool buffered;
    private readonly long[] sentAt;
    private readonly WireWriter outgoing;
    private byte[] unsent = [];
    private SwitchSession session;
    private byte[] rest = [];
    private int sent;
    private int answered;
    private int nextConversation;
    private bool greeting;

    /// <param name="number">Its datapath id.</param>
    /// <param name="window">Packet-ins that wait for an answer at most.</param>
    /// <param name="buffered">Whether it keeps packets in buffers.</param>
    /// <param name="outgoing">What is sent is written here, by one switch after the other.</param>
    public OpenFlowEmulated(int number, int window, bool buffered, WireWriter outgoing)
    {
        this.outgoing = outgoing;
        this.buffered = buffered;
        features = new(new DatapathId((ulong)number), buffered ? 256u : 0, 254, 0, SwitchCapabilities.FlowStats | SwitchCapabilities.PortStats);
        session = new(new SessionTimes { Hello = TimeSpan.FromSeconds(60), Idle = TimeSpan.FromHours(1) }, features, new RoleArbiter());
        sentAt = new long[Math.Max(window, OpenFlowPackets.Hosts)];
        nextConversation = number * 7 % OpenFlowPackets.ConversationCount;
    }

    public Socket Socket => socket;

    /// <summary>The controller has asked for all that a handshake asks for.</summary>
    public bool IsUp { get; private set; }

    /// <summary>All of its hosts have been heard.</summary>
    public bool IsGreeted { get; private set; }

    /// <summary>Answers that named another packet than was waiting.</summary>
    public int Wrong { get; private set; }

    public bool HasOutgoing => unsent.Length > 0;

    public int Outstanding => sent - answered;

    /// <summary>Starts connecting.</summary>
    public void Connect(IPEndPoint to)
    {
        try
        {
            socket.Connect(to);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.InProgress or SocketError.WouldBlock)
        {
            // As a socket that does not block does.
        }
    }

    /// <summary>The connection stands.</summary>
    public void Start() => Perform(session.On(new SessionEvent.Start(), default));

    /// <summary>Makes its hosts known; again, when nothing was answered to it.</summary>
    public void Greet()
    {
        if (answered == 0)
        {
            greeting = true;
            outgoing.Bytes(OpenFlowPackets.Greetings);
            sent = OpenFlowPackets.Hosts;
            Flush();
        }
    }

    public void SendEcho()
    {
        OfCodec.Write(outgoing, 1, new EchoRequest());
        Flush();
    }

    /// <summary>Sends packet-ins until the window is full.</summary>
    public void Fill(int window, long now)
    {
        var length = OpenFlowPackets.Length;
        while (sent - answered < window)
        {
            var run = Math.Min(window - (sent - answered), OpenFlowPackets.ConversationCount - nextConversation);
            var at = outgoing.Length;
            outgoing.Bytes(OpenFlowPackets.Conversations.AsSpan(nextConversation * length, run * length));
            for (var i = 0; i < run; i++, sent++)
            {
                sentAt[sent % sentAt.Length] = now;
                if (buffered)
                {
                    outgoing.PatchU32(at + (i * length) + OfHeader.Size, (uint)(sent & 0xff));
                }
            }

            nextConversation = (nextConversation + run) % OpenFlowPackets.ConversationCount;
        }

        Flush();
    }

    /// <summary>Reads what has come and counts the answers in it.</summary>
    /// <returns>Answers, or -1 when the controller has closed the connection.</returns>
    public int Read(byte[] buffer, long now, OpenFlowLatency? latency)
    {
        rest.CopyTo(buffer, 0);
        var count = socket.Receive(buffer.AsSpan(rest.Length), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return 0;
        }

        if (count <= 0)
        {
            return -1;
        }

        var (at, end, answers) = (0, rest.Length + count, 0);
        while (end - at >= OfHeader.Size)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at + 2));
            if (end - at < length)
            {
                break;
            }

            answers += On(buffer.AsSpan(at, length), now, latency);
            at += length;
        }

        rest = at == end ? [] : buffer[at..end];
        return answers;
    }

    /// <summary>Sends what waits, as far as the socket takes it.</summary>
    public void Flush()
    {
        if (unsent.Length > 0)
        {
            unsent = [.. unsent, .. outgoing.Written];
        }

        var all = unsent.Length > 0 ? unsent : outgoing.Written;
        var count = socket.Send(all, SocketFlags.None, out var error);
        if (error is not (SocketError.Success or SocketError.WouldBlock))
        {
            throw new SocketException((int)error);
        }

        unsent = all[Math.Max(count, 0)..].ToArray();
        outgoing.Clear();
    }

    public void Dispose() => socket.Dispose();

    private int On(ReadOnlySpan<byte> message, long now, OpenFlowLatency? latency)
    {
        // 32: the buffer of a FLOW_MOD; 8: that of a PACKET_OUT.
        switch ((OfType)message[1])
        {
            case OfType.PacketOut when BinaryPrimitives.ReadUInt32BigEndian(message[12..]) == PortNumber.Controller.Value:
                return 0; // The controller's own, by which it looks for links.
            case OfType.PacketOut when !buffered || greeting:
                return Answered(now, latency);
            case OfType.PacketOut:
                return Answered(BinaryPrimitives.ReadUInt32BigEndian(message[8..]), now, latency);
            case OfType.FlowMod when buffered && BinaryPrimitives.ReadUInt32BigEndian(message[32..]) is not FlowMod.NoBuffer and var buffer:
                return Answered(buffer, now, latency);
            case OfType.FlowMod:
                return 0;
            default:
                OnSession(message);
                return 0;
        }
    }

    private int Answered(uint buffer, long now, OpenFlowLatency? latency)
    {
        Wrong += buffer == (uint)(answered & 0xff) ? 0 : 1;
        return Answered(now, latency);
    }

    private int Answered(long now, OpenFlowLatency? latency)
    {
        if (answered == sent)
        {
            Wrong++;
            return 0;
        }

        if (greeting)
        {
            answered++;
            IsGreeted = answered == sent;
            greeting = !IsGreeted;
            return 0;
        }

        latency?.Add(now - sentAt[answered % sentAt.Length]);
        answered++;
        return 1;
    }

    private void OnSession(ReadOnlySpan<byte> bytes)
    {
        var message = OfCodec.Read(bytes, out var header);
        Perform(session.On(new SessionEvent.Received(header, message), default));
    }

    private void Perform((SwitchSession Next, System.Collections.Immutable.ImmutableArray<SessionAction> Do) step)
    {
        session = step.Next;
        foreach (var action in step.Do)
        {
            switch (action)
            {
                case SessionAction.Send { Message: FeaturesReply } send:
                    OfCodec.Write(outgoing, send.Xid, features);
                    Asked(1);
                    break;
                case SessionAction.Send send:
                    OfCodec.Write(outgoing, send.Xid, send.Message);
                    break;
                case SessionAction.Deliver { Message: MultipartRequest request } deliver:
                    Answer(deliver.Xid, request.Body);
                    break;
                case SessionAction.Close close:
                    throw new InvalidOperationException($"switch {features.Datapath}: {close.Why}");
            }
        }

        Flush();
    }

    private void Answer(uint xid, MultipartBody body)
    {
        switch (body.Type)
        {
            case MultipartType.Desc:
                OfCodec.Write(outgoing, xid, new MultipartReply(new SwitchDesc("Dwcp.Sdn", "load", "0", "", "")));
                break;
            case MultipartType.PortDesc:
                OfCodec.Write(outgoing, xid, new MultipartReply(new PortDescReply(Ports)));
                Asked(2);
                break;
            case MultipartType.Flow:
                OfCodec.Write(outgoing, xid, new MultipartReply(new FlowStatsReply([])));
                break;
        }
    }

    private int asked;

    /// <summary>ovs-testcontroller asks for features alone, ours for ports too.</summary>
    private void Asked(int what)
    {
        asked |= what;
        IsUp |= (asked & 1) != 0;
        IsComplete |= asked == 3;
    }

    /// <summary>Features and ports have been asked for.</summary>
    public bool IsComplete { get; private set; }

    private static readonly EquatableArray<PortDesc> Ports =
        [.. Enumerable.Range(1, OpenFlowPackets.Hosts).Select(i => new PortDesc(new((uint)i), new(0x0600_0000_0000ul | (uint)i), $"p{i}", PortConfig.None, PortState.Live))];
}
