using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>
/// A few threads that read from many sockets. What comes in is handled on the thread that waited for it, one read per socket and
/// round: no wake-up of another thread, and no socket has a second turn before all others that are ready had theirs. ADR 0011.
/// </summary>
internal sealed class SocketThreads : IDisposable
{
    private readonly SocketThread[] threads;
    private int next;

    /// <param name="count">Threads; one of them serves a few hundred thousand messages a second.</param>
    public SocketThreads(int count) => threads = [.. Enumerable.Range(0, count).Select(i => new SocketThread($"OpenFlow {i}"))];

    /// <summary>Takes a connected socket over; the stream disposes it.</summary>
    public SocketStream Attach(Socket socket) => new(socket, threads[(uint)Interlocked.Increment(ref next) % threads.Length]);

    public void Dispose()
    {
        foreach (var thread in threads)
        {
            thread.Dispose();
        }
    }
}

/// <summary>One thread and the sockets it waits for.</summary>
internal sealed class SocketThread : IDisposable
{
    private readonly Epoll epoll = new();
    private readonly ConcurrentDictionary<int, SocketStream> streams = new();
    private readonly Socket bell = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private volatile bool stopped;
    private int lastTag;

    public SocketThread(string name)
    {
        bell.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        bell.Connect(bell.LocalEndPoint!);
        epoll.Watch(bell, 0, Epoll.Readable);
        new Thread(Run) { Name = name, IsBackground = true }.Start();
    }

    public int Watch(SocketStream stream, Socket socket, uint what)
    {
        var tag = Interlocked.Increment(ref lastTag);
        streams[tag] = stream;
        try
        {
            epoll.Watch(socket, tag, what);
            return tag;
        }
        catch
        {
            streams.TryRemove(tag, out _);
            throw;
        }
    }

    public void Change(Socket socket, int tag, uint what) => epoll.Change(socket, tag, what);

    /// <summary>Tells the stream nothing more, whatever becomes of its socket.</summary>
    public void Forget(Socket socket, int tag)
    {
        if (streams.TryRemove(tag, out _))
        {
            epoll.Forget(socket);
        }
    }

    /// <summary>Ends the thread after its round; its sockets are no longer waited for.</summary>
    public void Dispose()
    {
        stopped = true;
        bell.Send([0]);
    }

    private void Run()
    {
        while (!stopped)
        {
            var count = epoll.Wait(-1);
            for (var i = 0; i < count; i++)
            {
                var (tag, what) = epoll.Ready(i);
                if (streams.TryGetValue(tag, out var stream))
                {
                    stream.OnReady(what);
                }
            }
        }

        epoll.Dispose();
        bell.Dispose();
    }
}
