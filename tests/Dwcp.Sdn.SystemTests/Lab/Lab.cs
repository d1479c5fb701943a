using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests;

/// <summary>Packets of one ping.</summary>
internal readonly partial record struct Pinged(int Sent, int Received)
{
    public int Lost => Sent - Received;

    /// <summary>A ping of just so many packets, whose answers may take three seconds however quick the others were: it would send more while one is late (-w), or wait for twice the longest so far (-W).</summary>
    public static string[] Of(string address, int count) => ["ping", "-c", $"{count}", "-l", $"{count}", "-i", "3", "-W", "3", address];

    /// <summary>A ping that ends well with the first answer to one of the packets of the next few seconds.</summary>
    public static string[] Until(string address) => ["ping", "-c", "1", "-i", "0.1", "-w", "4", address];

    public static Pinged Parse(CommandResult result)
    {
        var summary = Summary().Match(result.Out);
        return summary.Success
            ? new(int.Parse(summary.Groups[1].Value), int.Parse(summary.Groups[2].Value))
            : throw new InvalidOperationException($"{result.Command} printed no summary\n{result.Error}{result.Out}");
    }

    [GeneratedRegex(@"(\d+) packets transmitted, (\d+) received")]
    private static partial Regex Summary();
}

/// <summary>A fabric of Open vSwitch hosts made by tools/lab under a name of its own, removed when disposed.</summary>
internal sealed class Lab : IAsyncDisposable
{
    private Lab(string name, JsonElement status)
    {
        Name = name;
        Directory = status.GetProperty("directory").GetString()!;
        Management = IPAddress.Parse(status.GetProperty("management").GetString()!);
    }

    public string Name { get; }

    public string Directory { get; }

    /// <summary>This machine's address on the lab's management network: a controller that listens here is reached by every host.</summary>
    public IPAddress Management { get; }

    /// <summary>A name that no other lab on this machine has.</summary>
    public static string NewName() => $"t{Random.Shared.NextInt64(1L << 36):x9}";

    /// <summary>Makes a lab with the options of `tools/lab up`.</summary>
    public static async Task<Lab> UpAsync(params string[] options)
    {
        var name = NewName();
        var result = await ToolAsync("up", name, ["--json", .. options]);
        return new(name, JsonDocument.Parse(result.Succeeded()).RootElement);
    }

    public async Task<JsonElement> StatusAsync() =>
        JsonDocument.Parse((await ToolAsync("status", Name, "--json")).Succeeded()).RootElement;

    /// <summary>Runs a command in a host, in a VM or in `net`, the underlay.</summary>
    public Task<CommandResult> ExecAsync(string node, params string[] command) => ToolAsync("exec", Name, [node, .. command]);

    /// <summary>Starts a command that goes on until the test ends it.</summary>
    public Command Start(string node, params string[] command) =>
        Command.Start(Checkout.LabTool, ["exec", "--name", Name, node, .. command]);

    /// <summary>Makes something, such as a socket, inside a node.</summary>
    public Task<T> InsideAsync<T>(string node, Func<T> make) => Namespace.RunAsync($"{Name}-{node}", make);

    /// <summary>`ovs-vsctl` of a host, with its output trimmed.</summary>
    public async Task<string> VsctlAsync(string host, params string[] arguments) =>
        (await ExecAsync(host, ["ovs-vsctl", "--timeout=10", .. arguments])).Succeeded().Trim();

    public async Task<Pinged> PingAsync(string vm, string address, int count = 3) =>
        Pinged.Parse(await ExecAsync(vm, Pinged.Of(address, count)));

    /// <summary>Whether one of the packets of the next few seconds is answered.</summary>
    public async Task<bool> ReachesAsync(string vm, string address) => (await ExecAsync(vm, Pinged.Until(address))).ExitCode == 0;

    /// <summary>Pings until interrupted; <see cref="Pinged.Parse"/> reads the result.</summary>
    public Command StartPing(string vm, string address, TimeSpan interval) =>
        Start(vm, "ping", "-i", $"{interval.TotalSeconds}", address);

    /// <summary>Makes a VM whose port carries the given iface-id; waits up to 10 s for the host's br-int.</summary>
    public async Task PlugAsync(string host, string vm, string ifaceId, string? mac = null, params string[] addresses)
    {
        string[] options = [.. mac is null ? [] : new[] { "--mac", mac }, .. addresses.SelectMany(a => new[] { "--ip", a })];
        (await ToolAsync("plug", Name, [host, vm, "--iface-id", ifaceId, .. options])).Succeeded();
    }

    public async Task UnplugAsync(string vm) => (await ToolAsync("unplug", Name, vm)).Succeeded();

    /// <summary>Restarts a host's ovs-vswitchd; its flows are gone, its database stays.</summary>
    public async Task RestartOvsAsync(string host) => (await ToolAsync("restart-ovs", Name, host)).Succeeded();

    /// <summary>A power cut: no FIN, no RST, no daemons.</summary>
    public async Task KillHostAsync(string host) => (await ToolAsync("kill-host", Name, host)).Succeeded();

    public async Task StartHostAsync(string host) => (await ToolAsync("start-host", Name, host)).Succeeded();

    public async Task DownAsync() => (await ToolAsync("down", Name)).Succeeded();

    public async ValueTask DisposeAsync() => await DownAsync();

    private static Task<CommandResult> ToolAsync(string verb, string name, params string[] more) =>
        Command.RunAsync(Checkout.LabTool, [verb, "--name", name, .. more]);
}
