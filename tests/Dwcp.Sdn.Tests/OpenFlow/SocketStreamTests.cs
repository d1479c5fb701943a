using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>Streams over the threads that read from many sockets.</summary>
public sealed class SocketStreamTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly SocketThreads threads = new(1);

    public void Dispose() => threads.Dispose();

    [Fact]
    public async Task Nothing_is_lost_however_often_reads_are_given_up()
    {
        var (peer, stream) = await PairAsync();
        using var theirs = peer;
        await using var ours = stream;
        const int Octets = 300_000;
        var sending = Task.Run(async () =>
        {
            var random = new Random(1);
            for (var at = 0; at < Octets;)
            {
                var count = Math.Min(random.Next(1, 3000), Octets - at);
                await theirs.SendAsync(Enumerable.Range(at, count).Select(i => (byte)(i * 31)).ToArray());
                at += count;
                await Task.Yield();
            }
        });

        var buffer = new byte[2000];
        var (got, given) = (0, 0);
        for (var i = 0; got < Octets; i++)
        {
            using var end = new CancellationTokenSource();
            var read = ours.ReadAsync(i % 4 == 0 ? Memory<byte>.Empty : buffer, i % 2 == 0 ? end.Token : CancellationToken.None).AsTask();
            if (i % 2 == 0)
            {
                await end.CancelAsync();
            }

            try
            {
                var count = await read.WaitAsync(Patience);
                Assert.All(Enumerable.Range(0, count), j => Assert.Equal((byte)((got + j) * 31), buffer[j]));
                got += count;
            }
            catch (OperationCanceledException)
            {
                given++;
            }
        }

        await sending.WaitAsync(Patience);
        Assert.True(given > 0, "no read was given up");
    }

    [Fact]
    public async Task A_write_that_the_peer_does_not_take_can_be_given_up_and_the_stream_still_reads()
    {
        var (peer, stream) = await PairAsync();
        using var theirs = peer;
        await using var ours = stream;
        using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ours.WriteAsync(new byte[64 << 20], end.Token).AsTask().WaitAsync(Patience));
        await theirs.SendAsync((byte[])[7]);
        var buffer = new byte[8];

        Assert.Equal(1, await ours.ReadAsync(buffer).AsTask().WaitAsync(Patience));
        Assert.Equal(7, buffer[0]);
    }

    [Fact]
    public async Task A_socket_that_is_closed_under_its_stream_ends_the_read_and_not_the_thread()
    {
        var (peer, broken) = await PairAsync();
        using var theirs = peer;
        var reading = broken.ReadAsync(new byte[8]).AsTask();
        broken.Socket.Dispose();
        broken.OnReady(Epoll.Readable);

        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(Patience));
        await broken.DisposeAsync();

        var (other, stream) = await PairAsync();
        using var honest = other;
        await using var ours = stream;
        await honest.SendAsync((byte[])[1]);
        Assert.Equal(1, await ours.ReadAsync(new byte[8]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Whoever_reads_or_writes_while_the_stream_is_disposed_is_told()
    {
        var (peer, stream) = await PairAsync();
        using var theirs = peer;
        var reading = stream.ReadAsync(new byte[8]).AsTask();
        var writing = stream.WriteAsync(new byte[64 << 20]).AsTask();
        await stream.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading.WaitAsync(Patience));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => writing.WaitAsync(Patience));
    }

    private async Task<(Socket Theirs, SocketStream Ours)> PairAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var theirs = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await theirs.ConnectAsync(listener.LocalEndpoint);
        return (theirs, threads.Attach(await listener.AcceptSocketAsync()));
    }
}
