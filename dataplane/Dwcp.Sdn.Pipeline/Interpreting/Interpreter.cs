using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pipeline.Interpreting;

/// <summary>
/// Runs packets through the tables of a switch as Open vSwitch does: generated fabrics are tried with it, and it is held against
/// traces of a real switch. It has no clock, so every meter lets pass.
/// </summary>
/// <param name="tables">What the switch holds.</param>
/// <param name="isLive">Whether a port is up, for groups that choose by it; null: all are.</param>
public sealed class Interpreter(SoftwareTables tables, Predicate<PortNumber>? isLive = null)
{
    /// <summary>Open vSwitch gives up after as many lookups by resubmit (MAX_RESUBMITS in its ofproto-dpif-xlate.c).</summary>
    public const int MaxResubmits = 4096;

    /// <summary>And at this depth (MAX_DEPTH).</summary>
    public const int MaxDepth = 64;

    private readonly Predicate<PortNumber> isLive = isLive ?? (_ => true);

    /// <summary>Runs one packet from table 0.</summary>
    public Trace Run(Packet packet)
    {
        var trace = new Trace();
        var run = new Way(this, trace) { Packet = packet };
        run.Table(0, 0);
        run.ActionSet();
        if (trace.Fault is not null)
        {
            trace.Outputs.Clear();
            trace.Punts.Clear();
        }

        trace.Final = run.Packet;
        return trace;
    }

    /// <summary>The state of one run: the packet at this point and its action set.</summary>
    private sealed class Way(Interpreter owner, Trace trace)
    {
        private readonly List<FlowAction> actionSet = [];
        private int depth;
        private int resubmits;
        private uint queue;
        private uint? meter;
        private bool ended;

        public required Packet Packet { get; set; }

        /// <summary>Looks the packet up in a table and in those that it goes to from there.</summary>
        public void Table(byte table, ulong parent)
        {
            if (++depth > MaxDepth)
            {
                trace.Fault = $"more than {MaxDepth} levels of resubmit";
            }

            byte? next = table;
            var cookie = parent;
            while (next is { } current && !ended && trace.Fault is null)
            {
                var entry = owner.Find(current, Packet);
                trace.Steps.Add(new TraceStep(current, entry?.Rule));
                if (entry is null)
                {
                    break;
                }

                entry.Packets++;
                entry.Bytes += (ulong)Packet.Frame.Length;
                cookie = entry.Rule.Cookie;
                next = Instructions(entry.Rule);
            }

            depth--;
        }

        /// <summary>What Write-Actions gathered, in the order of OpenFlow 1.3.5 §5.10.</summary>
        public void ActionSet()
        {
            if (!ended && trace.Fault is null)
            {
                Actions(InSetOrder(actionSet), 0, 0);
            }
        }

        private byte? Instructions(FlowRule rule)
        {
            if (rule.Meter is { } id)
            {
                meter = id;
                trace.Meters.Add(id);
            }

            Actions(rule.Apply, rule.Table, rule.Cookie);
            if (ended || trace.Fault is not null)
            {
                return null;
            }

            if (rule.Clear)
            {
                actionSet.Clear();
            }

            actionSet.AddRange(rule.Write);
            if (rule.Metadata is { } m)
            {
                Packet.Set(Fields.Metadata, m.Value, m.Mask);
            }

            NoteDrop(rule);
            return rule.Goto;
        }

        private void NoteDrop(FlowRule rule)
        {
            if (rule.Table == Pipeline.Table.Drop && (uint)Packet.Get(Registers.DropReason) is > 0 and var reason && reason <= DropReasons.All.Length)
            {
                trace.Drops.Add((DropReason)reason);
            }
        }

        private void Actions(IEnumerable<FlowAction> actions, byte table, ulong cookie)
        {
            foreach (var action in actions)
            {
                if (ended || trace.Fault is not null)
                {
                    return;
                }

                Act(action, table, cookie);
            }
        }

