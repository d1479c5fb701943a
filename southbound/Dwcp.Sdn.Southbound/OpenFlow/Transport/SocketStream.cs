using System.ComponentModel;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>
/// A socket as a stream that goes on, when there is something to read or room to write again, on its <see cref="SocketThread"/>.
/// One read and one write at a time. A read never looks at the socket before the thread's round has come to it, unless a read of
/// nothing has just said that something is there.
/// </summary>
internal sealed class SocketStream : Stream
{
    private readonly Socket socket;
    private readonly SocketThread thread;
    private readonly Lock gate = new();
    private readonly Operation reading = new();
    private readonly Operation writing = new();
    private int tag;
    private uint watched;
    private bool readable;
    private bool closed;
    private Memory<byte> into;
    private ReadOnlyMemory<byte> left;
    private CancellationToken cancelsRead;
    private CancellationToken cancelsWrite;

    public SocketStream(Socket socket, SocketThread thread)
    {
        this.socket = socket;
        this.thread = thread;
        socket.Blocking = false;
    }

    public Socket Socket => socket;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The next octets; with an empty buffer, zero as soon as there are any.</summary>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ValueTask<int> answer;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            if (readable)
            {
                if (buffer.IsEmpty)
                {
                    return new(0);
                }

                readable = false;
                var count = socket.Receive(buffer.Span, SocketFlags.None, out var error);
                if (error != SocketError.WouldBlock)
                {
                    return error == SocketError.Success ? new(count) : ValueTask.FromException<int>(Broken(error));
                }
            }

            Want(watched | Epoll.Readable);
            into = buffer;
            cancelsRead = cancellationToken;
            answer = reading.Begin();
            reading.Cancellation = cancellationToken.UnsafeRegister(static (me, token) => ((SocketStream)me!).CancelRead(token), this);
        }

        return answer;
    }

    /// <summary>Completes when all has been handed to the network.</summary>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ValueTask answer;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, this);
            left = buffer;
            if (Send() is var error && error != SocketError.WouldBlock)
            {
                return error == SocketError.Success ? ValueTask.CompletedTask : ValueTask.FromException(Broken(error));
            }

            Want(watched | Epoll.Writable);
            cancelsWrite = cancellationToken;
            answer = writing.BeginVoid();
            writing.Cancellation = cancellationToken.UnsafeRegister(static (me, token) => ((SocketStream)me!).CancelWrite(token), this);
        }

        return answer;
    }

    /// <summary>The thread's round has come to this socket. Whatever is wrong with it ends this stream, and not the thread.</summary>
    public void OnReady(uint what)
    {
        try
        {
            Proceed(what);
        }
        catch (Exception e) when (e is ObjectDisposedException or Win32Exception)
        {
            Dispose(); // Somebody has closed the socket under it, or the kernel does not watch it any more.
        }
    }

    private void Proceed(uint what)
    {
        if ((what & (Epoll.Writable | Epoll.Broken)) != 0)
        {
            OnWritable();
        }

        if ((what & (Epoll.Readable | Epoll.Broken)) != 0)
        {
            OnReadable();
        }

        if ((what & Epoll.Broken) != 0)
        {
            lock (gate)
            {
                if (!closed && !reading.IsPending && !writing.IsPending)
                {
                    Unwatch(); // It would be told again and again, asked for or not; the next read or write asks anew.
                }
            }
        }
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        bool wasReading, wasWriting;
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            closed = true;
            wasReading = reading.TryEnd();
            wasWriting = writing.TryEnd();
            Unwatch();
            socket.Dispose();
        }

        if (wasReading)
        {
            reading.Fail(new ObjectDisposedException(nameof(SocketStream)));
        }

        if (wasWriting)
        {
            writing.Fail(new ObjectDisposedException(nameof(SocketStream)));
        }

        base.Dispose(disposing);
    }

    private void OnReadable()
    {
        int count;
        SocketError error;
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            if (!reading.IsPending)
            {
                // Nobody reads: it would be told again and again.
                Want(watched & ~Epoll.Readable);
                return;
            }

            (count, error) = (0, SocketError.Success);
            if (into.IsEmpty)
            {
                readable = true;
            }
            else
            {
                count = socket.Receive(into.Span, SocketFlags.None, out error);
                if (error == SocketError.WouldBlock)
                {
                    return;
                }
            }

            reading.TryEnd();
        }

        if (error == SocketError.Success)
        {
            reading.Complete(count);
        }
        else
        {
            reading.Fail(Broken(error));
        }
    }

    private void OnWritable()
    {
        SocketError error;
        lock (gate)
        {
            if (closed)
            {
                return;
            }

            if (!writing.IsPending)
            {
                Want(watched & ~Epoll.Writable);
                return;
            }

            error = Send();
            if (error == SocketError.WouldBlock)
            {
                return;
            }

            writing.TryEnd();
            Want(watched & ~Epoll.Writable);
        }

        if (error == SocketError.Success)
        {
            writing.Complete(0);
        }
        else
        {
            writing.Fail(Broken(error));
        }
    }

    private void CancelRead(CancellationToken token)
    {
        lock (gate)
        {
            // The registration of a read that is over may still be on its way.
            if (cancelsRead != token || !reading.TryEnd())
            {
                return;
            }
        }

        reading.Fail(new OperationCanceledException(token));
    }

    private void CancelWrite(CancellationToken token)
    {
        lock (gate)
        {
            if (cancelsWrite != token || !writing.TryEnd())
            {
                return;
            }
        }

        writing.Fail(new OperationCanceledException(token));
    }

    private SocketError Send()
    {
        while (!left.IsEmpty)
        {
            var count = socket.Send(left.Span, SocketFlags.None, out var error);
            if (error != SocketError.Success)
            {
                return error;
            }

            left = left[count..];
        }

        return SocketError.Success;
    }

    private void Unwatch()
    {
        if (tag != 0)
        {
            thread.Forget(socket, tag);
            (watched, tag) = (0, 0);
        }
    }

    private void Want(uint what)
    {
        if (tag == 0)
        {
            tag = thread.Watch(this, socket, what);
        }
        else if (what != watched)
        {
            thread.Change(socket, tag, what);
        }

        watched = what;
    }

    private static IOException Broken(SocketError error) => new(error.ToString(), new SocketException((int)error));

    /// <summary>A read or write that waits, and goes on where it is completed.</summary>
    private sealed class Operation : IValueTaskSource<int>, IValueTaskSource
    {
        private ManualResetValueTaskSourceCore<int> core;

        public bool IsPending { get; private set; }

        public CancellationTokenRegistration Cancellation { get; set; }

        public ValueTask<int> Begin()
        {
            Start();
            return new(this, core.Version);
        }

        public ValueTask BeginVoid()
        {
            Start();
            return new(this, core.Version);
        }

        /// <summary>True for the one who may complete it.</summary>
        public bool TryEnd()
        {
            var was = IsPending;
            IsPending = false;
            return was;
        }

        public void Complete(int result) => core.SetResult(result);

        public void Fail(Exception e) => core.SetException(e);

        public int GetResult(short token)
        {
            Cancellation.Unregister();
            return core.GetResult(token);
        }

        void IValueTaskSource.GetResult(short token) => GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            core.OnCompleted(continuation, state, token, flags);

        private void Start()
        {
            if (IsPending)
            {
                throw new InvalidOperationException("one read and one write at a time");
            }

            core.Reset();
            IsPending = true;
        }
    }
}
