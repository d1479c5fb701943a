using System.Runtime.InteropServices;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>The directory of the store, made ready before anything starts.</summary>
internal static partial class DataDirectory
{
    private const uint OthersMayNothing = 0x3f; // 077

    /// <summary>Nothing that this process writes can be read by others: the store holds passwords of peers.</summary>
    public static void KeepFilesPrivate() => _ = SetMask(OthersMayNothing);

    /// <summary>
    /// Makes <see cref="ControllerOptions.Data"/> with mode 0700 when it is missing (an existing one keeps its mode) and tries to
    /// write in it. Returns what is wrong, or null.
    /// </summary>
    public static ConfigurationProblem? Prepare(ControllerOptions options)
    {
        try
        {
            Directory.CreateDirectory(options.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using var probe = new FileStream(Path.Combine(options.Data, $".probe-{Environment.ProcessId}"),
                FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            probe.WriteByte(0);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var data = options.Effective.First(o => o.Name == Options.Data.Name);
            return new(data.Source == SettingSource.Default ? Options.Data.Flag : data.Place,
                $"cannot keep the store in '{options.Data}' ({e.Message.TrimEnd('.')})",
                $"Give a directory that this user may write, such as {Options.Data.Flag} $HOME/.local/share/dwcp, or make this one writable");
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);
}