        private void Act(FlowAction action, byte table, ulong cookie)
        {
            switch (action)
            {
                case OutputAction output:
                    Output(output.Port, table, cookie);
                    break;
                case OutputFieldAction { Port.Field.TunMetadata: not null } or LoadAction { Target.Field.TunMetadata: not null }
                    or MoveAction { From.Field.TunMetadata: not null } or MoveAction { To.Field.TunMetadata: not null }:
                    goto default;
                case OutputFieldAction output:
                    Output(new PortNumber((uint)Bits(output.Port)), table, cookie);
                    break;
                case SetFieldAction set:
                    SetField(set.Field, set.Value, set.Mask ?? set.Field.Ones);
                    break;
                case LoadAction load:
                    SetBits(load.Target, load.Value);
                    break;
                case MoveAction move:
                    if (Packet.Has(move.From.Field))
                    {
                        SetBits(move.To, Bits(move.From));
                    }

                    break;
                case ResubmitAction resubmit:
                    Resubmit(resubmit, table, cookie);
                    break;
                case GroupAction group:
                    Group(group.Group, table, cookie);
                    break;
                case PushVlanAction push:
                    Packet.PushVlan(push.EtherType);
                    break;
                case PopVlanAction:
                    Packet.PopVlan();
                    break;
                case SetQueueAction set:
                    queue = set.Queue;
                    break;
                case DecTtlAction:
                    DecTtl(table, cookie);
                    break;
                case ControllerAction punt:
                    Punt(table, cookie, punt.Reason, punt.UserData, punt.Meter ?? meter);
                    break;
                case CloneAction clone:
                    Aside(() => Actions(clone.Actions, table, cookie));
                    break;
                default:
                    trace.Fault = $"the interpreter does not know {action}";
                    break;
            }
        }

        private void Output(PortNumber port, byte table, ulong cookie)
        {
            if (port == PortNumber.Controller)
            {
                Punt(table, cookie, reason: 1, [], meter);
            }
            else if (port == PortNumber.InPort)
            {
                Emit(Packet.InPort);
            }
            else if (port != Packet.InPort)
            {
                Emit(port);
            }
        }

        private void Emit(PortNumber port) =>
            trace.Outputs.Add(new TraceOutput(port, EquatableArray.Create(Packet.Frame), Packet.Tunnel, queue));

        private void Punt(byte table, ulong cookie, byte reason, EquatableArray<byte> userData, uint? passed) =>
            trace.Punts.Add(new TracePunt(EquatableArray.Create(Packet.Frame), table, cookie, reason, userData, passed));

        private void Resubmit(ResubmitAction resubmit, byte table, ulong cookie)
        {
            if (++resubmits > MaxResubmits)
            {
                trace.Fault = $"more than {MaxResubmits} resubmits";
                return;
            }

            // The port counts in this lookup alone.
            var inPort = Packet.InPort;
            if (resubmit.InPort is { } port && port != PortNumber.InPort)
            {
                Packet.Set(Fields.InPort, port.Value, Fields.InPort.Ones);
            }

            Table(resubmit.Table ?? table, cookie);
            if (resubmit.InPort is not null)
            {
                Packet.Set(Fields.InPort, inPort.Value, Fields.InPort.Ones);
            }
        }

        private void Group(uint id, byte table, ulong cookie)
        {
            if (!owner.Groups.TryGetValue(id, out var group))
            {
                return;
            }

            trace.Groups.Add(id);
            if (++depth > MaxDepth)
            {
                trace.Fault = $"more than {MaxDepth} levels of groups";
            }

            foreach (var bucket in Chosen(group))
            {
                Aside(() => Actions(InSetOrder(bucket.Actions), table, cookie));
            }

            depth--;
        }

