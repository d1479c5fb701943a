using System.Net;

namespace Dwcp.Sdn.Core.Net;

/// <summary>
/// The connections that have not shown yet that they are worth keeping. There is room for so many, of one address and in all; one more
/// ends the oldest of its own address where that has too many, and else of the address that has most: who says nothing keeps nobody out, and
/// no address takes the place of another that has fewer.
/// </summary>
public sealed class Newcomers<T>(int perAddress, int inAll)
    where T : class
{
    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, Source> sources = [];
    private readonly Dictionary<T, (Source Source, LinkedListNode<T> Node)> places = new(ReferenceEqualityComparer.Instance);

    // The sources by how many they have; the largest that there is stands last.
    private readonly List<LinkedList<Source>> bySize = [];

    /// <summary>Takes one in; returns the one that has to go for it.</summary>
    public T? Enter(T connection, IPAddress address)
    {
        lock (gate)
        {
            if (!sources.TryGetValue(address, out var source))
            {
                sources.Add(address, source = new(address));
            }

            places.Add(connection, (source, source.Connections.AddLast(connection)));
            Sort(source, source.Connections.Count - 1);
            return source.Connections.Count > perAddress ? Remove(source.Connections.First!.Value)
                : places.Count > inAll ? RemoveOldest()
                : null;
        }
    }

    /// <summary>It has shown itself, or has ended.</summary>
    public void Leave(T connection)
    {
        lock (gate)
        {
            Remove(connection);
        }
    }

    /// <summary>Makes room: the oldest of the address that has most, or null when there is none.</summary>
    public T? Evict()
    {
        lock (gate)
        {
            return bySize.Count == 0 ? null : RemoveOldest();
        }
    }

    // Of two addresses that have as many, the one that has had so many for longer.
    private T RemoveOldest() => Remove(bySize[^1].First!.Value.Connections.First!.Value)!;

    private T? Remove(T connection)
    {
        if (!places.Remove(connection, out var place))
        {
            return null;
        }

        place.Source.Connections.Remove(place.Node);
        Sort(place.Source, place.Source.Connections.Count + 1);
        if (place.Source.Connections.Count == 0)
        {
            sources.Remove(place.Source.Address);
        }

        return connection;
    }

    /// <summary>A source has one more or one less than before: the list of the largest appears or goes with it.</summary>
    private void Sort(Source source, int before)
    {
        if (before > 0)
        {
            bySize[before - 1].Remove(source.Place);
        }

        var count = source.Connections.Count;
        if (count > bySize.Count)
        {
            bySize.Add([]);
        }

        if (count > 0)
        {
            bySize[count - 1].AddLast(source.Place);
        }

        if (bySize[^1].Count == 0)
        {
            bySize.RemoveAt(bySize.Count - 1);
        }
    }

    private sealed class Source
    {
        public Source(IPAddress address)
        {
            Address = address;
            Place = new(this);
        }

        public IPAddress Address { get; }

        public LinkedList<T> Connections { get; } = [];

        public LinkedListNode<Source> Place { get; }
    }
}
