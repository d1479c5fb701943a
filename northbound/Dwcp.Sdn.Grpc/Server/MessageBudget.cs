namespace Dwcp.Sdn.Grpc.Server;

/// <summary>How many bytes the requests of all callers together may take while they arrive and are worked on, beyond a little that each has for itself.</summary>
public sealed class MessageBudget(long bytes)
{
    /// <summary>What each request may take without asking, in bytes: most objects fit in it.</summary>
    public const int Free = 16 << 10;

    private long _left = bytes;

    /// <summary>How many bytes are not taken.</summary>
    public long Left => Interlocked.Read(ref _left);

    private bool TryTake(long more)
    {
        if (Interlocked.Add(ref _left, -more) >= 0 || more <= 0)
        {
            return true;
        }

        Interlocked.Add(ref _left, more);
        return false;
    }

    /// <summary>What one request takes of the budget; given back when it is disposed of.</summary>
    public sealed class Share(MessageBudget budget) : IDisposable
    {
        private long _held;

        /// <summary>From now on the request takes so many bytes; false, and as it was, when there is no room for them.</summary>
        public bool TryHold(long bytes)
        {
            var beyond = Math.Max(0, bytes - Free);
            if (!budget.TryTake(beyond - _held))
            {
                return false;
            }

            _held = beyond;
            return true;
        }

        public void Dispose() => TryHold(0);
    }
}
