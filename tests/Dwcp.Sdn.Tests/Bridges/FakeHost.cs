using System.Collections.Immutable;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;
using Dwcp.Sdn.Tests.Ovsdb;

namespace Dwcp.Sdn.Tests.Bridges;

/// <summary>A host whose database is in memory and whose ovs-vswitchd applies at once, with our session to it.</summary>
internal sealed class FakeHost
{
    private HostMachine machine = new(new JsonRpcMachine(new(), TimeSpan.Zero), new HostTimes(), null, null);

    public FakeHost(string systemId)
    {
        Database.Set("Open_vSwitch", FakeOvsdb.Root, ("external_ids", new OvsdbMap([new(OvsdbAtom.Of("system-id"), OvsdbAtom.Of(systemId))])));
        Send(new HostEvent.Connected());
    }

    public FakeOvsdb Database { get; } = new();

    public HostInventory Inventory { get; private set; } = new();

    /// <summary>Why the last changes were not made; null when they were.</summary>
    public HostChangeException? Fault { get; private set; }

    public int Transactions => Database.Transactions.Count;

    public void Apply(ImmutableArray<HostChange> changes)
    {
        Fault = null;
        Send(new HostEvent.Apply(new object(), changes));
    }

    /// <summary>Takes in what others changed in the database.</summary>
    public void Listen() => Send(new HostEvent.Tick());

    /// <summary>How many rows a table has.</summary>
    public int Count(string table) => Database.Rows(table).Count();

    private void Send(HostEvent e)
    {
        var events = new Queue<HostEvent>([e]);
        while (events.TryDequeue(out var next))
        {
            (machine, var actions) = machine.On(next, TimeSpan.Zero);
            foreach (var action in actions)
            {
                switch (action)
                {
                    case HostAction.Send { Message: JsonRpcRequest request }:
                        Database.Take(request);
                        if (request.Method == "transact")
                        {
                            Database.ApplyConfig();
                        }

                        break;
                    case HostAction.Show show: Inventory = show.Inventory; break;
                    case HostAction.Failed failed: Fault = failed.Why; break;
                    case HostAction.Close close: throw new InvalidOperationException(close.Reason);
                }
            }

            while (Database.Out.TryDequeue(out var message))
            {
                events.Enqueue(new HostEvent.Received(message));
            }

            if (events.Count == 0 && next is not HostEvent.Settled)
            {
                events.Enqueue(new HostEvent.Settled());
            }
        }
    }
}
