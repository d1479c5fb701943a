using System.Globalization;
using System.Text.Json;

namespace Dwcp.Sdn.SystemTests.Topology;

/// <summary>Hosts whose bridges are learning switches, with cables between them and a VM on each.</summary>
internal sealed class Plain : IAsyncDisposable
{
    private readonly List<Command> relays = [];

    private Plain(Lab lab, ControllerProcess controller) => (Lab, Controller, Api) = (lab, controller, new RestApi(controller));

    public Lab Lab { get; }

    public ControllerProcess Controller { get; }

    public RestApi Api { get; }

    /// <summary>Bridges with datapath ids 1, 2, … on hosts h1, h2, …, each with VM v1, v2, … at 10.9.0.1, 10.9.0.2, …</summary>
    public static Task<Plain> UpAsync(int hosts, params (int A, int B)[] cables) => UpAsync(hosts, async plain =>
    {
        await plain.JoinAsync(hosts);
        await plain.BuildAsync(hosts, cables, isDeaf: false);
    });

    /// <summary>The same with all in place before the switches join, over cables that carry no LLDP.</summary>
    public static Task<Plain> DeafAsync(int hosts, params (int A, int B)[] cables) => UpAsync(hosts, plain => plain.BuildAsync(hosts, cables, isDeaf: true));

    private static async Task<Plain> UpAsync(int hosts, Func<Plain, Task> build)
    {
        var lab = await Lab.UpAsync("--hosts", $"{hosts}", "--bare", "--no-announce");
        Plain? plain = null;
        try
        {
            plain = new Plain(lab, await ControllerProcess.StartAsync(lab, "--openflow-unknown", "LEARNING"));
            for (var h = 1; h <= hosts; h++)
            {
                await lab.VsctlAsync(
                    $"h{h}", "add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev", "fail_mode=secure", "protocols=OpenFlow13",
                    $"other-config:datapath-id={Bridge(h)}", "other-config:disable-in-band=true");
            }

            await build(plain);
            return plain;
        }
        catch
        {
            await (plain?.DisposeAsync() ?? lab.DisposeAsync());
            throw;
        }
    }

    /// <summary>The id of the bridge of a host.</summary>
    public static string Bridge(int host) => host.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Links as "1:2&lt;-&gt;3:4", in the order of their ids, with an x behind those that are blocked.</summary>
    public async Task<string> LinksAsync()
    {
        var items = (await Api.GetAsync("/v1/links")).Body.GetProperty("items").EnumerateArray();
        return string.Join(' ', items.Select(i => i.GetProperty("status")).Select(s =>
            $"{End(s, "source")}{(s.GetProperty("state").GetString() == "TWO_WAY" ? "<->" : "->")}{End(s, "destination")}{(s.TryGetProperty("blocked", out var b) && b.GetBoolean() ? "x" : "")}"));

        static string End(JsonElement status, string which) => $"{Convert.ToUInt64(status.GetProperty(which).GetProperty("switch").GetString(), 16)}";
    }

    /// <summary>Waits until these are the links, and all switches block what they should.</summary>
    public Task<TimeSpan> LinkedAsync(string links) => Until.TrueAsync(
        links,
        TimeSpan.FromSeconds(20),
        async () => await LinksAsync() == links && await Api.MetricAsync("dwcp_tree_unconfirmed") == 0,
        async () => $"{await LinksAsync()}\n{Controller.Log}");

    /// <summary>Takes a host's end of a cable down or up.</summary>
    public async Task SetAsync(string host, string cable, string state) => (await Lab.ExecAsync(host, "ip", "link", "set", cable, state)).Succeeded();

    /// <summary>The names of a cable's ends, such as c0a and c0b.</summary>
    public static (string A, string B) Cable(int number) => ($"c{number}a", $"c{number}b");

    public async ValueTask DisposeAsync()
    {
        foreach (var relay in relays)
        {
            await relay.DisposeAsync();
        }

        await Controller.DisposeAsync();
        await Lab.DisposeAsync();
    }

    /// <summary>The bridges dial the controller, and are learning switches.</summary>
    public async Task JoinedAsync(int hosts)
    {
        await JoinAsync(hosts);
        for (var h = 1; h <= hosts; h++)
        {
            await Until.TrueAsync($"h{h} is a learning switch", TimeSpan.FromSeconds(20), async () =>
                (await Lab.ExecAsync($"h{h}", "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-int")).Succeeded().Contains("priority=0 actions=CONTROLLER", StringComparison.Ordinal));
        }
    }

    private Task JoinAsync(int hosts) => Task.WhenAll(Enumerable.Range(1, hosts).Select(h => Lab.VsctlAsync($"h{h}", "set-controller", "br-int", $"tcp:{Controller.OpenFlow}")));

