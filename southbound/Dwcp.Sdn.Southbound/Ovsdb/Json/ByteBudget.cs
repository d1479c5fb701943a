namespace Dwcp.Sdn.Southbound.Ovsdb.Json;

/// <summary>How many bytes of unfinished messages all peers together may have us keep, beyond a little that each has for itself.</summary>
public sealed class ByteBudget(long bytes)
{
    /// <summary>What each peer may use without asking.</summary>
    public const int Free = 64 << 10;

    private long left = bytes;

    public long Left => Interlocked.Read(ref left);

    /// <summary>A buffer changes its size; false when there is no room for that.</summary>
    public bool TryResize(int from, int to)
    {
        var more = (long)Math.Max(0, to - Free) - Math.Max(0, from - Free);
        if (Interlocked.Add(ref left, -more) >= 0 || more <= 0)
        {
            return true;
        }

        Interlocked.Add(ref left, more);
        return false;
    }
}
