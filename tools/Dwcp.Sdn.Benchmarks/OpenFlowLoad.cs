using System.Diagnostics;
using System.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>What a run of the load gave; <paramref name="LoadCpu"/> is the part of a core that the load itself took.</summary>
internal readonly record struct OpenFlowFigures(double PerSecond, double P50, double P99, int Wrong, double LoadCpu);

/// <summary>Many emulated switches on one thread.</summary>
internal sealed class OpenFlowLoad : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Epoll epoll = new();
    private readonly OpenFlowEmulated[] switches;
    private readonly bool[] connected;
    private readonly byte[] buffer = new byte[256 * 1024];
    private readonly int window;

    public OpenFlowLoad(int count, int window, bool buffered)
    {
        this.window = window;
        var outgoing = new WireWriter();
        switches = [.. Enumerable.Range(1, count).Select(i => new OpenFlowEmulated(i, window, buffered, outgoing))];
        connected = new bool[count];
    }

    /// <summary>Connects all at once; the time until the last has been asked for features and ports.</summary>
    public TimeSpan Join(IPEndPoint to, bool complete)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < switches.Length; i++)
        {
            switches[i].Connect(to);
            epoll.Watch(switches[i].Socket, i, Epoll.Readable | Epoll.Writable);
        }

        RunUntil(() => Array.TrueForAll(switches, s => complete ? s.IsComplete : s.IsUp), "the handshake");
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Makes every host known; the controller has to be ready for it, so that is tried until it answers.</summary>
    public void Greet()
    {
        var asked = 0L;
        RunUntil(
            () =>
            {
                if (asked == 0 || Stopwatch.GetElapsedTime(asked) > TimeSpan.FromSeconds(2))
                {
                    Array.ForEach(switches, s => s.Greet());
                    asked = Stopwatch.GetTimestamp();
                }

                return Array.TrueForAll(switches, s => s.IsGreeted);
            },
            "the answers to the first packets");
    }

    /// <summary>Keeps the windows full.</summary>
    public OpenFlowFigures Run(TimeSpan warmUp, TimeSpan length) => Run(warmUp, length, new());

    public OpenFlowFigures Run(TimeSpan warmUp, TimeSpan length, OpenFlowLatency latency)
    {
        foreach (var s in switches)
        {
            s.Fill(window, Stopwatch.GetTimestamp());
        }

        if (warmUp > TimeSpan.Zero)
        {
            Turn(warmUp, null);
        }

        var started = Stopwatch.GetTimestamp();
        var cpu = Environment.CpuUsage.TotalTime;
        var answers = Turn(length, latency);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var loadCpu = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / seconds;
        return new(answers / seconds, latency.At(0.5), latency.At(0.99), switches.Sum(s => s.Wrong), loadCpu);
    }

    /// <summary>Waits for the answers that are still to come.</summary>
    public void Drain() => RunUntil(() => Array.TrueForAll(switches, s => s.Outstanding == 0), "the last answers");

    /// <summary>Every switch sends an echo each <paramref name="every"/>, and nothing else.</summary>
    public void Idle(TimeSpan every, TimeSpan length)
    {
        var started = Stopwatch.GetTimestamp();
        for (var sent = 0L; Stopwatch.GetElapsedTime(started) < length;)
        {
            var due = (long)(Stopwatch.GetElapsedTime(started) / every * switches.Length);
            for (; sent < due; sent++)
            {
                switches[sent % switches.Length].SendEcho();
            }

            Step(10, Stopwatch.GetTimestamp(), null, fill: false);
        }
    }

    public void Dispose()
    {
        foreach (var s in switches)
        {
            s.Dispose();
        }

        epoll.Dispose();
    }

    private long Turn(TimeSpan length, OpenFlowLatency? latency)
    {
        var started = Stopwatch.GetTimestamp();
        var end = started + (long)(length.TotalSeconds * Stopwatch.Frequency);
        var answers = 0L;
        for (var now = started; now < end; now = Stopwatch.GetTimestamp())
        {
            answers += Step(100, now, latency, fill: true);
        }

        return answers;
    }

    private void RunUntil(Func<bool> done, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!done())
        {
            Step(100, Stopwatch.GetTimestamp(), null, fill: false);
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"{what}: not complete after {Patience.TotalSeconds} s");
            }
        }
    }

    private long Step(int milliseconds, long now, OpenFlowLatency? latency, bool fill)
    {
        var count = epoll.Wait(milliseconds);
        var answers = 0L;
        for (var e = 0; e < count; e++)
        {
            var i = epoll.Ready(e).Tag;
            var s = switches[i];
            if (!connected[i])
            {
                connected[i] = true;
                epoll.Change(s.Socket, i, Epoll.Readable);
                s.Start();
                continue;
            }

            var got = s.Read(buffer, now = Stopwatch.GetTimestamp(), latency);
            if (got < 0)
            {
                throw new InvalidOperationException($"the controller closed the connection of switch {i + 1}");
            }

            answers += got;
            if (fill && got > 0)
            {
                s.Fill(window, now);
            }
            else if (s.HasOutgoing)
            {
                s.Flush();
            }
        }

        return answers;
    }
}
