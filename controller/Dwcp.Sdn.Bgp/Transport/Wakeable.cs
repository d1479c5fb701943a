using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Dwcp.Sdn.Bgp.Transport;

/// <summary>What a thread of its own waits with, for sockets, a time, or somebody who wakes it: ppoll and an eventfd of Linux.</summary>
internal sealed partial class Wakeable : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const short Readable = 1;
    private const int RoundRobin = 2;
    private const int Nicest = -15;

    private readonly SafeFileHandle descriptor = EventFd(0, CloseOnExec | NonBlocking) is var fd and >= 0
        ? new(fd, ownsHandle: true)
        : throw new InvalidOperationException($"the system gave no eventfd: error {Marshal.GetLastPInvokeError()}");

    /// <summary>Puts the calling thread before all others of the system, or before those that are as nice as others are; without the right to either it stays among them.</summary>
    public static void GoFirst()
    {
        var lowest = 1;
        if (SetScheduler(0, RoundRobin, ref lowest) != 0)
        {
            _ = SetPriority(0, 0, Nicest);
        }
    }

    /// <summary>Ends the wait that is under way, or the next one at once.</summary>
    public void Wake()
    {
        try
        {
            ulong one = 1;
            _ = Write(descriptor, ref one, sizeof(ulong)); // A full counter wakes as well.
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    /// <summary>Returns when one of the sockets has something to read, when the time is over, or when woken.</summary>
    public unsafe void Wait(ReadOnlySpan<SafeHandle> sockets, TimeSpan time)
    {
        Span<PollEntry> entries = stackalloc PollEntry[sockets.Length + 1];
        for (var i = 0; i < sockets.Length; i++)
        {
            entries[i] = new() { Descriptor = (int)sockets[i].DangerousGetHandle(), Events = Readable, Happened = 0 };
        }

        entries[^1] = new() { Descriptor = (int)descriptor.DangerousGetHandle(), Events = Readable, Happened = 0 };
        var nanoseconds = Math.Max(0, (long)time.TotalNanoseconds);
        var limit = new TimeSpec { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        fixed (PollEntry* at = entries)
        {
            _ = Poll(at, (nuint)entries.Length, ref limit, 0); // Interrupted or not: the caller looks at the clock.
        }

        if (entries[^1].Happened != 0)
        {
            ulong count = 0;
            _ = Read(descriptor, ref count, sizeof(ulong));
        }
    }

    public void Dispose() => descriptor.Dispose();

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint start, int flags);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(SafeFileHandle descriptor, ref ulong value, nint size);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeFileHandle descriptor, ref ulong value, nint size);

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static unsafe partial int Poll(PollEntry* entries, nuint count, ref TimeSpec limit, nint signals);

    [LibraryImport("libc", EntryPoint = "sched_setscheduler")]
    private static partial int SetScheduler(int thread, int policy, ref int priority);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int thread, int nice);

    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Happened;
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
