using System.Globalization;
using System.Text.Json;

namespace Dwcp.Sdn.SystemTests.Topology;

/// <summary>Hosts whose bridges are learning switches, with cables between them and a VM on each.</summary>
internal sealed class Plain : IAsyncDisposable
{
    private Plain(Lab lab, ControllerProcess controller) => (Lab, Controller, Api) = (lab, controller, new RestApi(controller));

    public Lab Lab { get; }

    public ControllerProcess Controller { get; }

    public RestApi Api { get; }

    /// <summary>Bridges with datapath ids 1, 2, … on hosts h1, h2, …, each with VM v1, v2, … at 10.9.0.1, 10.9.0.2, …</summary>
    public static async Task<Plain> UpAsync(int hosts, params (int A, int B)[] cables)
    {
        var lab = await Lab.UpAsync("--hosts", $"{hosts}", "--bare", "--no-announce");
        try
        {
            var plain = new Plain(lab, await ControllerProcess.StartAsync(lab, "--openflow-unknown", "LEARNING"));
            await plain.BuildAsync(hosts, cables);
            return plain;
        }
        catch
        {
            await lab.DisposeAsync();
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
        await Controller.DisposeAsync();
        await Lab.DisposeAsync();
    }

    private async Task BuildAsync(int hosts, (int A, int B)[] cables)
    {
        for (var h = 1; h <= hosts; h++)
        {
            await Lab.VsctlAsync(
                $"h{h}", "add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev", "fail_mode=secure", "protocols=OpenFlow13",
                $"other-config:datapath-id={Bridge(h)}", "other-config:disable-in-band=true", "--", "set-controller", "br-int", $"tcp:{Controller.OpenFlow}");
        }

        foreach (var ((a, b), n) in cables.Select((c, n) => (c, n)))
        {
            await Lab.CableAsync($"h{a}", Cable(n).A, $"h{b}", Cable(n).B);
        }

        for (var h = 1; h <= hosts; h++)
        {
            await Lab.PlugAsync($"h{h}", $"v{h}", $"v{h}", null, $"10.9.0.{h}/24");
        }
    }
}

internal static class Cabling
{
    /// <summary>A cable between the br-int of two hosts.</summary>
    public static async Task CableAsync(this Lab lab, string a, string nameA, string b, string nameB, params string[] settings)
    {
        (await Command.RunAsync("ip", "link", "add", nameA, "netns", $"{lab.Name}-{a}", "type", "veth", "peer", "name", nameB, "netns", $"{lab.Name}-{b}")).Succeeded();
        foreach (var (host, name) in new[] { (a, nameA), (b, nameB) })
        {
            (await lab.ExecAsync(host, "ip", "link", "set", name, "up")).Succeeded();
            await lab.VsctlAsync(host, ["add-port", "br-int", name, .. settings.Length == 0 ? [] : new[] { "--", "set", "interface", name }.Concat(settings)]);
        }
    }

    /// <summary>The next LLDP frame that a node sees on an interface, as hex; sent back at once if so wanted.</summary>
    public static async Task<string> CaptureLldpAsync(this Lab lab, string node, string device, bool andReturn = false) =>
        (await lab.ExecAsync(
            node,
            "python3",
            "-c",
            $"import socket; s = socket.socket(17, 3, socket.htons(0x88cc)); s.bind(('{device}', 0x88cc)); s.settimeout(20); f = s.recv(2000); {(andReturn ? "s.send(f); " : "")}print(f.hex())"))
        .Succeeded().Trim();

    /// <summary>Sends frames out of an interface of a node.</summary>
    public static async Task InjectAsync(this Lab lab, string node, string device, params string[] frames) =>
        (await lab.ExecAsync(node, "python3", "-c", $"import socket; s = socket.socket(17, 3); s.bind(('{device}', 0)); [s.send(bytes.fromhex(f)) for f in '{string.Join(' ', frames)}'.split()]")).Succeeded();
}
