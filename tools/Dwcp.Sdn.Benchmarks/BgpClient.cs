using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>The other end of a session with the least that a peer can do: it sends octets that are ready and counts the routes that come.</summary>
internal sealed class BgpClient : IDisposable
{
    /// <summary>Of the routes whose arrival is timed one by one.</summary>
    public const ulong ProbeRd = 0x0001_0aff_ffff_0001;

    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly ManualResetEventSlim arrived = new();
    private readonly AutoResetEvent probed = new(false);
    private readonly Thread reader;
    private long wanted = long.MaxValue;
    private long reached;
    private long unreached;
    private bool counting;
    private long arrivedAt;
    private long probedAt;
    private long firstAt;
    private readonly ManualResetEventSlim first = new();
    private long updates;

    private BgpClient(IPAddress local, IPEndPoint remote)
    {
        socket.Bind(new IPEndPoint(local, 0));
        socket.Connect(remote);
        var capabilities = new Capabilities { Families = default(FamilySet).With(BgpFamily.L2VpnEvpn), As4 = new Asn(65000), Refresh = true };
        socket.Send(new OpenMessage(65000, 180, IpAddress.From(local), capabilities.ToList()).ToMessage());
        reader = new Thread(Read) { IsBackground = true };
    }

    /// <summary>When the session stood, as this side saw it.</summary>
    public long EstablishedAt { get; private set; }

    public long Reached => Interlocked.Read(ref reached);

    public long Updates => Interlocked.Read(ref updates);

    /// <summary>Connects and returns when the session stands; tries again for ten seconds.</summary>
    /// <param name="expect">Of routes; the first may come with the session.</param>
    public static BgpClient Connect(IPAddress local, IPEndPoint remote, long expect = long.MaxValue)
    {
        for (var end = Stopwatch.GetTimestamp() + (10 * Stopwatch.Frequency); ;)
        {
            try
            {
                var client = new BgpClient(local, remote);
                client.Expect(expect);
                if (client.Establish())
                {
                    return client;
                }

                client.Dispose();
            }
            catch (SocketException) when (Stopwatch.GetTimestamp() < end)
            {
            }

            if (Stopwatch.GetTimestamp() > end)
            {
                throw new TimeoutException($"no session with {remote}");
            }

            Thread.Sleep(200);
        }
    }

    public void Send(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            octets = octets[socket.Send(octets)..];
        }
    }

    /// <summary>Counts routes from now on, up to <paramref name="count"/> announced or withdrawn ones.</summary>
    public void Expect(long count, bool withdrawn = false)
    {
        counting = withdrawn;
        Interlocked.Exchange(ref reached, 0);
        Interlocked.Exchange(ref unreached, 0);
        Interlocked.Exchange(ref updates, 0);
        arrived.Reset();
        Interlocked.Exchange(ref wanted, count);
    }

    /// <summary>When the last of them came.</summary>
    /// <exception cref="TimeoutException">Not all came in time.</exception>
    public long Arrived(TimeSpan within) => arrived.Wait(within)
        ? Interlocked.Read(ref arrivedAt)
        : throw new TimeoutException($"{Interlocked.Read(ref reached)} announced and {Interlocked.Read(ref unreached)} withdrawn of {wanted} after {within.TotalSeconds} s");

    /// <summary>When the first route of the session came.</summary>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public long First(TimeSpan within) => first.Wait(within) ? Interlocked.Read(ref firstAt) : throw new TimeoutException($"no route after {within.TotalSeconds} s");

    /// <summary>When the probe came; none when it is lost.</summary>
    public long? Probed(TimeSpan within) => probed.WaitOne(within) ? Interlocked.Read(ref probedAt) : null;

    public void Dispose() => socket.Dispose();

    private bool Establish()
    {
        var buffer = new byte[4096];
        var filled = 0;
        for (var keepalives = 0; keepalives == 0;)
        {
            var count = socket.Receive(buffer, filled, 1, SocketFlags.None);
            if (count == 0)
            {
                return false;
            }

            filled += count;
            BgpMessage.Frame(buffer.AsSpan(0, filled), 4096, out var length, out var type);
            if (length == 0)
            {
                continue;
            }

            filled = 0;
            if (type == MessageType.Open)
            {
                socket.Send(BgpMessage.Keepalive);
            }
            else if (type == MessageType.Notification)
            {
                return false;
            }

            keepalives += type == MessageType.Keepalive ? 1 : 0;
        }

        EstablishedAt = Stopwatch.GetTimestamp();
        reader.Start();
        return true;
    }

    private void Read()
    {
        var buffer = new byte[1 << 20];
        var filled = 0;
        try
        {
            while (true)
            {
                var count = socket.Receive(buffer, filled, buffer.Length - filled, SocketFlags.None);
                if (count == 0)
                {
                    return;
                }

                filled += count;
                var at = 0;
                while (filled - at >= 19)
                {
                    var length = BinaryPrimitives.ReadUInt16BigEndian(buffer.AsSpan(at + 16));
                    if (filled - at < length)
                    {
                        break;
                    }

                    if (buffer[at + 18] == 2)
                    {
                        Update(buffer.AsSpan(at + 19, length - 19));
                    }

                    at += length;
                }

                buffer.AsSpan(at..filled).CopyTo(buffer);
                filled -= at;
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The end of the session ends the count.
        }
    }

    private void Update(ReadOnlySpan<byte> body)
    {
        Interlocked.Increment(ref updates);
        if (!first.IsSet && body.Length > 4)
        {
            Interlocked.Exchange(ref firstAt, Stopwatch.GetTimestamp());
            first.Set();
        }

        var attributes = body[4..];
        while (AttributeCodec.Next(ref attributes, out _, out var code, out var value, out _))
        {
            if (code is not (AttributeTable.MpReach or AttributeTable.MpUnreach))
            {
                continue;
            }

            var nlri = code == AttributeTable.MpReach ? value[(5 + value[3])..] : value[3..];
            var count = 0;
            while (nlri.Length >= 10)
            {
                if (BinaryPrimitives.ReadUInt64BigEndian(nlri[2..]) == ProbeRd)
                {
                    Interlocked.Exchange(ref probedAt, Stopwatch.GetTimestamp());
                    probed.Set();
                }
                else
                {
                    count++;
                }

                nlri = nlri[(2 + nlri[1])..];
            }

            ref var counter = ref code == AttributeTable.MpReach ? ref reached : ref unreached;
            var total = Interlocked.Add(ref counter, count);
            if (counting == (code == AttributeTable.MpUnreach) && total >= Interlocked.Read(ref wanted) && !arrived.IsSet)
            {
                Interlocked.Exchange(ref arrivedAt, Stopwatch.GetTimestamp());
                arrived.Set();
            }
        }
    }
}
