using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.SystemTests.OpenFlow;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.SystemTests.Pipeline;

/// <summary>
/// An Open vSwitch of its own, programmed over OpenFlow, that traces packets. <c>br0</c> has ports p1 to p99, p900 and vxlan0;
/// <c>br-u</c> is the underlay that the tunnels leave by.
/// </summary>
internal sealed class RealSwitch : IAsyncDisposable
{
    private readonly PrivateOvs ovs;
    private readonly Switches switches = new();
    private SwitchConnection connection = null!;

    private RealSwitch(string datapathId)
    {
        ovs = new PrivateOvs(datapathId);
    }

    public static async Task<RealSwitch> StartAsync(string datapathId)
    {
        var real = new RealSwitch(datapathId);
        try
        {
            real.AddPorts();
            real.ovs.Vsctl("set-controller", "br0", $"tcp:127.0.0.1:{real.switches.Port}");
            real.connection = await real.switches.NextAsync();
            return real;
        }
        catch
        {
            await real.DisposeAsync();
            throw;
        }
    }

    public static string PortName(PortNumber port) => port == FakeSwitch.TunnelPort ? "vxlan0" : $"p{port}";

    /// <summary>Makes the bridge hold what the plan wants, and checks that it says so itself.</summary>
    public async Task ProgramAsync(SwitchPlan plan)
    {
        await connection.ApplyAsync(FlowPlan.Between(new KnownTables(await connection.ReadAsync(default)), plan), default);
        var left = FlowPlan.Between(new KnownTables(await connection.ReadAsync(default)), plan);
        Assert.True(left.IsEmpty, $"read back otherwise than sent: {left}");
    }

    /// <summary>Tells the switch where the VTEPs of a fabric are.</summary>
    public void Know(IEnumerable<IpAddress> vteps)
    {
        foreach (var vtep in vteps)
        {
            ovs.Appctl("tnl/neigh/set", "br-u", vtep.ToString(), "02:99:00:00:00:09");
        }
    }

    /// <summary>What the switch would do with the packet (ovs-vswitchd(8), ofproto/trace).</summary>
    public string Trace(Packet packet)
    {
        var flow = $"in_port={packet.InPort}";
        if (packet.InPort == FakeSwitch.TunnelPort)
        {
            var (src, dst) = packet.Tunnel.Source.IsV6 ? ("tun_ipv6_src", "tun_ipv6_dst") : ("tun_src", "tun_dst");
            flow += $",tun_id={packet.Tunnel.Id},{src}={packet.Tunnel.Source},{dst}={packet.Tunnel.Destination}";
        }

        return ovs.Appctl("ofproto/trace", "br0", flow, "--names", Convert.ToHexStringLower(packet.Frame));
    }

    /// <summary>A frame comes in by a port.</summary>
    public void Receive(PortNumber port, byte[] frame) => ovs.Appctl("netdev-dummy/receive", PortName(port), Convert.ToHexStringLower(frame));

    /// <summary>The counters of a port in the words of ovs-ofctl.</summary>
    public string Counters(string port) => ovs.OfctlOf(port == "u1" ? "br-u" : "br0", "dump-ports", port);

    public async ValueTask DisposeAsync()
    {
        await switches.DisposeAsync();
        ovs.Dispose();
    }

    private void AddPorts()
    {
        List<string> setup =
        [
            "add-br", "br-u", "--", "set", "bridge", "br-u", "datapath_type=dummy", "--",
            "add-port", "br-u", "u1", "--", "set", "interface", "u1", "type=dummy", "--",
            "add-port", "br0", "vxlan0", "--", "set", "interface", "vxlan0",
            "type=vxlan", "options:remote_ip=flow", "options:key=flow", $"ofport_request={FakeSwitch.TunnelPort}",
        ];
        foreach (var port in Enumerable.Range(4, 96).Append(900))
        {
            setup.AddRange(["--", "add-port", "br0", $"p{port}", "--", "set", "interface", $"p{port}", "type=dummy", $"ofport_request={port}"]);
        }

        ovs.Vsctl([.. setup]);
        ovs.Appctl("netdev-dummy/ip4addr", "br-u", "203.0.113.250/24");
        ovs.Appctl("netdev-dummy/ip6addr", "br-u", "2001:db8:77::250/64");
        ovs.Appctl("ovs/route/add", "203.0.113.0/24", "br-u");
        ovs.Appctl("ovs/route/add", "2001:db8:77::/64", "br-u");
    }
}
