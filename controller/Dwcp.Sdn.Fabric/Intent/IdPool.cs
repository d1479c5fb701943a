using System.Collections.Immutable;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>Numbers from 1 up, the lowest free one first. It is derived from the objects that hold them, so nothing of it is stored.</summary>
public sealed class IdPool
{
    public static readonly IdPool Empty = new(1, ImmutableSortedSet<uint>.Empty);

    private readonly uint next;
    private readonly ImmutableSortedSet<uint> holes;

    private IdPool(uint next, ImmutableSortedSet<uint> holes)
    {
        this.next = next;
        this.holes = holes;
    }

    /// <summary>The lowest free number, and the pool without it.</summary>
    public (uint Id, IdPool Others) Take() =>
        holes.IsEmpty ? (next, new IdPool(checked(next + 1), holes)) : (holes.Min, new IdPool(next, holes.Remove(holes.Min)));

    /// <summary>The pool without a number that is held already.</summary>
    /// <exception cref="InvalidOperationException">Two objects hold it.</exception>
    public IdPool Without(uint id)
    {
        if (id >= next)
        {
            var more = holes.ToBuilder();
            for (var free = next; free < id; free++)
            {
                more.Add(free);
            }

            return new IdPool(id + 1, more.ToImmutable());
        }

        return holes.Contains(id)
            ? new IdPool(next, holes.Remove(id))
            : throw new InvalidOperationException($"id {id} is held twice");
    }

    /// <summary>The pool with a number that nobody holds any more.</summary>
    public IdPool With(uint id) => new(next, holes.Add(id));
}
