using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>Tells one thread which of many sockets can be read or written, again and again until that is no longer so: epoll(7), level-triggered.</summary>
internal sealed partial class Epoll : IDisposable
{
    public const uint Readable = 1;
    public const uint Writable = 4;

    /// <summary>Errors and hang-ups are told without being asked for; the socket's next call says what it is.</summary>
    public const uint Broken = 0x18;

    private const int Add = 1;
    private const int Remove = 2;
    private const int Modify = 3;
    private const int MostAtOnce = 256;
    private const int Interrupted = 4;

    // The kernel packs the structure on x86-64 only.
    private static readonly int Size = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly SafeSocketHandle handle = new(Create(0), ownsHandle: true);
    private readonly byte[] events = new byte[MostAtOnce * Size];

    /// <summary>Watches a socket until it is closed; <paramref name="tag"/> comes back when something can be done.</summary>
    public void Watch(Socket socket, int tag, uint what) => Control(Add, socket, tag, what);

    public void Change(Socket socket, int tag, uint what) => Control(Modify, socket, tag, what);

    /// <summary>Watches a socket no more; one that is closed, or that nobody watches, is forgotten already.</summary>
    public void Forget(Socket socket)
    {
        try
        {
            Control(Remove, socket, 0, 0);
        }
        catch (Exception e) when (e is Win32Exception or ObjectDisposedException)
        {
        }
    }

    /// <summary>Waits until something can be done, at most so long (-1: for ever), and says of how many sockets <see cref="Ready"/> tells then.</summary>
    public int Wait(int milliseconds)
    {
        var count = Wait(handle, ref events[0], MostAtOnce, milliseconds);
        return count >= 0 ? count : Marshal.GetLastPInvokeError() == Interrupted ? 0 : throw new Win32Exception();
    }

    public (int Tag, uint What) Ready(int i)
    {
        var e = events.AsSpan(i * Size, Size);
        return ((int)BinaryPrimitives.ReadUInt32LittleEndian(e[^8..]), BinaryPrimitives.ReadUInt32LittleEndian(e));
    }

    public void Dispose() => handle.Dispose();

    private void Control(int operation, Socket socket, int tag, uint what)
    {
        Span<byte> e = stackalloc byte[16];
        e.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(e, what);
        BinaryPrimitives.WriteUInt32LittleEndian(e[(Size - 8)..], (uint)tag);
        if (Control(handle, operation, socket.SafeHandle, ref e[0]) < 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial nint Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(SafeSocketHandle epoll, int operation, SafeSocketHandle socket, ref byte e);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static partial int Wait(SafeSocketHandle epoll, ref byte events, int most, int milliseconds);
}
