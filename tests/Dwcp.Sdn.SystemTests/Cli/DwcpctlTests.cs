using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests;

public sealed class DwcpctlTests : IDisposable
{
    private const string Wanted = """
        kind: Port
        id: vm1
        network: blue
        mac: 02:00:00:00:01:0b
        addresses: [10.1.0.11]
        ---
        kind: Port
        id: vm2
        network: blue
        mac: 02:00:00:00:01:0c
        addresses: [10.1.0.12]
        ---
        kind: Subnet
        id: blue-v4
        network: blue
        cidr: 10.1.0.0/24
        ---
        kind: Network
        id: blue
        vni: 10001
        """;

    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task A_network_from_a_file_to_pings_and_to_nothing_again()
    {
        await using var site = await Site.UpAsync(["--hosts", "2"]);
        var dwcpctl = Dwcpctl.Of(site.Controller);
        await File.WriteAllTextAsync(_file, Wanted);

        var early = await dwcpctl.RunAsync("apply", "-f", _file, "--wait=Programmed", "--timeout", "500ms");
        Assert.Equal(4, early.ExitCode);
        Assert.Equal("ports/vm1 created\nports/vm2 created\nsubnets/blue-v4 created\nnetworks/blue created\n", early.Out);
        Assert.Contains("ports/vm1: NoInterface: no interface of a bridge br-int has external_ids:iface-id=vm1", early.Error);

        await site.PlugAsync("h1", "vm1", "10.1.0.11");
        await site.PlugAsync("h2", "vm2", "10.1.0.12");
        Assert.EndsWith("networks/blue unchanged\n4 documents are Programmed\n", await dwcpctl.DoAsync("apply", "-f", _file, "--wait=Programmed"));
        await site.ReachesAsync("vm1", "10.1.0.12");
        Assert.Equal("h1 h2\n", await dwcpctl.DoAsync("get", "ports", "-o", "jsonpath={.items[*].status.host}"));
        Assert.Equal("0 new, 0 changed, 4 unchanged\n", await dwcpctl.DoAsync("diff", "--exit-code", "-f", _file));

        var described = await dwcpctl.DoAsync("describe", "port", "vm1");
        Assert.Contains("interface vm1 of h1", described);
        Assert.Matches(@"\n  h1  \d+ flows, \d+ packets: dwcpctl flows h1 --object ports/vm1\n", described);
        Assert.Contains("ports/vm1  in_port=", await dwcpctl.DoAsync("flows", "h1", "--object", "ports/vm1", "--hit"));

        await File.WriteAllTextAsync(_file, Wanted.Replace("10001", "10002", StringComparison.Ordinal));
        var changed = await dwcpctl.RunAsync("diff", "--exit-code", "-f", _file);
        Assert.Equal(1, changed.ExitCode);
        Assert.Contains("networks/blue\n- vni: 10001\n+ vni: 10002\n", changed.Out);

        Assert.Equal("networks/blue deleted\nsubnets/blue-v4 deleted\nports/vm2 deleted\nports/vm1 deleted\n", await dwcpctl.DoAsync("delete", "-f", _file, "--wait"));
        Assert.Equal("no flows\n", (await dwcpctl.RunAsync("flows", "h1", "--object", "ports/vm1")).Error);
        Assert.Equal(1, (await dwcpctl.RunAsync("get", "port", "vm1")).ExitCode);
    }

    [Fact]
    public async Task A_dead_host_is_named_with_the_command_that_tells_more()
    {
        await using var site = await Site.UpAsync(["--hosts", "2"]);
        var dwcpctl = Dwcpctl.Of(site.Controller);
        Assert.Equal(0, (await dwcpctl.RunAsync("status", "--exit-code")).ExitCode);

        await site.Lab.KillHostAsync("h2");
        await Until.TrueAsync("status sees it", TimeSpan.FromSeconds(60), async () => (await dwcpctl.RunAsync("status", "--exit-code")).ExitCode == 1, () => dwcpctl.DoAsync("status"));

        var status = await dwcpctl.DoAsync("status");
        Assert.Contains("switches        1 OK, 1 wrong\n", status);
        Assert.Contains("! switches/h2\n      SwitchDisconnected: ", status);
        Assert.Contains("next: dwcpctl describe switch h2\n", status);
        Assert.Contains("The switch h2 is not connected", await dwcpctl.DoAsync("describe", "switch", "h2"));
        Assert.Contains("SwitchDisconnected", await dwcpctl.DoAsync("events", "--filter", "subject=switches/h2"));
    }

