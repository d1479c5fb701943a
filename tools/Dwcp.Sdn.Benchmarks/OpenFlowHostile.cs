using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>What a hostile switch may do.</summary>
internal enum Hostility
{
    /// <summary>Packets for nobody known, as many as go through, and reads the answers.</summary>
    Packets,

    /// <summary>Packets, and reads no answer.</summary>
    Deaf,

    /// <summary>Echoes of 60,000 octets.</summary>
    Echoes,

    /// <summary>Echoes of nothing, thousands in one write.</summary>
    SmallEchoes,

    /// <summary>A port that comes and goes.</summary>
    Ports,

    /// <summary>Parts of answers that nobody asked for, each with more to follow.</summary>
    Multiparts,

    /// <summary>A list of ports that has no end, during the handshake, again and again.</summary>
    EndlessPorts,

    /// <summary>Connects and sends octets without meaning, again and again.</summary>
    Garbage,
}

/// <summary>One hostile switch on a thread of its own. It does its worst while it is let.</summary>
internal sealed class OpenFlowHostile : IDisposable
{
    private const ulong Datapath = 0xbad;
    private const int Burst = 64 * 1024;

    private readonly IPEndPoint controller;
    private readonly Hostility kind;
    private readonly byte[] burst;
    private readonly byte[] unread = new byte[256 * 1024];
    private readonly ManualResetEventSlim let = new();
    private readonly Thread thread;
    private volatile bool over;
    private long octets;

    public OpenFlowHostile(IPEndPoint controller, Hostility kind)
    {
        (this.controller, this.kind) = (controller, kind);
        burst = BurstOf(kind);
        thread = new Thread(Run) { IsBackground = true, Name = $"hostile {kind}" };
        thread.Start();
    }

    /// <summary>Octets that the controller's machine has taken.</summary>
    public long Octets => Interlocked.Read(ref octets);

    /// <summary>Lets it, or holds it back.</summary>
    public bool Let
    {
        get => let.IsSet;
        set
        {
            if (value)
            {
                let.Set();
            }
            else
            {
                let.Reset();
            }
        }
    }

    public void Dispose()
    {
        over = true;
        let.Set();
        thread.Join();
        let.Dispose();
    }

    private static byte[] BurstOf(Hostility kind)
    {
        if (kind == Hostility.Garbage)
        {
            var octets = new byte[Burst];
            new Random(1).NextBytes(octets);
            return octets;
        }

        var w = new WireWriter();
        for (var i = 0u; w.Length < Burst; i++)
        {
            OfCodec.Write(w, i, Message(kind, i));
        }

        return w.ToArray();
    }

    private static OfMessage Message(Hostility kind, uint i) => kind switch
    {
        Hostility.Echoes => new EchoRequest([.. new byte[60_000]]),
        Hostility.SmallEchoes => new EchoRequest([]),
        Hostility.Ports => new PortStatus(i % 2 == 0 ? PortReason.Add : PortReason.Delete, Port(i / 2 % 100)),
        Hostility.Multiparts => new MultipartReply(new FlowStatsReply([.. Enumerable.Range(0, 500).Select(f => new FlowEntry(new(new(0, (ushort)f, Match.All), i), 0, 0, 0, 0))]), More: true),
        Hostility.EndlessPorts => new MultipartReply(new PortDescReply([.. Enumerable.Range(0, 900).Select(p => Port((uint)p))]), More: true),
        _ => new PacketIn(FlowMod.NoBuffer, 60, PacketInReason.NoMatch, 0, 0, Match.Of(new FieldMatch(Fields.InPort, 1)), [2, 0, 0, 0, 1, (byte)i, 2, 0, 0, 0, 2, (byte)(i >> 8), 8, 0, .. new byte[46]]),
    };

    private static PortDesc Port(uint number) => new(new(number + 1), new(number), $"p{number}", PortConfig.None, PortState.Live);

    private void Run()
    {
        while (!over)
        {
            let.Wait();
            try
            {
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendTimeout = 50 };
                socket.Connect(controller);
                Greet(socket);
                while (!over)
                {
                    let.Wait();
                    Send(socket);
                }
            }
            catch (SocketException)
            {
                // The controller had enough of it, and it comes back.
            }
        }
    }

    private void Send(Socket socket)
    {
        for (var sent = 0; sent < burst.Length && !over;)
        {
            try
            {
                var count = socket.Send(burst.AsSpan(sent));
                sent += count;
                Interlocked.Add(ref octets, count);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                let.Wait();
            }

            while (kind != Hostility.Deaf && socket.Available > 0 && socket.Receive(unread) > 0)
            {
            }
        }
    }

    /// <summary>Goes through the handshake as far as its kind does.</summary>
    private void Greet(Socket socket)
    {
        Send(socket, 1, new Hello());
        if (kind == Hostility.Garbage)
        {
            return;
        }

        var head = new byte[OfHeader.Size];
        while (true)
        {
            ReadExactly(socket, head);
            var header = OfHeader.Read(head);
            byte[] whole = [.. head, .. new byte[header.Length - OfHeader.Size]];
            ReadExactly(socket, whole.AsSpan(OfHeader.Size));
            switch (OfCodec.Read(whole, out _))
            {
                case FeaturesRequest:
                    Send(socket, header.Xid, new FeaturesReply(new DatapathId(Datapath), 0, 254, 0, SwitchCapabilities.None));
                    break;
                case MultipartRequest { Body.Type: MultipartType.Desc }:
                    Send(socket, header.Xid, new MultipartReply(new SwitchDesc("", "", "hostile", "", "")));
                    break;
                case MultipartRequest { Body.Type: MultipartType.PortDesc }:
                    if (kind == Hostility.EndlessPorts)
                    {
                        SetXids(header.Xid);
                    }
                    else
                    {
                        Send(socket, header.Xid, new MultipartReply(new PortDescReply([])));
                    }

                    return;
            }
        }
    }

    private void SetXids(uint xid)
    {
        for (var at = 0; at < burst.Length; at += OfHeader.Read(burst.AsSpan(at)).Length)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(burst.AsSpan(at + 4), xid);
        }
    }

    private static void Send(Socket socket, uint xid, OfMessage message)
    {
        var w = new WireWriter();
        OfCodec.Write(w, xid, message);
        socket.Send(w.Written);
    }

    private static void ReadExactly(Socket socket, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var count = socket.Receive(into);
            into = count > 0 ? into[count..] : throw new SocketException((int)SocketError.ConnectionReset);
        }
    }
}
