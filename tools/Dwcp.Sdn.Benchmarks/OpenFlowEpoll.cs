using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// Waits for many sockets with one thread, epoll(7): a load generator must cost less than what it loads, and a task for
/// every socket costs more.
/// </summary>
internal sealed partial class OpenFlowEpoll : IDisposable
{
    public const uint Readable = 1;
    public const uint Writable = 4;

    private const int Add = 1;
    private const int Modify = 3;
    private const int MostAtOnce = 1024;

    // The kernel packs the structure on x86-64 only.
    private static readonly int Size = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly SafeSocketHandle handle = new(Create(0), ownsHandle: true);
    private readonly byte[] events = new byte[MostAtOnce * Size];

    /// <summary>Watches a socket; <paramref name="tag"/> comes back when something can be done.</summary>
    public void Watch(Socket socket, int tag, uint what) => Control(Add, socket, tag, what);

    public void Change(Socket socket, int tag, uint what) => Control(Modify, socket, tag, what);

    /// <summary>The tags of the sockets for which something can be done, in <paramref name="ready"/>.</summary>
    public int Wait(Span<int> ready, int milliseconds)
    {
        var count = Wait((int)handle.DangerousGetHandle(), events, Math.Min(ready.Length, MostAtOnce), milliseconds);
        if (count < 0)
        {
            const int Interrupted = 4;
            return Marshal.GetLastPInvokeError() == Interrupted ? 0 : throw new Win32Exception();
        }

        for (var i = 0; i < count; i++)
        {
            ready[i] = (int)BinaryPrimitives.ReadUInt32LittleEndian(events.AsSpan((i * Size) + Size - 8));
        }

        return count;
    }

    public void Dispose() => handle.Dispose();

    private void Control(int operation, Socket socket, int tag, uint what)
    {
        var e = new byte[Size];
        BinaryPrimitives.WriteUInt32LittleEndian(e, what);
        BinaryPrimitives.WriteUInt32LittleEndian(e.AsSpan(Size - 8), (uint)tag);
        if (Control((int)handle.DangerousGetHandle(), operation, (int)socket.Handle, e) < 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial nint Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int socket, byte[] e);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(int epoll, byte[] events, int most, int milliseconds);
}
