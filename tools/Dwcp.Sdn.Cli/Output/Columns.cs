using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Kinds;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>A column of a list: its header and where its value is.</summary>
/// <param name="Wide">Only with -o wide.</param>
internal sealed record Column(string Header, Func<JsonObject, Cell> Value, bool Wide = false, bool Right = false)
{
    public static Column At(string header, string path, bool wide = false, bool right = false)
        => new(header, item => JsonText.Plain(path.Split('.').Aggregate((JsonNode?)item, (node, name) => (node as JsonObject)?[name])), wide, right);
}

/// <summary>What a list of each kind shows. A kind without a row of its own shows its first plain fields.</summary>
internal static class Columns
{
    private const int PlainFields = 4;
    private static readonly Column Id = Column.At("ID", "id");
    private static readonly Column Labels = Column.At("LABELS", "labels", wide: true);

    private static readonly Column State = new("STATE", item =>
    {
        var verdict = Verdict.Of(item);
        return new(verdict.Word, (style, text) => style.Of(verdict.Health, text));
    });

    private static readonly Column[] Options =
    [
        Column.At("NAME", "name"), Column.At("VALUE", "value"), Column.At("SOURCE", "source"), Column.At("AFTER-RESTART", "afterRestart"),
        new("SET-BY", item => Yes(item["settable"]) ? "dwcpctl set" : "", Wide: true), Column.At("DESCRIPTION", "description", wide: true),
    ];

    private static readonly Dictionary<string, Column[]> ByKind = new()
    {
        ["networks"] =
        [
            Id, Column.At("VNI", "vni", right: true), Column.At("TYPE", "type"), Column.At("MTU", "status.mtu", right: true), Column.At("PORTS", "status.ports", right: true),
            Column.At("HOSTS", "status.hosts"), State,
            Column.At("ENCAPSULATION", "encapsulation", wide: true), Column.At("UNKNOWN-UNICAST", "unknownUnicast", wide: true), Labels,
        ],
        ["subnets"] =
        [
            Id, Column.At("NETWORK", "network"), Column.At("CIDR", "cidr"), Column.At("GATEWAY", "gateway"), Column.At("USED", "status.addressesInUse", right: true), State,
            Column.At("GATEWAY-MAC", "gatewayMac", wide: true), Column.At("DHCP", "dhcp.enabled", wide: true), Labels,
        ],
        ["ports"] =
        [
            Id, Column.At("NETWORK", "network"), Column.At("MAC", "mac"), Column.At("ADDRESSES", "addresses"), Column.At("HOST", "status.host"), State,
            Column.At("LINK", "status.state", wide: true), Column.At("INTERFACE", "status.interface", wide: true), Column.At("OFPORT", "status.ofport", wide: true, right: true),
            Column.At("SECURITY-GROUPS", "securityGroups", wide: true), Labels,
        ],
        ["switches"] =
        [
            Id, Column.At("MODE", "mode"), Column.At("VTEP", "status.vtepIp"),
            Column.At("PORTS", "status.counts.ports", right: true), Column.At("FLOWS", "status.counts.flows", right: true), State,
            Column.At("DATAPATH", "status.datapathId", wide: true), Column.At("ADDRESS", "status.address", wide: true), Column.At("OVS", "status.versions.ovs", wide: true),
            Column.At("HOSTNAME", "status.hostname", wide: true), Column.At("GROUPS", "status.counts.groups", wide: true, right: true), Labels,
        ],
        ["links"] =
        [
            Id, new("FROM", item => End(item, "source")), new("TO", item => End(item, "destination")), Column.At("HEARD", "status.state"),
            Column.At("BLOCKED", "status.blocked"), State,
            new("SINCE", item => Times.Short(item["status"] is JsonObject status ? status.Text("since") : ""), Wide: true),
            Column.At("PROBE-MS", "status.probeMilliseconds", wide: true, right: true),
        ],
        ["bridges"] =
        [
            Id, Column.At("SWITCH", "switch"), Column.At("NAME", "name"),
            new("PORTS", item => Count(item["status"]?["ports"], p => p.Text("state") == "UP")), State,
            Column.At("DATAPATH", "status.datapathType", wide: true), Column.At("DATAPATH-ID", "status.datapathId", wide: true), Column.At("ADOPTED", "status.adopted", wide: true),
            Column.At("FAIL-MODE", "failMode", wide: true), Column.At("MIRRORS", "status.mirrors", wide: true), Column.At("EXPORTS", "status.flowExports", wide: true), Labels,
        ],
        ["bgp-speaker"] =
        [
            Column.At("AS", "localAs", right: true), Column.At("ROUTER-ID", "routerId"), Column.At("LISTENS", "status.endpoint"),
            Column.At("SESSIONS", "status.established", right: true), Column.At("ROUTES", "status.routes", right: true), Column.At("PATHS", "status.paths", right: true),
            Column.At("ANNOUNCED", "status.announced", right: true), Column.At("IMPORTED", "status.imported", right: true), State,
            Column.At("CLUSTER-ID", "clusterId", wide: true), Column.At("HOLD", "holdTimeSeconds", wide: true, right: true), Labels,
        ],
        ["bgp-peers"] =
        [
            Id, new("ADDRESS", item => item.Text("address") is { Length: > 0 } address ? address : item.Text("listenRange")), Column.At("AS", "remoteAs", right: true),
            new("SESSION", item => Sessions.State(item)), new("ROUTES", item => Sessions.Routes(item), Right: true), State,
            Column.At("FAMILIES", "families", wide: true), new("MALFORMED", item => Sessions.Malformed(item), Wide: true, Right: true),
            Column.At("CLIENT", "routeReflectorClient", wide: true), new("LAST-ERROR", item => Sessions.LastError(item), Wide: true), Labels,
        ],
        ["evpn-routes"] =
        [
            new("BEST", item => Yes(item["status"]?["best"]) ? "*" : ""), Column.At("TYPE", "type", right: true), Column.At("VNI", "vni", right: true), Column.At("MAC", "mac"),
            new("IP/PREFIX", item => item.Text("prefix") is { Length: > 0 } prefix ? prefix : item.Text("ip")), Column.At("NEXT-HOP", "nextHop"), Column.At("ORIGIN", "status.origin"),
            Column.At("RD", "rd", wide: true), Column.At("L3VNI", "l3vni", wide: true, right: true), Column.At("ESI", "esi", wide: true), Column.At("AS-PATH", "status.asPath", wide: true),
            Column.At("TARGETS", "exportTargets", wide: true), Column.At("DECIDED", "status.decided", wide: true),
        ],
        ["configuration"] = [Column.At("VERSION", "resourceVersion", right: true), Column.At("SETTINGS", "settings")],
        ["events"] =
        [
            new("TIME", item => Times.Short(item.Text("time"))), Column.At("SUBJECT", "subject"), Column.At("NAME", "name"), Column.At("MESSAGE", "message"),
        ],
    };

