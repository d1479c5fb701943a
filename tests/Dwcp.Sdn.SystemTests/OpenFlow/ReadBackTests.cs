using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>What Open vSwitch gives back of a rule equals, in normal form, what it was sent.</summary>
public sealed class ReadBackTests : IAsyncLifetime
{
    private readonly PrivateOvs ovs = new("00000000000000a1");
    private readonly Switches switches = new();
    private SwitchConnection connection = null!;

    public async Task InitializeAsync()
    {
        ovs.Vsctl("set-controller", "br0", $"tcp:127.0.0.1:{switches.Port}");
        connection = await switches.NextAsync();
    }

    public async Task DisposeAsync()
    {
        await switches.DisposeAsync();
        ovs.Dispose();
    }

    [Fact]
    public void Identity_ports_and_addresses_of_the_switch_are_known()
    {
        Assert.Equal(new DatapathId(0xa1), connection.Id);
        Assert.Equal("Open vSwitch", connection.Description.Hardware);
        Assert.Equal(["br0", "p1", "p2", "p3"], connection.Ports.Values.Select(p => p.Name).Order());
        Assert.Equal(switches.Port, connection.Local.Port);
    }

    [Fact]
    public async Task Every_field_that_the_switch_matches_comes_back_as_it_was_sent()
    {
        var rules = Fields.All.SelectMany(RulesMatching).ToList();
        var (taken, refused) = await OneByOneAsync(rules);

        // Open vSwitch 3.1 has no such fields, or takes them in packets alone.
        Assert.Equal(
            ["dp_hash", "in_phy_port", "ipv6_exthdr", "packet_type", "pbb_isid", "recirc_id"],
            refused.Select(r => r.Match.Fields[^1].Field.Name).Distinct().Order());
        await AssertReadBackAsync(taken);
    }

    [Fact]
    public async Task Every_action_comes_back_as_it_was_sent()
    {
        var rules = Actions().Select((a, i) => Rule((ushort)(1000 + i), Prerequisites(a)) with { Apply = [a] }).ToList();
        var (taken, refused) = await OneByOneAsync(rules);

        Assert.Equal(["copy_ttl_in", "copy_ttl_out", "pop_pbb", "push_pbb:0x88e7"], refused.Select(r => r.ActionText).Order());
        await AssertReadBackAsync(taken);
    }

    private async Task<(List<FlowRule> Taken, List<FlowRule> Refused)> OneByOneAsync(List<FlowRule> rules)
    {
        List<FlowRule> taken = [], refused = [];
        foreach (var rule in rules)
        {
            try
            {
                await connection.ApplyAsync(new TablesChange { FlowsToAddOrModify = [rule] }, default);
                taken.Add(rule);
            }
            catch (SwitchRefusedException e)
            {
                Console.WriteLine(e.Message + " " + string.Join(";", e.Refusals));
                refused.Add(rule);
            }
        }

        return (taken, refused);
    }

    private async Task AssertReadBackAsync(IEnumerable<FlowRule> sent)
    {
        var wanted = sent.Select(FlowNormal.Of).OrderBy(r => r.Priority).ToList();
        var actual = (await connection.ReadAsync(default)).Flows.OrderBy(r => r.Priority).ToList();
        Assert.Equal(wanted.Select(r => r.ToString()), actual.Select(r => r.ToString()));
        Assert.Equal(wanted, actual);
    }

    private static FlowRule Rule(ushort priority, Match match) => new(new(0, priority, match), 0xd3c9_0001_0000_0000 | priority);

    /// <summary>The field exactly, and with a mask where it takes one.</summary>
    private static IEnumerable<FlowRule> RulesMatching(Field field)
    {
        var value = field == Fields.IpFrag ? 1 : field == Fields.VlanVid ? 0x1005 : field == Fields.VlanTci ? 0x3005
            : field == Fields.CtState ? 0x21 : field == Fields.TunFlags ? 1 : field == Fields.EthType ? 0x800 : field == Fields.InPort || field == Fields.ActsetOutput ? 2
            : (UInt128)0x5a5a & field.Ones;
        var before = Before(field, Match.All);
        yield return Rule((ushort)(2 * field.Index), field == Fields.CtState || field == Fields.TunFlags ? before.With(field, value, value) : before.With(field, value));
        if (field.Mask == FieldMask.Any && field != Fields.IpFrag && field != Fields.CtState && field != Fields.TunFlags)
        {
            yield return Rule((ushort)((2 * field.Index) + 1), before.With(field, value & ~(UInt128)3, field.Ones & ~(UInt128)3));
        }
    }