    [Fact]
    public async Task A_watch_outlives_a_restart_of_the_controller()
    {
        var data = Directory.CreateTempSubdirectory("dwcpctl-watch-");
        var http = FreePlace();
        string[] arguments = ["--data", data.FullName, "--http", http, "--grpc", "127.0.0.1:0", "--ovsdb", "127.0.0.1:0", "--openflow", "127.0.0.1:0"];
        var dwcpctl = new Dwcpctl(new($"http://{http}"));
        var first = Command.Start(Checkout.Controller, arguments);
        await UntilReadyAsync(dwcpctl, first);
        await PutAsync(dwcpctl, "blue", 7);
        await using var watch = dwcpctl.Start("watch", "networks", "-o", "name");
        await Until.TrueAsync("the watch has begun", TimeSpan.FromSeconds(20), () => Task.FromResult(watch.Printed.Contains("ADDED networks/blue\n", StringComparison.Ordinal)));
        await first.TerminateAsync();
        await first.DisposeAsync();

        await using var second = Command.Start(Checkout.Controller, arguments);
        await UntilReadyAsync(dwcpctl, second);
        await PutAsync(dwcpctl, "red", 8);
        await Until.TrueAsync("the watch goes on", TimeSpan.FromSeconds(20), () => Task.FromResult(watch.Printed.Contains("ADDED networks/red\n", StringComparison.Ordinal)), () => Task.FromResult(watch.Printed));

        Assert.Equal(130, (await watch.InterruptAsync()).ExitCode);
        Assert.Equal(1, watch.Printed.Split("ADDED networks/blue\n").Length - 1);
        await second.TerminateAsync();
        data.Delete(recursive: true);
    }

    [Fact]
    public async Task A_watch_asks_whether_its_controller_is_still_there()
    {
        await using var controller = await ControllerProcess.StartAsync();
        await using var watch = Dwcpctl.Of(controller).Start("watch", "networks");
        var connections = "";
        await Until.TrueAsync(
            "the connection has a timer that asks",
            TimeSpan.FromSeconds(20),
            async () => (connections = (await Command.RunAsync("ss", "-Htno", "state", "established", $"( dport = :{controller.Http.BaseAddress!.Port} )")).Succeeded()).Split('\n').Any(l => l.Contains("keepalive,", StringComparison.Ordinal)),
            () => Task.FromResult(connections));
    }

    [Fact]
    public async Task A_watch_ends_when_nobody_reads_it_any_more()
    {
        await using var controller = await ControllerProcess.StartAsync();
        var dwcpctl = Dwcpctl.Of(controller);
        await PutAsync(dwcpctl, "blue", 7);
        await using var watch = Command.Start("bash", ["-c", "set -o pipefail; \"$0\" watch networks -o name --server \"$1\" | head -1", Checkout.Dwcpctl, controller.Http.BaseAddress!.OriginalString.TrimEnd('/')]);
        await Until.TrueAsync("the watch has begun", TimeSpan.FromSeconds(20), () => Task.FromResult(watch.Printed == "ADDED networks/blue\n"), () => Task.FromResult(watch.Printed));

        await PutAsync(dwcpctl, "red", 8);

        Assert.Equal(0, (await watch.EndedAsync(TimeSpan.FromSeconds(20))).ExitCode);
    }

    [Fact]
    public async Task What_is_set_holds_after_a_restart_of_the_controller()
    {
        await using var controller = await ControllerProcess.StartAsync();
        await using var watch = Dwcpctl.Of(controller).Start("watch", "configuration");
        Assert.Equal("log: debug\nreconcile-audit: 30s after a restart of the controller, until then 1m\n", await Dwcpctl.Of(controller).DoAsync("set", "log=debug", "reconcile-audit=30s"));
        await Until.TrueAsync("the watch tells of it", TimeSpan.FromSeconds(20), () => Task.FromResult(watch.Printed.Contains("log=debug,reconcile-audit=30s", StringComparison.Ordinal)), () => Task.FromResult(watch.Printed));
        await controller.TerminateAsync();
        await controller.StartAgainAsync();

        var dwcpctl = Dwcpctl.Of(controller);
        var shown = await dwcpctl.DoAsync("get", "configuration");
        Assert.Matches(@"\nlog +debug +API *\n", shown);
        Assert.Matches(@"\nreconcile-audit +30s +API *\n", shown);
        Assert.Equal("log: information (default)\n", await dwcpctl.DoAsync("unset", "log"));
    }

