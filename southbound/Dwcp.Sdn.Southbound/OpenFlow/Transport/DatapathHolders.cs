using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>
/// Who holds which datapath id, over all listeners: the first that came stays, unless it has no certificate and the newcomer
/// has one. Whoever holds one must show at once that it lives when another comes; a connection that is half open since a host
/// lost its power must not lock the host out.
/// </summary>
public sealed class DatapathHolders
{
    private readonly Lock gate = new();
    private readonly Dictionary<DatapathId, Holder> holders = [];

    /// <summary>Takes the place of the newcomer's datapath id; returns the one that lives and has it, or null.</summary>
    /// <param name="gone">Completes when the newcomer has left its place again.</param>
    internal async Task<SwitchConnection?> EnterAsync(SwitchConnection newcomer, Task gone, OpenFlowOptions options)
    {
        while (true)
        {
            Holder holder;
            lock (gate)
            {
                if (holders.TryAdd(newcomer.Id, new(newcomer, gone)))
                {
                    return null;
                }

                holder = holders[newcomer.Id];
            }

            if (newcomer.Identity is not null && holder.Connection.Identity is null)
            {
                holder.Connection.Close($"replaced by {newcomer.Remote}, which has a certificate");
            }
            else if (await holder.Connection.AnswersAsync(options.ProveAlive, options.Time))
            {
                return holder.Connection;
            }
            else
            {
                holder.Connection.Close($"replaced by {newcomer.Remote}: it did not answer an echo");
            }

            await holder.Gone;
        }
    }

    /// <summary>The datapath id is free for the next connection.</summary>
    internal void Leave(SwitchConnection connection)
    {
        lock (gate)
        {
            holders.Remove(connection.Id);
        }
    }

    private readonly record struct Holder(SwitchConnection Connection, Task Gone);
}
