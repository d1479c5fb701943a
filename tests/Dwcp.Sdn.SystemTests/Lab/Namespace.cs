using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Dwcp.Sdn.SystemTests;

/// <summary>Work inside a network namespace: a socket belongs to the one in which it was made, wherever it is used later.</summary>
internal static partial class Namespace
{
    private const int CloneNewNet = 0x40000000;

    /// <summary>Runs the work on a thread of its own, since a thread that has changed its namespace serves nothing else.</summary>
    public static Task<T> RunAsync<T>(string name, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{name}");
                if (SetNs(handle, CloneNewNet) != 0)
                {
                    throw new Win32Exception();
                }

                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }).Start();
        return done.Task;
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNs(SafeHandle handle, int type);
}