        private IEnumerable<Bucket> Chosen(Group group)
        {
            switch (group.Type)
            {
                case GroupType.Select:
                    var live = group.Buckets.Where(b => b.Weight > 0 && IsLive(b)).ToArray();
                    return live.Length == 0 ? [] : [live[(int)(FlowHash() % (uint)live.Length)]];
                case GroupType.FastFailover:
                    return group.Buckets.Where(IsLive).Take(1);
                default:
                    return group.Buckets;
            }
        }

        private bool IsLive(Bucket bucket) => bucket.WatchPort == PortNumber.Any.Value || owner.isLive(new PortNumber(bucket.WatchPort));

        /// <summary>The same for every packet of a flow, so that a flow keeps to one bucket.</summary>
        private uint FlowHash()
        {
            var hash = Cookie.Derive((uint)Packet.Get(Fields.IpProto), Packet.Get(Fields.EthSrc) << 64 | Packet.Get(Fields.EthDst));
            foreach (var field in (ReadOnlySpan<Field>)[Fields.Ipv4Src, Fields.Ipv4Dst, Fields.Ipv6Src, Fields.Ipv6Dst, Fields.TcpSrc, Fields.TcpDst, Fields.UdpSrc, Fields.UdpDst])
            {
                hash = Cookie.Derive(hash, Packet.Get(field));
            }

            return hash;
        }

        private void DecTtl(byte table, ulong cookie)
        {
            if (!Packet.Has(Fields.IpTtl))
            {
                return;
            }

            var ttl = Packet.Get(Fields.IpTtl);
            if (ttl > 1)
            {
                Packet.Set(Fields.IpTtl, ttl - 1, Fields.IpTtl.Ones);
                return;
            }

            Punt(table, cookie, reason: 2, [], meter); // OFPR_INVALID_TTL
            ended = true;
        }

        /// <summary>Does something to a copy of the packet, its action set and its queue.</summary>
        private void Aside(Action what)
        {
            var (packet, set, oldQueue, wasEnded) = (Packet, actionSet.ToArray(), queue, ended);
            Packet = packet.Copy();
            what();
            Packet = packet;
            actionSet.Clear();
            actionSet.AddRange(set);
            (queue, ended) = (oldQueue, wasEnded);
        }

        private void SetField(Field field, UInt128 value, UInt128 mask)
        {
            if (Packet.Has(field))
            {
                Packet.Set(field, value, mask);
            }
        }

        private UInt128 Bits(FieldBits from) => (Packet.Get(from.Field) >> from.Offset) & Ones(from.Bits);

        private void SetBits(FieldBits to, UInt128 value) => SetField(to.Field, value << to.Offset, Ones(to.Bits) << to.Offset);

        private static UInt128 Ones(int bits) => bits == 128 ? UInt128.MaxValue : (UInt128.One << bits) - 1;

        /// <summary>A set keeps its last action of a kind and has an order; of group, output and resubmit it keeps the first of these that it has.</summary>
        private static List<FlowAction> InSetOrder(IReadOnlyCollection<FlowAction> actions)
        {
            var ordered = new List<FlowAction>(actions.Count);
            ordered.AddRange(actions.OfType<PopVlanAction>().TakeLast(1));
            ordered.AddRange(actions.OfType<PushVlanAction>().TakeLast(1));
            ordered.AddRange(actions.OfType<DecTtlAction>().TakeLast(1));
            ordered.AddRange(actions.Where(a => a is SetFieldAction or LoadAction or MoveAction));
            ordered.AddRange(actions.OfType<SetQueueAction>().TakeLast(1));
            FlowAction? last = actions.OfType<GroupAction>().LastOrDefault();
            last ??= actions.LastOrDefault(a => a is OutputAction or OutputFieldAction);
            last ??= actions.OfType<ResubmitAction>().LastOrDefault();
            if (last is not null)
            {
                ordered.Add(last);
            }

            return ordered;
        }
    }

    private IReadOnlyDictionary<uint, Group> Groups => tables.Groups;

    private FlowEntry? Find(byte table, Packet packet) => tables.Find(table, packet);
}
