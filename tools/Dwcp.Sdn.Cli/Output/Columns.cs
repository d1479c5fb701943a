using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>A column of a table of objects.</summary>
/// <param name="Wide">Whether it is only shown by -o wide.</param>
internal sealed record Column(string Heading, Func<JsonObject, string> Text, bool Wide = false)
{
    private static readonly Column Id = At("ID", "id");
    private static readonly Column Programmed = new("PROGRAMMED", i => i.ConditionText("Programmed"));
    private static readonly Column Accepted = new("ACCEPTED", i => i.ConditionText("Accepted"), Wide: true);
    private static readonly Column Labels = At("LABELS", "labels", wide: true);

    private static readonly Dictionary<string, Column[]> ByKind = new()
    {
        ["network"] =
        [
            Id, At("VNI", "vni"), At("TYPE", "type"), At("MTU", "mtu"), new("HOSTS", i => i.Count("status.hosts").ToString()), At("PORTS", "status.ports"), Programmed,
            Accepted, At("ENCAPSULATION", "encapsulation", wide: true), At("VRF", "vrf", wide: true), Labels,
        ],
        ["subnet"] =
        [
            Id, At("NETWORK", "network"), At("CIDR", "cidr"), At("GATEWAY", "gateway"), new("DHCP", i => i.Text("dhcp.enabled")), At("IN-USE", "status.addressesInUse"), Programmed,
            Accepted, At("GATEWAY-MAC", "gatewayMac", wide: true), At("DNS", "dhcp.dns", wide: true), Labels,
        ],
        ["port"] =
        [
            Id, At("NETWORK", "network"), At("MAC", "mac"), At("ADDRESSES", "addresses"), At("HOST", "status.host"), At("STATE", "status.state"), Programmed,
            Accepted, At("INTERFACE", "status.interface", wide: true), At("OFPORT", "status.ofport", wide: true), Labels,
        ],
        ["switch"] =
        [
            Id, At("MODE", "mode"), new("CONNECTED", i => i.Text("status.connected")), At("VTEP", "status.vtepIp"), At("PORTS", "status.counts.ports"), At("NEEDS", "status.counts.needs"), Programmed,
            Accepted, At("DATAPATH", "status.datapathId", wide: true), At("ADDRESS", "status.address", wide: true), At("OVS", "status.versions.ovs", wide: true),
            At("OPENFLOW", "status.versions.openflow", wide: true), Labels,
        ],
        ["event"] = [new("TIME", i => Moment(i.Text("time"))), At("NAME", "name"), At("SUBJECT", "subject"), At("MESSAGE", "message"), At("ID", "id", wide: true)],
    };

    public static Column[] Of(Kind kind, bool wide)
        => [.. (ByKind.GetValueOrDefault(kind.Name) ?? [Id, Programmed, Accepted, Labels]).Where(c => wide || !c.Wide)];

    /// <summary>A time of the contract, to the second.</summary>
    public static string Moment(string time)
    {
        var dot = time.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? time : time[..dot] + "Z";
    }

    private static Column At(string heading, string path, bool wide = false) => new(heading, i => i.Text(path), wide);
}
