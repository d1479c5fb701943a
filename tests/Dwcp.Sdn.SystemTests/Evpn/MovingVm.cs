using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>
/// A VM that moves without standing still: it has a leg at each end and answers at one of them, as a hypervisor that stops it
/// here and has it go on there in the same moment. What is lost then is lost by the fabric.
/// </summary>
internal sealed class MovingVm : IAsyncDisposable
{
    private const int Port = 7;
    private const int Discard = 9;
    private const int SolSocket = 1;
    private const int SoBindToDevice = 25;

    private readonly Site _site;
    private readonly string _name;
    private readonly string _address;
    private readonly Dictionary<string, (string Link, string Near, Socket Socket)> _legs = [];
    private volatile Socket? _active;
    private int _made;

    private MovingVm(Site site, string name, string address) => (_site, _name, _address) = (site, name, address);

    /// <summary>A VM on a host, with a port of its name.</summary>
    public static async Task<MovingVm> StartAsync(Site site, string host, string name, string network, string address)
    {
        var vm = new MovingVm(site, name, address);
        await site.VmAsync(host, name, network, address);
        foreach (var setting in (string[])["all.rp_filter=0", "default.rp_filter=0", "eth0.rp_filter=0", "all.arp_ignore=1"])
        {
            (await site.Lab.ExecAsync(name, "sysctl", "-qw", $"net.ipv4.conf.{setting}")).Succeeded();
        }

        vm._legs.Add(host, (name, "eth0", await vm.ListenAsync("eth0")));
        vm._active = vm._legs[host].Socket;
        return vm;
    }

    /// <summary>A leg into another namespace, for whoever lives there.</summary>
    /// <param name="at">The host or leaf, as it is called later.</param>
    /// <param name="space">Its namespace.</param>
    /// <returns>The name of the interface there.</returns>
    public async Task<string> LegAsync(string at, string space)
    {
        var (near, far) = ($"eth{++_made}", $"{_name}-{_made}");
        await RunAsync("ip", "link", "add", "dev", far, "netns", space, "mtu", "1450", "type", "veth", "peer", "name", near, "netns", Space);
        await RunAsync("ip", "-n", Space, "link", "set", near, "address", Site.MacOf(_address), "mtu", "1450", "up");
        await RunAsync("ip", "netns", "exec", Space, "ethtool", "-K", near, "tx", "off", "tso", "off", "gso", "off", "gro", "off");
        await RunAsync("ip", "-n", Space, "address", "add", $"{_address}/24", "dev", near);
        await RunAsync("ip", "-n", space, "link", "set", far, "up");
        _legs.Add(at, (far, near, await ListenAsync(near)));
        return far;
    }

    /// <summary>A leg to a host of ours, which is told that the VM is on its way; returns when all is ready for it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="others">To whom the host's switch has a way already: one that knows the way no more drops the first frame.</param>
    public async Task ExpectAsync(string host, params string[] others)
    {
        await PlugAsync(host, "external_ids:dwcp-incoming=true");
        await _site.Api.WaitAsync($"/v1/ports/{_name}", "Degraded", "False Incoming");
        await _site.ProgrammedAsync(_name);
        foreach (var other in others)
        {
            _legs[host].Socket.SendTo([0], new IPEndPoint(IPAddress.Parse(other), Discard));
        }

        // What Open vSwitch has confirmed holds for frames of a kind that it forwards already once its revalidators have looked at them.
        await Task.Delay(300);
    }

    /// <summary>A leg to a host of ours.</summary>
    public async Task PlugAsync(string host, params string[] settings)
    {
        var link = await LegAsync(host, $"{_site.Lab.Name}-{host}");
        await _site.Lab.VsctlAsync(host, ["add-port", "br-int", link, "--", "set", "interface", link, $"external_ids:iface-id={_name}", .. settings]);
    }

    /// <summary>From now on it is at another leg.</summary>
    public void Resume(string at) => _active = _legs[at].Socket;

    /// <summary>Says where it is, as a hypervisor does for it.</summary>
    public Task SpeakAsync(string at) => Command.RunAsync(
        "ip", "netns", "exec", Space, "arping", "-q", "-c", "1", "-w", "1", "-A", "-I", _legs[at].Near, _address);

    /// <summary>Takes a leg away.</summary>
    public async Task LeaveAsync(string at)
    {
        _legs.Remove(at, out var leg);
        leg.Socket.Dispose();
        if (at != "leaf")
        {
            await _site.Lab.VsctlAsync(at, "del-port", "br-int", leg.Link);
        }

        await RunAsync("ip", "-n", Space, "link", "del", leg.Near);
    }

    /// <summary>Sends numbered packets from a namespace to the VM, which answers each, until told to stop; how many got how many answers.</summary>
    public async Task<Func<Task<(int Sent, int Lost, int Double)>>> ProbeAsync(string space, int perSecond)
    {
        var socket = await Namespace.RunAsync(space, () =>
        {
            var made = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 300, ReceiveBufferSize = 1 << 22 };
            made.Connect(new IPEndPoint(IPAddress.Parse(_address), Port));
            return made;
        });
        var (sent, over) = (0, false);
        var answers = new List<int>();
        var reader = new Thread(() =>
        {
            var buffer = new byte[64];
            while (true)
            {
                try
                {
                    socket.Receive(buffer);
                    answers.Add(BitConverter.ToInt32(buffer));
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
                {
                    if (Volatile.Read(ref over))
                    {
                        return;
                    }
                }
                catch (SocketException)
                {
                    // What an unreachable leg answers is no answer.
                }
            }
        });
        var stop = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            var clock = Stopwatch.StartNew();
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    socket.Send(BitConverter.GetBytes(sent));
                }
                catch (SocketException)
                {
                    // Counted as lost.
                }

                sent++;
                var wait = TimeSpan.FromSeconds((double)sent / perSecond) - clock.Elapsed;
                if (wait > TimeSpan.Zero)
                {
                    Thread.Sleep(wait);
                }
            }
        });
        reader.Start();
        writer.Start();
        return async () =>
        {
            await stop.CancelAsync();
            writer.Join();
            Volatile.Write(ref over, true);
            reader.Join();
            socket.Dispose();
            var heard = answers.Distinct().Count();
            return (sent, sent - heard, answers.Count - heard);
        };
    }

    public ValueTask DisposeAsync()
    {
        foreach (var (_, _, socket) in _legs.Values)
        {
            socket.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private string Space => $"{_site.Lab.Name}-{_name}";

    private static async Task RunAsync(string program, params string[] arguments) => (await Command.RunAsync(program, arguments)).Succeeded();

    private async Task<Socket> ListenAsync(string link)
    {
        var socket = await _site.Lab.InsideAsync(_name, () =>
        {
            var made = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 22 };
            made.SetRawSocketOption(SolSocket, SoBindToDevice, Encoding.ASCII.GetBytes($"{link}\0"));
            made.Bind(new IPEndPoint(IPAddress.Any, Port));
            return made;
        });
        new Thread(() => Answer(socket)) { IsBackground = true }.Start();
        return socket;
    }

    private void Answer(Socket socket)
    {
        var buffer = new byte[64];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        try
        {
            while (true)
            {
                var count = socket.ReceiveFrom(buffer, ref from);
                if (_active == socket)
                {
                    socket.SendTo(buffer.AsSpan(0, count), from);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The leg is gone.
        }
    }
}
