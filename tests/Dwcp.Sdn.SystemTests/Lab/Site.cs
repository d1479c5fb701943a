using System.Globalization;

namespace Dwcp.Sdn.SystemTests;

/// <summary>A lab and a controller that its hosts have joined: all that a test does goes through REST, ovs-vsctl and the VMs.</summary>
internal sealed class Site : IAsyncDisposable
{
    private Site(Lab lab, ControllerProcess controller)
    {
        (Lab, Controller) = (lab, controller);
        Api = new RestApi(controller);
    }

    public Lab Lab { get; }

    public ControllerProcess Controller { get; }

    public RestApi Api { get; }

    /// <summary>Makes a lab with the options of `tools/lab up`, and a controller with options of its own; the hosts know of it and have joined.</summary>
    public static async Task<Site> UpAsync(string[] lab, params string[] controller)
    {
        var site = await AloneAsync(lab, controller);
        try
        {
            var hosts = await site.HostsAsync();
            await Task.WhenAll(hosts.Select(site.MeetAsync));
            await Task.WhenAll(hosts.Select(h => site.Api.WaitAsync($"/v1/switches/{h}", "Programmed", "True")));
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>As <see cref="UpAsync"/>, over TLS alone: each host has a certificate of the controller's own authority.</summary>
    public static async Task<Site> SecuredAsync(string[] lab, params string[] controller)
    {
        var made = await Lab.UpAsync(lab);
        try
        {
            string[] tls = ["--openflow-tls", $"{made.Management}:6654", "--ovsdb-tls", $"{made.Management}:6641"];
            var site = new Site(made, await ControllerProcess.StartAsync("127.0.0.1:0", "127.0.0.1:0", [.. tls, .. controller]));
            try
            {
                foreach (var host in await site.HostsAsync())
                {
                    await site.CertifyAsync(host);
                    await site.Lab.VsctlAsync(host, "set-manager", $"ssl:{made.Management}:6641");
                }

                await site.SettledAsync();
                return site;
            }
            catch
            {
                await site.Controller.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Issues a certificate with dwcpctl and has the host use it.</summary>
    public async Task CertifyAsync(string host, params string[] more)
    {
        var directory = Path.Combine(Lab.Directory, "hosts", host);
        string[] use = more.Length > 0 ? more : ["--host", host];
        (await Command.RunAsync(Checkout.Dwcpctl, ["pki", "issue", host, .. use, "--data", Controller.DataDirectory, "--out", directory])).Succeeded();
        await Lab.VsctlAsync(host, "set-ssl", $"{directory}/{host}.key", $"{directory}/{host}.crt", $"{directory}/ca.crt");
    }

    /// <summary>As <see cref="UpAsync"/>, but no host knows of the controller yet.</summary>
    public static async Task<Site> AloneAsync(string[] lab, params string[] controller)
    {
        var made = await Lab.UpAsync(lab);
        try
        {
            return new(made, await ControllerProcess.StartAsync(made, controller));
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>`set-manager` on a host.</summary>
    public Task MeetAsync(string host) => Lab.VsctlAsync(host, "set-manager", $"tcp:{Controller.Ovsdb}");

    /// <summary>Announces a host of which nobody made an announcement.</summary>
    public Task AnnounceAsync(string host, string id, string vtep) => Lab.VsctlAsync(
        host, "set", "Open_vSwitch", ".", $"external_ids:system-id={id}", $"external_ids:dwcp-vtep-ip=\"{vtep}\"", "external_ids:dwcp-datapath-type=netdev");

    /// <summary>A network and its subnet, 10.N.0.0/24 without a gateway.</summary>
    public async Task NetworkAsync(string id, int n)
    {
        await Api.PutAsync($"/v1/networks/{id}", $$"""{"vni": {{10000 + n}}}""");
        await Api.PutAsync($"/v1/subnets/{id}-v4", $$"""{"network": "{{id}}", "cidr": "10.{{n}}.0.0/24"}""");
    }

    /// <summary>The port of a VM: its MAC ends with the last octet of its first address.</summary>
    public Task PortAsync(string id, string network, params string[] addresses) => Api.PutAsync(
        $"/v1/ports/{id}",
        $$"""{"network": "{{network}}", "mac": "{{MacOf(addresses[0])}}", "addresses": [{{string.Join(", ", addresses.Select(a => $"\"{a}\""))}}]}""");

    /// <summary>A VM on a host, with the addresses of its port.</summary>
    public Task PlugAsync(string host, string vm, params string[] addresses) =>
        Lab.PlugAsync(host, vm, vm, MacOf(addresses[0]), [.. addresses.Select(a => a.Contains(':', StringComparison.Ordinal) ? $"{a}/64" : $"{a}/24")]);

    /// <summary>A port and its VM, programmed everywhere.</summary>
    public async Task VmAsync(string host, string vm, string network, params string[] addresses)
    {
        await PortAsync(vm, network, addresses);
        await PlugAsync(host, vm, addresses);
        await ProgrammedAsync(vm);
    }

    public Task ProgrammedAsync(params string[] ports) => Task.WhenAll(ports.Select(p => Api.WaitAsync($"/v1/ports/{p}", "Programmed", "True")));

    /// <summary>Waits until every host's switch holds all that it needs.</summary>
    public async Task SettledAsync(int seconds = 60) =>
        await Task.WhenAll((await HostsAsync()).Select(h => Api.WaitAsync($"/v1/switches/{h}", "Programmed", "True", seconds)));

    /// <summary>Waits until these hosts' switches, whoever made them, hold all that they need.</summary>
    public Task SettledJoinAsync(params string[] switches) => Task.WhenAll(switches.Select(s => Api.WaitAsync($"/v1/switches/{s}", "Programmed", "True")));

    /// <summary>Gives a VM that is there the MAC and addresses of its port.</summary>
    public async Task DressAsync(string vm, string mac, params string[] addresses)
    {
        (await Lab.ExecAsync(vm, "ip", "link", "set", "dev", "eth0", "address", mac)).Succeeded();
        foreach (var address in addresses)
        {
            (await Lab.ExecAsync(vm, "ip", "address", "add", address, "dev", "eth0")).Succeeded();
        }
    }

    /// <summary>Waits until one VM reaches another.</summary>
    public Task ReachesAsync(string vm, string address, int seconds = 60) => Until.TrueAsync(
        $"{vm} reaches {address}", TimeSpan.FromSeconds(seconds), () => Lab.ReachesAsync(vm, address), () => Task.FromResult(Controller.Log));

    public static string MacOf(string address)
    {
        var octets = address.Split('.').Select(o => byte.Parse(o, CultureInfo.InvariantCulture)).ToArray();
        return $"02:00:00:00:{octets[1]:x2}:{octets[3]:x2}";
    }

    public async ValueTask DisposeAsync()
    {
        await Controller.DisposeAsync();
        await Lab.DisposeAsync();
    }

    private async Task<string[]> HostsAsync() =>
        [.. (await Lab.StatusAsync()).GetProperty("hosts").EnumerateArray().Select(h => h.GetProperty("name").GetString()!)];
}
