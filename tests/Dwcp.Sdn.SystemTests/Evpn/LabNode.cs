namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>A machine that is no host of ours, on a lab's underlay and management network: a namespace with daemons in it, removed when disposed.</summary>
internal abstract class LabNode : IAsyncDisposable
{
    private readonly List<Command> _daemons = [];
    private readonly List<string> _namespaces = [];

    /// <param name="number">The last octet of its addresses.</param>
    protected LabNode(Lab lab, int number)
    {
        (Lab, Number) = (lab, number);
        Name = $"{lab.Name}-n{number}";
        var management = lab.Management.ToString();
        Management = $"{management[..management.LastIndexOf('.')]}.{number}";
        Directory = System.IO.Directory.CreateTempSubdirectory($"{Name}-").FullName;
    }

    /// <summary>Its address on the underlay.</summary>
    public string Underlay => $"192.0.2.{Number}";

    /// <summary>Its address on the management network, where BGP runs.</summary>
    public string Management { get; }

    protected Lab Lab { get; }

    protected int Number { get; }

    protected string Name { get; }

    protected string Directory { get; }

    /// <summary>Runs a command in it, which has to succeed.</summary>
    public Task<string> InAsync(params string[] command) => InNamespaceAsync(Name, command);

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var daemon in _daemons)
        {
            await daemon.DisposeAsync();
        }

        foreach (var made in _namespaces)
        {
            await Command.RunAsync("ip", "netns", "del", made);
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    protected static async Task<string> InNamespaceAsync(string name, params string[] command) =>
        (await Command.RunAsync("ip", ["netns", "exec", name, .. command])).Succeeded();

    protected async Task CableAsync()
    {
        await MakeAsync(Name);
        await CableAsync("up0", "underlay", $"{Underlay}/24");
        await CableAsync("mgmt0", "mgmt", $"{Management}/24");
    }

    /// <summary>A namespace that goes with this one.</summary>
    protected async Task MakeAsync(string name)
    {
        (await Command.RunAsync("ip", "netns", "add", name)).Succeeded();
        _namespaces.Add(name);
        await InNamespaceAsync(name, "ip", "link", "set", "lo", "up");
    }

    protected Command Start(string program, params string[] arguments)
    {
        var daemon = Command.Start("ip", ["netns", "exec", Name, program, .. arguments]);
        _daemons.Add(daemon);
        return daemon;
    }

    private async Task CableAsync(string link, string bridge, string address)
    {
        var far = $"n{Number}-{bridge[..1]}";
        var net = $"{Lab.Name}-net";
        (await Command.RunAsync("ip", "link", "add", "dev", link, "netns", Name, "type", "veth", "peer", "name", far, "netns", net)).Succeeded();
        await InNamespaceAsync(net, "ip", "link", "set", far, "master", bridge, "up");

        // A checksum that is left to a device that does not exist makes Open vSwitch drop the tunnel packet.
        await InNamespaceAsync(net, "ethtool", "-K", far, "tx", "off");
        await InAsync("ethtool", "-K", link, "tx", "off");
        await InAsync("ip", "address", "add", address, "dev", link);
        await InAsync("ip", "link", "set", link, "up");
    }
}
