using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using static Dwcp.Sdn.Pipeline.Rules.RuleSet;

namespace Dwcp.Sdn.Pipeline.Rules;

/// <summary>The tunnel port, in and out, and the VTEPs behind it.</summary>
internal static class TunnelRules
{
    public static void Add(RuleSet rules, TunnelPortNeed tunnel)
    {
        var inPort = On(Fields.InPort, tunnel.OfPort.Value);
        rules.Flow(Table.Classify, 100, Match.Of(inPort, On(Fields.VlanVid, 0)), Table.VtepAllow, Set(Registers.FromTunnel, 1));
        rules.Drop(Table.Classify, 90, Match.Of(inPort), DropReason.MalformedFrame);

        var vni = Move(Registers.OutVni, new FieldBits(Fields.TunnelId, 0, 32));
        rules.Flow(
            Table.TunnelOut, 100, Match.Of(On(Registers.RemoteVtep, 0)), next: null,
            vni, Move(Registers.RemoteVtep6, Fields.TunIpv6Dst), new OutputAction(tunnel.OfPort));
        rules.Flow(
            Table.TunnelOut, 50, Match.All, next: null,
            vni, Move(Registers.RemoteVtep, Fields.TunDst), new OutputAction(tunnel.OfPort));
    }

    /// <summary>Sends a frame to a VTEP even if it came out of a tunnel: only for a MAC that has moved or moves, which the other end never sends back.</summary>
    public static EquatableArray<FlowAction> Through(TunnelEnd to) =>
        [Set(Registers.OutVni, to.Vni.Value), Vtep(to.Vtep), Set(Registers.FromTunnel, 0), new LoadAction(Fields.InPort, 0)];

    public static void Add(RuleSet rules, VtepNeed vtep) => rules.Flow(
        Table.VtepAllow, 100, Match.Of(On(vtep.Address.IsV6 ? Fields.TunIpv6Src : Fields.TunSrc, vtep.Address.Value)), Table.VniDemux);
}
