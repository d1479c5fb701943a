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

    // A connection that has nothing to say holds no buffer, and those that a thread serves in turn use one that is warm.
    [ThreadStatic]
    private static WireWriter? spare;

    private readonly Lock gate = new();
    private WireWriter? filling;
    private WireWriter? sending;
    private bool busy;
    private bool closed;
    private TaskCompletionSource? progress;

    /// <summary>Whether fewer octets than the limit wait behind those on their way.</summary>
    public bool HasRoom
    {
        get
        {
            lock (gate)
            {
                return HasRoomInside;
            }
        }
    }

    private bool HasRoomInside => filling is null || filling.Length < limit;

    /// <exception cref="OverflowException">The message is longer than OpenFlow allows; nothing of it is sent.</exception>
    public void Add(uint xid, OfMessage message)
    {
        lock (gate)
        {
            if (!closed)
            {
                var (w, before) = Fill();
                try
                {
                    OfCodec.Write(w, xid, message);
                }
                catch
                {
                    w.Truncate(before);
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
                EchoRequest.WriteReply(Fill().Writer, request, message);
            }
        }
    }

    /// <summary>Adds a PACKET_OUT unless there is no room, or the packet and its actions are too long for one message.</summary>
    public bool TryAddPacket(uint xid, uint buffer, PortNumber inPort, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            if (closed || !HasRoomInside)
            {
                return false;
            }

            var (w, before) = Fill();
            try
            {
                PacketOut.Write(w, xid, buffer, inPort, actions, data);
                return true;
            }
            catch (OverflowException)
            {
                w.Truncate(before);
                return false;
            }
        }
    }

    /// <summary>
    /// Adds a flow and, unless the switch holds the packet in a buffer, a PACKET_OUT of it by the same way; or neither when there is
    /// no room, or the packet is too long for a message.
    /// </summary>
    public bool TryAddFlow(uint xid, in FrameFlow flow, uint buffer, ReadOnlySpan<FlowAction> actions, ReadOnlySpan<byte> data)
    {
        lock (gate)
        {
            if (closed || !HasRoomInside)
            {
                return false;
            }

            var (w, before) = Fill();
            try
            {
                flow.Write(w, xid, buffer);
                if (buffer == FlowMod.NoBuffer)
                {
                    PacketOut.Write(w, xid, buffer, flow.InPort, actions, data);
                }

                return true;
            }
            catch (OverflowException)
            {
                w.Truncate(before);
                return false;
            }
        }
    }

    /// <summary>Starts sending what waits, unless that goes on already.</summary>
    public void Flush()
    {
        lock (gate)
        {
            if (busy || closed || filling is not { Length: > 0 })
            {
                return;
            }

            busy = true;
            Swap();
        }

        _ = DrainAsync();
    }

    /// <summary>Waits until there is room; at once when the connection is over.</summary>
    public Task RoomAsync(CancellationToken stop) => WaitAsync(() => HasRoomInside, stop);

    /// <summary>Waits until all has been handed to the network; at once when the connection is over.</summary>
    public Task EmptyAsync(CancellationToken stop) => WaitAsync(() => !busy && filling is not { Length: > 0 }, stop);

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
                await stream.WriteAsync(sending!.WrittenMemory);
                lock (gate)
                {
                    Release();
                    busy = !closed && filling is { Length: > 0 };
                    progress?.TrySetResult();
                    progress = null;
                    if (!busy)
                    {
                        return;
                    }

                    Swap();
                }
            }
        }
        catch (Exception e)
        {
            Close();
            broken(e);
        }
    }

    private (WireWriter Writer, int Length) Fill()
    {
        if (filling is null)
        {
            (filling, spare) = (spare ?? new(), null);
        }

        return (filling, filling.Length);
    }

    private void Swap() => (filling, sending) = (null, filling);

    private void Release()
    {
        // A burst does not keep its memory.
        sending!.Clear();
        if (sending.GetSpan().Length <= KeepCapacity)
        {
            spare = sending;
        }

        sending = null;
    }
}
