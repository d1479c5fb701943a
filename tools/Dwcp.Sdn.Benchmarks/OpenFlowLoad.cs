using System.Diagnostics;
using System.Net;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>What a run of the load gave.</summary>
internal readonly record struct OpenFlowFigures(double PerSecond, double P50, double P99, int Wrong);

/// <summary>Many emulated switches on one thread.</summary>
internal sealed class OpenFlowLoad : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly OpenFlowEpoll epoll = new();
    private readonly OpenFlowEmulated[] switches;
    private readonly bool[] connected;
    private readonly int[] ready = new int[1024];
    private readonly byte[] buffer = new byte[256 * 1024];
    private readonly int window;

    public OpenFlowLoad(int count, int window, bool buffered)
    {
        this.window = window;
        switches = [.. Enumerable.Range(1, count).Select(i => new OpenFlowEmulated(i, window, buffered))];
        connected = new bool[count];
    }

    /// <summary>Connects all at once; the time until the last has been asked for features and ports.</summary>
    public TimeSpan Join(IPEndPoint to, bool complete)
    {
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < switches.Length; i++)
        {
            switches[i].Connect(to);
            epoll.Watch(switches[i].Socket, i, OpenFlowEpoll.Readable | OpenFlowEpoll.Writable);
        }

        RunUntil(() => Array.TrueForAll(switches, s => complete ? s.IsComplete : s.IsUp), "the handshake");
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Makes every host known; the controller has to be ready for it, so that is tried until it answers.</summary>
    public void Greet()
    {
        foreach (var s in switches)
        {
            s.Greet();
        }

        RunUntil(() => Array.TrueForAll(switches, s => s.IsGreeted), "the answers to the first packets");
    }

    /// <summary>Keeps the windows full.</summary>
    public OpenFlowFigures Run(TimeSpan warmUp, TimeSpan length)
    {
        foreach (var s in switches)
        {
            s.Fill(window, Stopwatch.GetTimestamp());
        }

        Turn(warmUp, null);
        var latency = new OpenFlowLatency();
        var started = Stopwatch.GetTimestamp();
        var answers = Turn(length, latency);
        return new(answers / Stopwatch.GetElapsedTime(started).TotalSeconds, latency.At(0.5), latency.At(0.99), switches.Sum(s => s.Wrong));
    }

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
        var count = epoll.Wait(ready, milliseconds);
        var answers = 0L;
        foreach (var i in ready.AsSpan(0, count))
        {
            var s = switches[i];
            if (!connected[i])
            {
                connected[i] = true;
                epoll.Change(s.Socket, i, OpenFlowEpoll.Readable);
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