    private static Match Before(Field field, Match match)
    {
        if (field.Requires.IsEmpty)
        {
            return match;
        }

        var first = field.Requires[0];
        return Before(first.Field, match).With(first.Field, first.Value);
    }

    private static Match Prerequisites(FlowAction action) => action switch
    {
        SetFieldAction a => Before(a.Field, Match.All),
        LoadAction a => Before(a.Target.Field, Match.All),
        MoveAction a => Before(a.From.Field, Match.All),
        DecTtlAction or SetTtlAction => Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Ipv4)),
        DecMplsTtlAction or SetMplsTtlAction or PopMplsAction => Match.Of(new FieldMatch(Fields.EthType, EtherTypes.Mpls)),
        PopVlanAction => Match.Of(new FieldMatch(Fields.VlanVid, 0x1005)),
        _ => Match.All,
    };

    private static IEnumerable<FlowAction> Actions()
    {
        foreach (var port in new[] { new PortNumber(2), PortNumber.InPort, PortNumber.Normal, PortNumber.Flood, PortNumber.All, PortNumber.Local, PortNumber.Controller })
        {
            yield return new OutputAction(port);
        }

        yield return new OutputAction(PortNumber.Controller, 100);
        yield return new OutputFieldAction(Fields.Reg[5]);
        yield return new OutputFieldAction(new FieldBits(Fields.Reg[5], 0, 16), 200);
        foreach (var field in Fields.All.Where(f => f.IsWritable && f != Fields.PbbIsid && f != Fields.ArpOp && f != Fields.VlanTci))
        {
            yield return new SetFieldAction(field, field == Fields.VlanVid ? 0x1005 : field == Fields.InPort ? 2 : 0x5a5a & field.Ones);
        }

        yield return new SetFieldAction(Fields.Reg[3], 0x50, 0xf0);
        yield return new SetFieldAction(Fields.Reg[3], 0x50, 0xf0f0);
        yield return new SetFieldAction(Fields.EthDst, 0x0100_0000_0000, 0x0100_0000_0000);
        yield return new SetFieldAction(Fields.Ipv6Dst, 1, ulong.MaxValue);
        yield return new SetFieldAction(Fields.XxReg[1], (UInt128)1 << 100, UInt128.MaxValue << 64);
        yield return new SetFieldAction(Fields.Metadata, 7, 0xffff_ffff);
        yield return new LoadAction(Fields.Reg[1], 5);
        yield return new LoadAction(new FieldBits(Fields.Reg[1], 4, 8), 5);
        yield return new LoadAction(Fields.ArpOp, 2);
        yield return new LoadAction(Fields.InPort, 0);
        yield return new LoadAction(new FieldBits(Fields.Metadata, 32, 32), 9);
        yield return new MoveAction(Fields.Reg[4], new FieldBits(Fields.TunnelId, 0, 32));
        yield return new MoveAction(Fields.EthSrc, Fields.EthDst);
        yield return new MoveAction(Fields.ArpSpa, Fields.ArpTpa);
        yield return new ResubmitAction(null, 5);
        yield return new ResubmitAction(new PortNumber(2), null);
        yield return new ResubmitAction(new PortNumber(2), 7);
        yield return new ResubmitAction(PortNumber.Local, 7);
        yield return new PushVlanAction();
        yield return new PushVlanAction(EtherTypes.QinQ);
        yield return new PopVlanAction();
        yield return new SetQueueAction(3);
        yield return new DecTtlAction();
        yield return new SetTtlAction(9);
        yield return new CopyTtlInAction();
        yield return new CopyTtlOutAction();
        yield return new SetMplsTtlAction(4);
        yield return new DecMplsTtlAction();
        yield return new PushMplsAction();
        yield return new PopMplsAction(EtherTypes.Ipv4);
        yield return new PushPbbAction();
        yield return new PopPbbAction();
        yield return new ControllerAction();
        yield return new ControllerAction(100, 3, 0, [1, 2, 3]);
        yield return new ControllerAction(UserData: [9], Pause: true);
        yield return new ControllerAction(UserData: [1, 2, 3, 4, 5], Meter: 7);
        yield return new CloneAction([new LoadAction(Fields.Reg[0], 1), new OutputAction(new PortNumber(1)), new CloneAction([new OutputAction(new PortNumber(2))])]);

        // conjunction(1,1/2), and ct(commit,zone=5): actions that are kept as they came.
        yield return new OpaqueAction(0xffff, [0, 0, 0x23, 0x20, 0, 34, 0, 2, 0, 0, 0, 1]);
    }
}
