using System.Runtime.InteropServices;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>How many files, sockets among them, the process may have open at once. The runtime has raised that to what it may be at most.</summary>
internal static partial class OpenFiles
{
    private const int NumberOfFiles = 7; // RLIMIT_NOFILE of Linux.

    public static long Limit => OperatingSystem.IsLinux() && Get(NumberOfFiles, out var limit) == 0 ? (long)Math.Min(limit.Now, int.MaxValue) : int.MaxValue;

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int Get(int resource, out Bounds limit);

    private readonly struct Bounds
    {
        public readonly nuint Now;
        private readonly nuint most;
    }
}
