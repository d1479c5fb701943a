using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>
/// What waits to be sent to one peer. Messages are written into one buffer while the other is on its way, so batches come by
/// themselves. It takes a message beyond its limit and then has no room: whoever can wait does so, the rest is dropped by
/// its sender and counted there.
/// </summary>
internal sealed class Outbox(Stream stream, int limit, Action<Exception> broken)
{
    private const int KeepCapacity = 64 * 1024;

    private readonly Lock gate = new();
    private WireWriter filling = new();
    private WireWriter sending = new();
    private bool busy;
    private bool closed;
    private TaskCompletionSource? progress;

    /// <summary>Octets that wait behind those on their way.</summary>
    public bool HasRoom
    {
        get
        {
            lock (gate)
            {
                return filling.Length < limit;
            }
        }
    }

    /// <exception cref="OverflowException">The message is longer than OpenFlow allows; nothing of it is sent.</exception>
    public void Add(uint xid, OfMessage message)
    {
        lock (gate)
        {
            if (!closed)
            {
                var before = filling.Length;
                try
                {
                    OfCodec.Write(filling, xid, message);
                }
                catch
                {
                    filling.Truncate(before);
                    throw;
                }
            }
        }
    }

    public void AddEchoReply(OfHeader request, ReadOnlySpan<byte> message)
    {
        lock (gate)
        {
            if (!closed)
            {
                EchoRequest.WriteReply(filling, request, message);
            }
        }
    }

    /// <summary>Adds a PACKET_OUT unless there is no room.</summary>
    /// <exception cref="OverflowException">The packet is too long for a message; nothing of it is sent.</exception>
    public bool TryAddPacket(uint xid, uint buffer, PortNumber inPort, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            if (closed || filling.Length >= limit)
            {
                return false;
            }

            var before = filling.Length;
            try
            {
                PacketOut.Write(filling, xid, buffer, inPort, actions, data);
            }
            catch
            {
                filling.Truncate(before);
                throw;
            }

            return true;
        }
    }

    /// <summary>
    /// Adds a flow and, unless the switch holds the packet in a buffer, a PACKET_OUT of it by the same way; or neither when there is
    /// no room.
    /// </summary>
    /// <exception cref="OverflowException">The packet is too long for a message; nothing is sent.</exception>
    public bool TryAddFlow(uint xid, in FrameFlow flow, uint buffer, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            if (closed || filling.Length >= limit)
            {
                return false;
            }

            var before = filling.Length;
            try
            {
                flow.Write(filling, xid, buffer);
                if (buffer == FlowMod.NoBuffer)
                {
                    PacketOut.Write(filling, xid, buffer, flow.InPort, actions, data);
                }
            }
            catch
            {
                filling.Truncate(before);
                throw;
            }

            return true;
        }
    }

    /// <summary>Starts sending what waits, unless that goes on already.</summary>
    public void Flush()
    {
        lock (gate)
        {
            if (busy || closed || filling.Length == 0)
            {
                return;
            }

            busy = true;
            Swap();
        }

        _ = DrainAsync();
    }

    /// <summary>Waits until there is room; at once when the connection is over.</summary>
    public Task RoomAsync(CancellationToken stop) => WaitAsync(() => filling.Length < limit, stop);

    /// <summary>Waits until all has been handed to the network; at once when the connection is over.</summary>
    public Task EmptyAsync(CancellationToken stop) => WaitAsync(() => !busy && filling.Length == 0, stop);

    /// <summary>Takes and sends nothing more; who waits, waits no longer.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            progress?.TrySetResult();
            progress = null;
        }
    }

    private async Task WaitAsync(Func<bool> done, CancellationToken stop)
    {
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (closed || done())
                {
                    return;
                }

                progress ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                next = progress.Task;
            }

            Flush();
            await next.WaitAsync(stop);
        }
    }

    private async Task DrainAsync()
    {
        try
        {
            while (true)
            {
                await stream.WriteAsync(sending.WrittenMemory);
                lock (gate)
                {
                    sending.Clear();
                    var more = !closed && filling.Length > 0;
                    if (more)
                    {
                        Swap();
                    }

                    busy = more;
                    progress?.TrySetResult();
                    progress = null;
                    if (!more)
                    {
                        Shrink();
                        return;
                    }
                }
            }
        }
        catch (Exception e)
        {
            Close();
            broken(e);
        }
    }

    private void Swap() => (filling, sending) = (sending, filling);

    /// <summary>A burst does not keep its memory.</summary>
    private void Shrink()
    {
        if (sending.GetSpan().Length > KeepCapacity)
        {
            sending = new();
        }
    }
}