    /// <summary>The columns of the configuration's options, which are what is to be seen of it.</summary>
    public static IReadOnlyList<Column> OfOptions(bool wide) => [.. Options.Where(c => wide || !c.Wide)];

    /// <summary>The columns of a kind; those of -o wide come after the others.</summary>
    public static IReadOnlyList<Column> Of(Kind kind, bool wide)
        => [.. (ByKind.TryGetValue(kind.Plural, out var columns) ? columns : Plain(kind)).Where(c => wide || !c.Wide)];

    // How many there are, and of how many it is true, as 2/3.
    private static string Count(JsonNode? list, Func<JsonObject, bool> holds)
        => list is JsonArray { Count: > 0 } items ? $"{items.OfType<JsonObject>().Count(holds)}/{items.Count}" : "0";

    private static string End(JsonObject item, string which)
        => item["status"]?[which] is JsonObject end ? $"{end.Text("switch")} port {JsonText.Plain(end["ofport"])}" : "";

    private static bool Yes(JsonNode? value) => value?.GetValueKind() == System.Text.Json.JsonValueKind.True;

    private static Column[] Plain(Kind kind)
    {
        var fields = kind.Message.Fields.InDeclarationOrder().Where(f => f is { IsRepeated: false, FieldType: not FieldType.Message } && f.Name is not ("id" or "resource_version" or "generation"));
        return [Id, .. fields.Take(PlainFields).Select(f => Column.At(f.JsonName.ToUpperInvariant(), f.JsonName)), .. !kind.IsJudged ? [] : new[] { State }, Labels];
    }
}
