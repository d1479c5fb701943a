using Dwcp.Sdn.Core.Store;

namespace Dwcp.Sdn.Store.Sqlite;

/// <summary>
/// The newest acknowledged revision, beside the database. SQLite takes a damaged end of its write-ahead log for one that was
/// never finished, and drops it; this file remembers what had been acknowledged. It is written after the commit is synced, so
/// it may lag behind the log and never leads it. It also is the lock that keeps a second process out.
/// </summary>
internal sealed class HeadFile : IDisposable
{
    private readonly FileStream file;
    private readonly Checksum checksum;

    public HeadFile(string path, Checksum checksum)
    {
        Path = path;
        this.checksum = checksum;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException e) when (File.Exists(path) && e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            throw new StoreException(StoreFault.InUse, $"{path} is locked: another controller has this store open. Stop it, or choose another data directory.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(StoreFault.Unusable, $"{path} cannot be opened: {e.Message} Make the data directory and let the controller write there.", e);
        }
    }

    public string Path { get; }

    /// <summary>What was acknowledged; null for a new file.</summary>
    /// <exception cref="StoreCorruptException">The file is not what was written.</exception>
    public LogMark? Read()
    {
        var octets = new byte[LogMark.Length + 1];
        var read = RandomAccess.Read(file.SafeFileHandle, octets, 0);
        return read == 0 ? null : LogMark.Decode(octets.AsSpan(0, read), checksum)
            ?? throw new StoreCorruptException($"the head {Path}", null, "its checksum does not match", Remedy);
    }

    public string Remedy =>
        $"Restore the data directory from a backup, or remove {Path} to go on with what the database holds and lose what was committed after it.";

    /// <summary>Notes an acknowledged revision. A failure leaves the file behind the log, where it does no harm, until the next one.</summary>
    public void Write(LogMark mark)
    {
        try
        {
            RandomAccess.Write(file.SafeFileHandle, mark.Encode(checksum), 0);
        }
        catch (IOException)
        {
        }
    }

    public void Flush()
    {
        try
        {
            RandomAccess.FlushToDisk(file.SafeFileHandle);
        }
        catch (IOException)
        {
        }
    }

    public void Dispose() => file.Dispose();
}
