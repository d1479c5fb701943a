using System.Collections.Concurrent;
using System.Net.Sockets;
using Dwcp.Sdn.Bgp.Bfd;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Bgp.Transport;

/// <summary>
/// Runs all BFD sessions of a speaker on one thread of its own, before other threads where the system allows it: neither a full
/// load of routes nor a thread pool that is busy makes it late. It begins with the first session.
/// </summary>
internal sealed class BfdThread(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<Action> orders = [];
    private readonly Dictionary<uint, Session> sessions = [];
    private readonly Dictionary<IpAddress, BfdPort> ports = [];
    private readonly long origin = time.GetTimestamp();
    private Wakeable? wakeable;
    private uint lastMine = (uint)Random.Shared.NextInt64(uint.MaxValue);
    private bool ending;

    private TimeSpan Now => time.GetElapsedTime(origin);

    /// <summary>Watches a peer from an address of ours.</summary>
    /// <param name="changed">Is told how the session stands, by the thread of BFD: it must not wait.</param>
    /// <returns>Our discriminator, by which the session is known.</returns>
    /// <exception cref="SocketException">The port of BFD at that address is not free.</exception>
    public uint Watch(IpAddress local, IpAddress peer, BfdSettings settings, Action<BfdStatus> changed)
    {
        // Opened here, where the caller's network namespace is.
        if (!ports.TryGetValue(local, out var port))
        {
            ports.Add(local, port = new(local));
        }

        lastMine += lastMine == uint.MaxValue ? 2u : 1u; // From anywhere, but never twice, and never zero (RFC 5880 §6.8.1).
        var mine = lastMine;
        Order(() =>
        {
            var session = new Session(port, peer, new(settings, mine), changed);
            sessions.Add(mine, session);
            changed(session.Machine.Status);
            Step(session, session.Machine.Tick(Now));
        });
        return mine;
    }

    /// <summary>Tells the peer that it is watched no longer, so that it does not take the silence for a dead link.</summary>
    public void Forget(uint mine) => Order(() =>
    {
        if (sessions.Remove(mine, out var session))
        {
            session.Port.Send(session.Peer, session.Machine.Goodbye);
        }
    });

    public void Dispose()
    {
        if (wakeable is null)
        {
            Close();
        }
        else
        {
            Order(() => ending = true);
        }
    }

    private void Order(Action order)
    {
        orders.Enqueue(order);
        if (wakeable is null)
        {
            wakeable = new();
            new Thread(Run) { IsBackground = true, Name = "bfd" }.Start();
        }

        wakeable.Wake();
    }

    private void Run()
    {
        Wakeable.GoFirst();
        while (!ending)
        {
            while (orders.TryDequeue(out var order))
            {
                order();
            }

            foreach (var port in sessions.Values.Select(s => s.Port).Distinct())
            {
                while (port.TryReceive(out var from, out var packet))
                {
                    Heard(port, from, packet);
                }
            }

            var next = Now + Longest;
            foreach (var session in sessions.Values)
            {
                while (session.Machine.Deadline <= Now)
                {
                    Step(session, session.Machine.Tick(Now));
                }

                next = session.Machine.Deadline < next ? session.Machine.Deadline.Value : next;
            }

            if (!ending)
            {
                wakeable!.Wait([.. sessions.Values.Select(s => s.Port.Handle).Distinct()], next - Now);
            }
        }

        foreach (var session in sessions.Values)
        {
            session.Port.Send(session.Peer, session.Machine.Goodbye);
        }

        Close();
    }

    private void Close()
    {
        foreach (var port in ports.Values)
        {
            port.Dispose();
        }

        wakeable?.Dispose();
    }

    /// <summary>The peer says whose packet it is once it knows, RFC 5880 §6.8.6; before that its address does.</summary>
    private void Heard(BfdPort port, IpAddress from, BfdPacket? packet)
    {
        var session = packet is not { } p ? null
            : p.Yours != 0 ? sessions.GetValueOrDefault(p.Yours)
            : sessions.Values.FirstOrDefault(s => s.Port == port && s.Peer == from);
        if (session is not null && session.Peer == from)
        {
            Step(session, session.Machine.Heard(packet!.Value, Now));
        }
    }

    private static void Step(Session session, (BfdMachine Next, BfdPacket? Send) step)
    {
        var before = session.Machine.Status;
        session.Machine = step.Next;
        if (step.Send is { } packet)
        {
            session.Port.Send(session.Peer, packet);
        }

        if (session.Machine.Status is var now && now != before)
        {
            session.Changed(now);
        }
    }

    private sealed class Session(BfdPort port, IpAddress peer, BfdMachine machine, Action<BfdStatus> changed)
    {
        public BfdPort Port => port;

        public IpAddress Peer => peer;

        public BfdMachine Machine { get; set; } = machine;

        public Action<BfdStatus> Changed => changed;
    }
}
