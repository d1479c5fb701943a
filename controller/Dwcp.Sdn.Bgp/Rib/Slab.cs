using System.Runtime.CompilerServices;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Structs by number, in blocks that never move: growing copies nothing, and no item is an object of its own.</summary>
internal sealed class Slab<T>
    where T : struct
{
    private const int Shift = 13;
    private const int Mask = (1 << Shift) - 1;

    private readonly List<int> free = [];
    private T[][] blocks = [];

    /// <summary>One more than the highest number ever given.</summary>
    public int Limit { get; private set; }

    public int Count => Limit - free.Count;

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref blocks[index >> Shift][index & Mask];
    }

    public int Take()
    {
        if (free.Count > 0)
        {
            var index = free[^1];
            free.RemoveAt(free.Count - 1);
            return index;
        }

        Reach(Limit);
        return Limit++;
    }

    public void Give(int index)
    {
        this[index] = default;
        free.Add(index);
    }

    /// <summary>Makes room for <paramref name="index"/> in a slab whose numbers are those of another.</summary>
    public void Reach(int index)
    {
        while (index >> Shift >= blocks.Length)
        {
            Array.Resize(ref blocks, blocks.Length + 1);
            blocks[^1] = new T[1 << Shift];
        }
    }
}

/// <summary>Numbers that wait for their turn, each at most once: a newer change of the same route takes the place of the older.</summary>
internal sealed class DirtyQueue
{
    private readonly Queue<int> urgent = [];
    private readonly Queue<int> bulk = [];
    private ulong[] waiting = [];

    public int Count => urgent.Count + bulk.Count;

    /// <summary>Returns false when the number waits already.</summary>
    /// <param name="first">Goes before what came in bulk: a single change does not wait for a full load.</param>
    public bool Push(int index, bool first)
    {
        if (index >> 6 >= waiting.Length)
        {
            Array.Resize(ref waiting, Math.Max(waiting.Length * 2, (index >> 6) + 16));
        }

        ref var word = ref waiting[index >> 6];
        var bit = 1ul << (index & 63);
        if ((word & bit) != 0)
        {
            return false;
        }

        word |= bit;
        (first ? urgent : bulk).Enqueue(index);
        return true;
    }

    public void CopyTo(Action<int> to)
    {
        foreach (var index in urgent.Concat(bulk))
        {
            to(index);
        }
    }

    public bool TryPop(out int index)
    {
        if (!urgent.TryDequeue(out index) && !bulk.TryDequeue(out index))
        {
            return false;
        }

        waiting[index >> 6] &= ~(1ul << (index & 63));
        return true;
    }
}
