using System.Net;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>
/// The connections that have not shown an inventory yet. There is room for so many, of one address and in all; one more ends the
/// oldest, so that whoever connects and says nothing keeps nobody out, not even a host with the same address.
/// </summary>
internal sealed class Newcomers<T>(int perAddress, int inAll)
    where T : class
{
    private readonly Lock gate = new();
    private readonly LinkedList<(T Connection, IPAddress Address)> all = [];
    private readonly Dictionary<IPAddress, LinkedList<LinkedListNode<(T Connection, IPAddress Address)>>> byAddress = [];

    /// <summary>Takes one in; returns the one that has to go for it.</summary>
    public T? Enter(T connection, IPAddress address)
    {
        lock (gate)
        {
            var node = all.AddLast((connection, address));
            if (!byAddress.TryGetValue(address, out var own))
            {
                byAddress.Add(address, own = []);
            }

            own.AddLast(node);
            var oldest = own.Count > perAddress ? own.First!.Value : all.Count > inAll ? all.First! : null;
            if (oldest is not null)
            {
                Remove(oldest);
            }

            return oldest?.Value.Connection;
        }
    }

    /// <summary>It has shown an inventory, or has ended.</summary>
    public void Leave(T connection, IPAddress address)
    {
        lock (gate)
        {
            if (byAddress.TryGetValue(address, out var own) && own.FirstOrDefault(node => node.Value.Connection == connection) is { } node)
            {
                Remove(node);
            }
        }
    }

    private void Remove(LinkedListNode<(T Connection, IPAddress Address)> node)
    {
        var own = byAddress[node.Value.Address];
        own.Remove(node);
        all.Remove(node);
        if (own.Count == 0)
        {
            byAddress.Remove(node.Value.Address);
        }
    }
}
