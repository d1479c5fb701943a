namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>A piece of memory with formatted messages that several peers send from. Only the speaker's loop counts its users.</summary>
internal sealed class OutputChunk
{
    public const int Size = 128 * 1024;

    public readonly byte[] Data = new byte[Size];

    public int Used;

    public int Users;

    public int Room => Size - Used;
}

/// <summary>Chunks that nobody sends from any more, kept for the next messages. At most 64 of them lie idle.</summary>
internal sealed class ChunkPool
{
    private const int Idle = 64;
    private readonly Stack<OutputChunk> free = [];

    public OutputChunk Take()
    {
        var chunk = free.TryPop(out var idle) ? idle : new OutputChunk();
        chunk.Used = 0;
        chunk.Users = 1;
        return chunk;
    }

    public void Release(OutputChunk chunk)
    {
        if (--chunk.Users == 0 && free.Count < Idle)
        {
            free.Push(chunk);
        }
    }
}

/// <summary>What waits to be sent to one peer, in order: ranges of shared chunks. It is bounded by the update groups, which stop formatting for it.</summary>
internal sealed class OutQueue(ChunkPool pool)
{
    private readonly LinkedList<(OutputChunk Chunk, int Start, int Length)> segments = [];

    /// <summary>Holds the messages that go to this peer alone.</summary>
    private OutputChunk? own;

    /// <summary>Octets that wait.</summary>
    public int Waiting { get; private set; }

    public bool IsEmpty => segments.Count == 0;

    public void Add(OutputChunk chunk, int start, int length)
    {
        Waiting += length;
        if (segments.Last is { } last && last.Value.Chunk == chunk && last.Value.Start + last.Value.Length == start)
        {
            last.ValueRef.Length += length;
            return;
        }

        chunk.Users++;
        segments.AddLast((chunk, start, length));
    }

    /// <summary>A message for this peer alone.</summary>
    public void Add(ReadOnlySpan<byte> message)
    {
        var chunk = own is { } c && c.Room >= message.Length ? c : Renew();
        message.CopyTo(chunk.Data.AsSpan(chunk.Used));
        Add(chunk, chunk.Used, message.Length);
        chunk.Used += message.Length;
    }

    /// <summary>The front of the queue.</summary>
    public ReadOnlyMemory<byte> Peek() => segments.First is { Value: var (chunk, start, length) } ? chunk.Data.AsMemory(start, length) : default;

    public void Sent(int count)
    {
        Waiting -= count;
        while (count > 0)
        {
            ref var first = ref segments.First!.ValueRef;
            var part = Math.Min(count, first.Length);
            first.Start += part;
            first.Length -= part;
            count -= part;
            if (first.Length == 0)
            {
                var chunk = first.Chunk;
                segments.RemoveFirst();
                pool.Release(chunk);
            }
        }
    }

    public void Clear()
    {
        Sent(Waiting);
        if (own is not null)
        {
            pool.Release(own);
            own = null;
        }
    }

    private OutputChunk Renew()
    {
        if (own is not null)
        {
            pool.Release(own);
        }

        return own = pool.Take();
    }
}