    [Fact]
    public async Task Without_a_controller_the_exit_code_is_3()
    {
        var result = await new Dwcpctl(new($"http://{FreePlace()}")).RunAsync("status");

        Assert.Equal(3, result.ExitCode);
        Assert.Contains("no controller answers at", result.Error);
    }

    [Fact]
    public async Task The_manual_page_is_sound()
    {
        await File.WriteAllTextAsync(_file, await new Dwcpctl(new("http://127.0.0.1:1")).DoAsync("man"));
        var lint = await Command.RunAsync("mandoc", "-Tlint", "-Wstyle", _file);

        // A page that is made by its program has no date of its own.
        Assert.Equal(["missing date, using \"\": TH"], lint.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[(l.IndexOf("WARNING: ", StringComparison.Ordinal) + 9)..]));
        // Bold letters are struck twice.
        Assert.Contains("watch KIND [options]", Regex.Replace((await Command.RunAsync("mandoc", "-Tascii", _file)).Succeeded(), ".\b", ""));
    }

    [Theory]
    [InlineData("dwcpctl get netw", "networks")]
    [InlineData("dwcpctl get ports --wait=Pro", "Programmed")]
    [InlineData("dwcpctl config set", "set-context")]
    public async Task Bash_completes_words(string line, string expected)
    {
        const string script = """source <(dwcpctl completion bash); COMP_LINE=$0 COMP_POINT=${#0}; _dwcpctl 2>/dev/null; printf '%s\n' "${COMPREPLY[@]}" """;

        Assert.Equal($"{expected}\n", (await CompleteAsync("bash", "--norc", "-c", script, line)).Succeeded());
    }

    [Theory]
    [InlineData("dwcpctl get netw", "dwcpctl get networks ")]
    [InlineData("dwcpctl get ports --wait=Pro", "--wait=Programmed ")]
    [InlineData("dwcpctl config set", "dwcpctl config set-context ")]
    [InlineData("dwcpctl get ports -o jsonp", "-o jsonpath=")]
    public async Task Zsh_completes_words_as_they_are_typed(string line, string expected)
    {
        const string script = """
            zmodload zsh/zpty
            zpty z 'TERM=dumb zsh -f -i'
            zpty -w z 'autoload -Uz compinit; compinit -u -D; source <(dwcpctl completion zsh); print REA''DY'
            zpty -r -m z begun '*READY*'
            zpty -n -w z "$1"$'\t'
            zpty -r -m z shown "*$2*"
            zpty -d z
            """;

        (await CompleteAsync("timeout", "20", "zsh", "-f", "-c", script, "zsh", line, expected)).Succeeded();
    }

    [Theory]
    [InlineData("dwcpctl get netw", "networks\n")]
    [InlineData("dwcpctl get ports --wait=Pro", "--wait=Programmed\n")]
    [InlineData("dwcpctl config set", "set-context\tMake a context, or change its server\n")]
    public async Task Fish_completes_words(string line, string expected)
        => Assert.Equal(expected, (await CompleteAsync("fish", "--no-config", "-c", "dwcpctl completion fish | source; complete -C $argv[1]", line)).Succeeded());

    // Completion must not wait for a controller that is not there.
    private static Task<CommandResult> CompleteAsync(params string[] words)
        => Command.RunAsync("env", ["HOME=/nonexistent", $"PATH={Path.GetDirectoryName(Checkout.Dwcpctl)}:{Environment.GetEnvironmentVariable("PATH")}", "DWCP_SERVER=http://127.0.0.1:1", .. words]);

    private async Task PutAsync(Dwcpctl dwcpctl, string id, int vni)
    {
        await File.WriteAllTextAsync(_file, $"kind: Network\nid: {id}\nvni: {vni}\n");
        Assert.Equal($"networks/{id} created\n", await dwcpctl.DoAsync("apply", "-f", _file));
    }

    private static Task UntilReadyAsync(Dwcpctl dwcpctl, Command controller) => Until.TrueAsync(
        "the controller answers", TimeSpan.FromSeconds(30), async () => (await dwcpctl.RunAsync("version")).ExitCode == 0, () => Task.FromResult(controller.Printed));

    /// <summary>A place to listen that stays free: connections and listeners of others are on 127.0.0.1.</summary>
    private static string FreePlace()
    {
        using var probe = new TcpListener(IPAddress.Parse("127.77.8.1"), 0);
        probe.Start();
        return probe.LocalEndpoint.ToString()!;
    }
}
