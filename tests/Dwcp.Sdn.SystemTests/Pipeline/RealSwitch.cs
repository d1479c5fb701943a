using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.SystemTests.Pipeline;

/// <summary>
/// An Open vSwitch of its own, on its dummy datapath: no root, no interface and no namespace is needed to trace packets.
/// <c>br0</c> has ports p1 to p99 and vxlan0; <c>br-u</c> is the underlay that the tunnels leave by.
/// </summary>
internal sealed class RealSwitch : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-trace-").FullName;
    private readonly List<Process> daemons = [];

    public RealSwitch()
    {
        try
        {
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private string Database => $"unix:{directory}/db.sock";

    private string Bridge => $"unix:{directory}/br0.mgmt";

    public static string PortName(PortNumber port) => port == FakeSwitch.TunnelPort ? "vxlan0" : $"p{port}";

    /// <summary>Replaces everything on the bridge by what the plan wants.</summary>
    public void Program(SwitchPlan plan)
    {
        Run("ovs-ofctl", "-O", "OpenFlow13", "del-flows", Bridge);
        Run("ovs-ofctl", "-O", "OpenFlow13", "del-groups", Bridge);
        Run("ovs-ofctl", "-O", "OpenFlow13", "del-meters", Bridge);
        foreach (var meter in plan.Meters.Values)
        {
            Run("ovs-ofctl", "-O", "OpenFlow13", "add-meter", Bridge,
                $"meter={meter.Id},pktps,burst,stats,band=type=drop,rate={meter.Bands[0].Rate},burst_size={meter.Bands[0].Burst}");
        }

        Run("ovs-ofctl", "-O", "OpenFlow13", "add-groups", Bridge, Write("groups", plan.Groups.Values.Select(Text)));
        Run("ovs-ofctl", "-O", "OpenFlow13", "--bundle", "add-flows", Bridge, Write("flows", plan.Flows.Values.Select(f => $"cookie=0x{f.Cookie:x},{f}")));
    }

    /// <summary>Tells the switch where the VTEPs of a fabric are.</summary>
    public void Know(IEnumerable<IpAddress> vteps)
    {
        foreach (var vtep in vteps)
        {
            Ask("tnl/neigh/set", "br-u", vtep.ToString(), "02:99:00:00:00:09");
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

        return Ask("ofproto/trace", "br0", flow, "--names", Convert.ToHexStringLower(packet.Frame));
    }

    public void Dispose()
    {
        foreach (var daemon in daemons)
        {
            if (!daemon.HasExited)
            {
                daemon.Kill();
                daemon.WaitForExit();
            }

            daemon.Dispose();
        }

        Directory.Delete(directory, recursive: true);
    }

    private void Start()
    {
        Run("ovsdb-tool", "create", $"{directory}/conf.db", "/usr/share/openvswitch/vswitch.ovsschema");
        Daemon("ovsdb-server", $"{directory}/conf.db", $"--remote=p{Database}", $"--unixctl={directory}/db.ctl");
        WaitFor($"{directory}/db.sock");
        Run("ovs-vsctl", $"--db={Database}", "--no-wait", "init");
        Daemon("ovs-vswitchd", Database, "--disable-system", "--enable-dummy", $"--unixctl={directory}/vs.ctl");
        WaitFor($"{directory}/vs.ctl");

        List<string> setup =
        [
            $"--db={Database}", "--",
            "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "fail_mode=secure", "protocols=OpenFlow13", "--",
            "add-br", "br-u", "--", "set", "bridge", "br-u", "datapath_type=dummy", "--",
            "add-port", "br-u", "u1", "--", "set", "interface", "u1", "type=dummy", "--",
            "add-port", "br0", "vxlan0", "--", "set", "interface", "vxlan0", "type=vxlan", "options:remote_ip=flow", "options:key=flow", "ofport_request=1000",
        ];
        foreach (var port in Enumerable.Range(1, 99).Append(900))
        {
            setup.AddRange(["--", "add-port", "br0", $"p{port}", "--", "set", "interface", $"p{port}", "type=dummy", $"ofport_request={port}"]);
        }

        Run("ovs-vsctl", [.. setup]);
        Ask("netdev-dummy/ip4addr", "br-u", "203.0.113.250/24");
        Ask("netdev-dummy/ip6addr", "br-u", "2001:db8:77::250/64");
        Ask("ovs/route/add", "203.0.113.0/24", "br-u");
        Ask("ovs/route/add", "2001:db8:77::/64", "br-u");
    }

    private static string Text(Group group) =>
        $"group_id={group.Id},type={group.Type.ToString().ToLowerInvariant()}{string.Concat(group.Buckets.Select(b => $",{b}"))}";

    private string Write(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(directory, name);
        File.WriteAllLines(path, lines.Select(l => l.Replace("ipv4_", "ip_", StringComparison.Ordinal))); // The one name that ovs-ofctl(8) has not.
        return path;
    }

    /// <summary>A command to the daemon itself: JSON-RPC on its control socket, as ovs-appctl(8) speaks it.</summary>
    private string Ask(string method, params string[] arguments)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint($"{directory}/vs.ctl"));
        socket.Send(JsonSerializer.SerializeToUtf8Bytes(new { id = 0, method, @params = arguments }));
        var answer = new MemoryStream();
        var buffer = new byte[65536];
        while (true)
        {
            var count = socket.Receive(buffer);
            Assert.NotEqual(0, count);
            answer.Write(buffer, 0, count);
            var reader = new Utf8JsonReader(answer.GetBuffer().AsSpan(0, (int)answer.Length), isFinalBlock: false, default);
            if (JsonDocument.TryParseValue(ref reader, out var document))
            {
                using (document)
                {
                    var error = document.RootElement.GetProperty("error");
                    Assert.True(error.ValueKind == JsonValueKind.Null, $"{method} {string.Join(' ', arguments)}: {error}");
                    return document.RootElement.GetProperty("result").GetString()!;
                }
            }
        }
    }

    private void Daemon(string program, params string[] arguments)
    {
        var start = Command(program, arguments);
        start.RedirectStandardError = start.RedirectStandardOutput = false;
        start.ArgumentList.Add("-vconsole:off");
        daemons.Add(Process.Start(start)!);
    }

    private void WaitFor(string path)
    {
        for (var waited = Stopwatch.StartNew(); !File.Exists(path);)
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), $"{path} did not appear");
            Thread.Sleep(20);
        }
    }

    private void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(Command(program, arguments))!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {errors.Result}{output.Result}");
    }

    private ProcessStartInfo Command(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["OVS_RUNDIR"] = start.Environment["OVS_LOGDIR"] = start.Environment["OVS_DBDIR"] = directory;
        return start;
    }
}
