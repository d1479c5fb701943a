namespace Dwcp.Sdn.Api;

/// <summary>A request body of each kind that the controller takes as it stands, for documents and for people.</summary>
public static class Examples
{
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["dwcp.v1.Network"] = """{"vni": 5001, "labels": {"tenant": "blue"}, "arpSuppression": true}""",
        ["dwcp.v1.Subnet"] = """{"network": "blue", "cidr": "10.1.0.0/24", "gateway": "10.1.0.1"}""",
        ["dwcp.v1.Port"] = """{"network": "blue", "mac": "02:00:00:00:00:11", "addresses": ["10.1.0.11"], "labels": {"vm": "web-1"}}""",
        ["dwcp.v1.BgpSpeaker"] = """{"localAs": 65000, "routerId": "192.0.2.9"}""",
        ["dwcp.v1.BgpPeer"] = """{"address": "192.0.2.1", "remoteAs": 65000, "routeReflectorClient": true}""",
        ["dwcp.v1.EvpnRoute"] = """{"type": 2, "rd": "192.0.2.7:1", "mac": "02:00:00:00:00:77", "ip": "10.1.0.77", "vni": 5001, "nextHop": "192.0.2.7"}""",
        ["dwcp.v1.Bridge"] = """{"switch": "h1", "name": "br-edge", "ports": [{"name": "eth1", "vlan": 7}, {"name": "to-h2", "type": "VXLAN", "options": {"remote_ip": "192.0.2.2", "key": "7"}, "bfd": {"minRxMs": 300}}]}""",
        ["dwcp.v1.Configuration"] = """{"settings": {"log": "debug", "events-kept": "48h"}}""",
        ["dwcp.v1.Switch"] = """{"mode": "OBSERVED"}""",
    };

    /// <summary>The example of a message as JSON, or null when there is none.</summary>
    public static string? Of(string message) => Bodies.GetValueOrDefault(message);
}
