using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Transport;

/// <summary>A TCP connection: octets in and out, at most one of each under way. All but its completions happens on the speaker's loop.</summary>
internal sealed class Connection : IDisposable
{
    // Room for a message of the longest kind behind the rest of another.
    private const int BufferSize = 96 * 1024;

    private readonly Socket socket;
    private readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);
    private readonly SocketAsyncEventArgs receiving = new();
    private readonly SocketAsyncEventArgs sending = new();
    private readonly Action<Action> post;
    private readonly Action received;
    private readonly Action sent;
    private int filled;
    private bool sendUnderWay;
    private bool closing;
    private bool disposed;

    /// <param name="post">Runs something on the loop.</param>
    public Connection(int link, Socket socket, OutQueue output, Action<Action> post)
    {
        Link = link;
        this.socket = socket;
        this.post = post;
        Output = output;
        LocalEnd = (IPEndPoint)socket.LocalEndPoint!;
        Local = TcpOptions.AddressOf(LocalEnd);
        try
        {
            Remote = (IPEndPoint)socket.RemoteEndPoint!;
        }
        catch (SocketException)
        {
            Remote = new(IPAddress.None, 0);
        }

        received = OnReceived;
        sent = OnSent;
        receiving.Completed += (_, _) => post(received);
        sending.Completed += (_, _) => post(sent);
    }

    public int Link { get; }

    public OutQueue Output { get; }

    public IpAddress Local { get; }

    public bool IsClosed => disposed;

    /// <summary>Of both sides, as whole messages, once they were said.</summary>
    public byte[] SentOpen { get; set; } = [];

    public byte[] ReceivedOpen { get; set; } = [];

    /// <summary>Octets that the peer's side has taken so far.</summary>
    public long Sent { get; private set; }

    /// <summary>The other end; the port is zero when the connection is gone already.</summary>
    public IPEndPoint Remote { get; }

    public IPEndPoint LocalEnd { get; }

    /// <summary>The session on it stands, and what it carries are routes.</summary>
    public bool Established { get; set; }

    /// <summary>Takes what has come and says how much of it was used.</summary>
    public required Func<Connection, ReadOnlyMemory<byte>, int> OnBytes { get; init; }

    public required Action<Connection> OnClosed { get; init; }

    public void Start()
    {
        socket.NoDelay = true;
        Receive();
    }

    /// <summary>Sends what waits, at once when the socket takes it.</summary>
    public void Pump()
    {
        while (!sendUnderWay && !disposed && !Output.IsEmpty)
        {
            sending.SetBuffer(MemoryMarshal.AsMemory(Output.Peek()));
            try
            {
                if (socket.SendAsync(sending))
                {
                    sendUnderWay = true;
                    return;
                }
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            if (!Account())
            {
                return;
            }
        }

        if (closing && !sendUnderWay && !disposed && Output.IsEmpty)
        {
            ShutDown();
        }
    }

    /// <summary>Closes when what waits is gone; <see cref="Dispose"/> does it at once.</summary>
    public void Close()
    {
        closing = true;
        Established = false;
        Pump();
    }

    public void Dispose()
    {
        if (!disposed)
        {
            disposed = true;
            socket.Dispose();
            if (!sendUnderWay)
            {
                Output.Clear();
            }
        }
    }

    private void Receive()
    {
        if (disposed)
        {
            return;
        }

        try
        {
            receiving.SetBuffer(buffer, filled, buffer.Length - filled);
            if (!socket.ReceiveAsync(receiving))
            {
                post(received); // Not at once: others have their turn first.
            }
        }
        catch (ObjectDisposedException)
        {
            // Closed by this side in the meantime.
        }
    }

    private void OnReceived()
    {
        if (disposed)
        {
            return;
        }

        if (receiving.SocketError != SocketError.Success || receiving.BytesTransferred == 0)
        {
            Lost();
            return;
        }

        filled += receiving.BytesTransferred;
        if (closing)
        {
            filled = 0;
        }
        else
        {
            var used = OnBytes(this, buffer.AsMemory(0, filled));
            buffer.AsSpan(used..filled).CopyTo(buffer);
            filled -= used;
        }

        Receive();
    }

    private void OnSent()
    {
        sendUnderWay = false;
        if (disposed)
        {
            Output.Clear();
            return;
        }

        if (Account())
        {
            Pump();
        }
    }

    private bool Account()
    {
        if (sending.SocketError != SocketError.Success)
        {
            Lost();
            return false;
        }

        Output.Sent(sending.BytesTransferred);
        Sent += sending.BytesTransferred;
        return true;
    }

    private void ShutDown()
    {
        try
        {
            // The peer reads the NOTIFICATION, then closes; an immediate close could destroy it on the way.
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            Lost();
        }
    }

    private void Lost()
    {
        var known = closing;
        Dispose();
        if (!known)
        {
            OnClosed(this);
        }
    }
}