    private async Task BuildAsync(int hosts, (int A, int B)[] cables, bool isDeaf)
    {
        foreach (var ((a, b), n) in cables.Select((c, n) => (c, n)))
        {
            await Lab.CableAsync($"h{a}", Cable(n).A, $"h{b}", Cable(n).B);
            if (isDeaf)
            {
                relays.Add(await Lab.DeafenAsync($"h{a}", Cable(n).A, $"c{n}r"));
            }
        }

        for (var h = 1; h <= hosts; h++)
        {
            await Lab.PlugAsync($"h{h}", $"v{h}", $"v{h}", null, $"10.9.0.{h}/24");
        }
    }
}

internal static class Cabling
{
    private const string Relay =
        """
        import selectors, socket, sys
        ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) for _ in range(2)]
        wait = selectors.DefaultSelector()
        for end, other, device in zip(ends, reversed(ends), sys.argv[1:]):
            end.bind((device, 3))
            wait.register(end, selectors.EVENT_READ, other)
        print('ready', flush=True)
        while True:
            for key, _ in wait.select():
                frame, (_, _, kind, _, _) = key.fileobj.recvfrom(65536)
                if kind != socket.PACKET_OUTGOING and frame[12:14] != b'\x88\xcc':
                    key.data.send(frame)
        """;

    /// <summary>A cable between the br-int of two hosts.</summary>
    public static async Task CableAsync(this Lab lab, string a, string nameA, string b, string nameB, params string[] settings)
    {
        (await Command.RunAsync("ip", "link", "add", nameA, "netns", $"{lab.Name}-{a}", "type", "veth", "peer", "name", nameB, "netns", $"{lab.Name}-{b}")).Succeeded();
        foreach (var (host, name) in new[] { (a, nameA), (b, nameB) })
        {
            await lab.WireAsync(host, name);
            await lab.VsctlAsync(host, ["add-port", "br-int", name, .. settings.Length == 0 ? [] : new[] { "--", "set", "interface", name }.Concat(settings)]);
        }
    }

    /// <summary>
    /// Brings up what is a wire and no station. What its kernel said there of IPv6 would come to one end of a cable alone, go round a ring
    /// in one direction, and come to each switch by one port again and again: that is no copy, and takes the floods that the port may cause.
    /// </summary>
    private static async Task WireAsync(this Lab lab, string host, string device) =>
        (await lab.ExecAsync(host, "ip", "link", "set", device, "addrgenmode", "none", "up")).Succeeded();

    /// <summary>Puts something between a bridge and its end of a cable that passes all frames on but LLDP, as a bridge that speaks 802.1D does.</summary>
    public static async Task<Command> DeafenAsync(this Lab lab, string host, string name, string near)
    {
        await lab.VsctlAsync(host, "del-port", "br-int", name);
        (await lab.ExecAsync(host, "ip", "link", "add", near, "type", "veth", "peer", "name", $"{near}b")).Succeeded();
        foreach (var device in new[] { near, $"{near}b", name })
        {
            await lab.WireAsync(host, device);
            (await lab.ExecAsync(host, "ip", "link", "set", device, "promisc", "on")).Succeeded();
        }

        await lab.VsctlAsync(host, "add-port", "br-int", near);
        var relay = lab.Start(host, "python3", "-c", Relay, $"{near}b", name);
        await Until.TrueAsync("the relay is ready", TimeSpan.FromSeconds(20), () => Task.FromResult(relay.Printed.Length > 0));
        return relay;
    }

    /// <summary>The next LLDP frame that a node sees on an interface, as hex; sent back at once if so wanted. Where nobody answers the pause may be 45 s.</summary>
    public static async Task<string> CaptureLldpAsync(this Lab lab, string node, string device, bool andReturn = false) =>
        (await lab.ExecAsync(
            node,
            "python3",
            "-c",
            $"import socket; s = socket.socket(17, 3, socket.htons(0x88cc)); s.bind(('{device}', 0x88cc)); s.settimeout(60); f = s.recv(2000); {(andReturn ? "s.send(f); " : "")}print(f.hex())"))
        .Succeeded().Trim();

    /// <summary>Sends frames out of an interface of a node.</summary>
    public static async Task InjectAsync(this Lab lab, string node, string device, params string[] frames) =>
        (await lab.ExecAsync(node, "python3", "-c", $"import socket; s = socket.socket(17, 3); s.bind(('{device}', 0)); [s.send(bytes.fromhex(f)) for f in '{string.Join(' ', frames)}'.split()]")).Succeeded();
}
