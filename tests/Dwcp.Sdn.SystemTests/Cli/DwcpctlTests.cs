using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Dwcp.Sdn.SystemTests.Cli;

/// <summary>The command line as its user has it: a program, against a controller that is one too.</summary>
public sealed partial class DwcpctlTests : IAsyncLifetime
{
    private const string Blue = "kind: network\nid: blue\nvni: 5001\n---\nkind: subnet\nid: blue4\nnetwork: blue\ncidr: 10.1.0.0/24\n---\nkind: port\nid: p1\nnetwork: blue\n";
    private readonly string _folder = Directory.CreateTempSubdirectory("dwcpctl-").FullName;
    private ControllerProcess _controller = null!;

    public async Task InitializeAsync() => _controller = await ControllerProcess.StartAsync();

    public async Task DisposeAsync()
    {
        await _controller.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("grpc")]
    public async Task A_file_is_applied_waited_for_shown_and_deleted(string way)
    {
        var file = Path.Combine(_folder, "blue.yaml");
        await File.WriteAllTextAsync(file, Blue);

        Assert.Equal("network/blue created\nsubnet/blue4 created\nport/p1 created\n", (await RunAsync(way, "apply", "-f", file, "--wait=Accepted", "--timeout", "10s")).Succeeded());
        Assert.Equal("10.1.0.1", (await RunAsync(way, "get", "port", "p1", "-o", "jsonpath={.addresses[0]}")).Succeeded().Trim());
        var late = await RunAsync(way, "apply", "-f", file, "--wait=Bound", "--timeout", "0.5s");
        Assert.Equal(4, late.ExitCode);
        Assert.Contains("port/p1: False (NoInterface)", late.Error);
        Assert.Contains("WRONG  1 of 1", (await RunAsync(way, "status")).Succeeded());
        Assert.Equal("port/p1 deleted\nsubnet/blue4 deleted\nnetwork/blue deleted\n", (await RunAsync(way, "delete", "-f", file)).Succeeded());
    }

    [Theory]
    [InlineData("rest")]
    [InlineData("grpc")]
    public async Task A_watch_goes_on_when_the_controller_restarts(string way)
    {
        // After its restart it is to be where it was, so its ports are chosen here.
        var (http, grpc) = (FreePort(), FreePort());
        string[] arguments = ["--data", _folder, "--http", $"127.0.0.1:{http}", "--grpc", $"127.0.0.1:{grpc}", "--ovsdb", "127.0.0.1:0", "--openflow", "127.0.0.1:0"];
        var server = way == "rest" ? $"http://127.0.0.1:{http}" : $"grpc://127.0.0.1:{grpc}";
        await using var before = Command.Start(Checkout.Controller, arguments);
        await SeenAsync(before, "controller: started");
        await using var watch = Command.Start(Checkout.Dwcpctl, "--server", server, "watch", "networks", "-o", "name");
        await ApplyAsync(server, "a", 1);
        await SeenAsync(watch, "ADDED network/a");
        await before.TerminateAsync();
        await using var after = Command.Start(Checkout.Controller, arguments);
        await SeenAsync(watch, "ADDED network/a\nADDED network/a\n");
        await ApplyAsync(server, "b", 2);
        await SeenAsync(watch, "ADDED network/b");

        Assert.Equal(130, (await watch.InterruptAsync()).ExitCode);
    }

    [Fact]
    public async Task Bash_completes_by_asking_the_program()
    {
        await ApplyAsync(ServerOf("rest"), "blue", 1);
        var script = $$"""
            dwcpctl() { {{Checkout.Dwcpctl}} "$@"; }
            export DWCP_SERVER={{ServerOf("rest")}}
            source <(dwcpctl completion bash)
            COMP_WORDS=(dwcpctl get network bl) COMP_CWORD=3
            _dwcpctl
            echo "${COMPREPLY[*]}"
            COMP_WORDS=(dwcpctl sta) COMP_CWORD=1
            _dwcpctl
            echo "${COMPREPLY[*]}"
            """;

        Assert.Equal("blue\nstatus\n", (await Command.RunAsync("bash", "-c", script)).Succeeded());
    }

    [Fact]
    public async Task The_man_page_is_well_formed()
    {
        var page = Path.Combine(_folder, "dwcpctl.1");
        await File.WriteAllTextAsync(page, (await RunAsync("rest", "man")).Succeeded());

        var shown = await Command.RunAsync("groff", "-man", "-Tutf8", "-ww", "-P-c", page);

        Assert.Contains("DWCPCTL(1)", shown.Succeeded());
        Assert.Equal("", shown.Error);
    }

    private string ServerOf(string way) => way == "rest" ? _controller.Http.BaseAddress!.ToString() : $"grpc://{GrpcListener().Match(_controller.Log).Groups[1].Value}";

    private Task<CommandResult> RunAsync(string way, params string[] words) => Command.RunAsync(Checkout.Dwcpctl, ["--server", ServerOf(way), .. words]);

    private async Task ApplyAsync(string server, string id, int vni)
    {
        var file = Path.Combine(_folder, $"{id}.yaml");
        await File.WriteAllTextAsync(file, $"kind: network\nid: {id}\nvni: {vni}\n");
        (await Command.RunAsync(Checkout.Dwcpctl, "--server", server, "apply", "-f", file)).Succeeded();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task SeenAsync(Command watch, string text)
    {
        for (var i = 0; !watch.Printed.Contains(text, StringComparison.Ordinal); i++)
        {
            Assert.True(i < 500, $"'{text}' was not seen in\n{watch.Printed}");
            await Task.Delay(20);
        }
    }

    [GeneratedRegex("gRPC: listening on ([0-9.:]+)")]
    private static partial Regex GrpcListener();
}
