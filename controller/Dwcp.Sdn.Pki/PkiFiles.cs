using System.Runtime.InteropServices;

namespace Dwcp.Sdn.Pki;

/// <summary>Files that are there whole or not at all, and a lock that processes share.</summary>
public static partial class PkiFiles
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode Public = Private | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode PrivateDirectory = Private | UnixFileMode.UserExecute;
    private const int ReadOnlyDirectory = 0x10000; // O_DIRECTORY
    private static readonly TimeSpan LockWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(20);

    /// <summary>Makes a directory, and the one that it is in, for their owner alone; those that are there keep their mode.</summary>
    public static void MakeDirectory(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } parent)
        {
            Directory.CreateDirectory(parent, PrivateDirectory);
        }

        Directory.CreateDirectory(path, PrivateDirectory);
    }

    /// <summary>Writes beside the file, to the disk, and then takes its place: whoever reads sees the old one or the new one.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var beside = $"{path}.{Environment.ProcessId}.tmp";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0, UnixCreateMode = mode };
        try
        {
            using (var file = new FileStream(beside, options))
            {
                file.Write(content);
                File.SetUnixFileMode(file.SafeFileHandle, mode); // Whatever the mask of the process is.
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }

        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Held by one process at a time, until it is disposed or the process ends.</summary>
    /// <exception cref="PkiException">Another holds it too long.</exception>
    public static IDisposable Lock(string path, TimeProvider time)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = Private });
            }
            catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (time.GetElapsedTime(began) > LockWithin)
                {
                    throw new PkiException($"{path} is held by another process", "Try again when it is done", e);
                }

                Thread.Sleep(LockRetry);
            }
        }
    }

    private static void FlushDirectory(string path)
    {
        var descriptor = Open(path, ReadOnlyDirectory);
        if (descriptor >= 0)
        {
            _ = Sync(descriptor);
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
