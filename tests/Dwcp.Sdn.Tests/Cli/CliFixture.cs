using System.Net;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Cli;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Northbound;
using Dwcp.Sdn.Tests.Store;
using Microsoft.Extensions.Logging.Abstractions;
using CommandLine = Dwcp.Sdn.Cli.CommandLine;

namespace Dwcp.Sdn.Tests.Cli;

/// <summary>What a run of dwcpctl printed, and how it ended.</summary>
internal sealed record Run(int Exit, string Out, string Error);

/// <summary>dwcpctl in this process, against a northbound over a fabric in memory.</summary>
public abstract class CliFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("dwcpctl-test-");
    private NorthboundServer? _server;
    private RunningConfiguration? _configuration;

    internal MemoryFabric Fabric { get; } = new(TimeProvider.System);

    internal string Server { get; private set; } = "";

    /// <summary>The options of the controller's command line.</summary>
    internal List<string> Arguments { get; } = [];

    internal string Home => _home.FullName;

    public async Task InitializeAsync()
    {
        var store = new MemoryStateStore();
        _configuration = new(fromApi => ControllerOptions.Load(Arguments, new Dictionary<string, string>(), _ => "", fromApi));
        _configuration.Start(store, await store.ListAsync("/"), ((Loaded.Ready)_configuration.Load()).Options, why => Assert.Fail(why));
        _server = new(Fabric, new() { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) }, () => [], NullLoggerFactory.Instance, TimeProvider.System, _configuration);
        await _server.StartAsync(CancellationToken.None);
        Server = $"http://{_server.HttpEndPoint}";
    }

    public async Task DisposeAsync()
    {
        await _server!.DisposeAsync();
        _configuration!.Dispose();
        _home.Delete(recursive: true);
    }

    internal Task<Run> RunAsync(params string[] words) => RunAsync("", int.MaxValue, words);

    /// <summary>Runs it with text on standard input, or on a terminal of some width without colours.</summary>
    internal async Task<Run> RunAsync(string input, int width, params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exit = await new CommandLine(ShellOf(input, output, error, width)).RunAsync(words);
        return new(exit, output.ToString(), error.ToString());
    }

    internal Shell ShellOf(string input, TextWriter output, TextWriter error, int width = int.MaxValue, params (string Name, string Value)[] variables) => new()
    {
        In = new StringReader(input),
        Out = output,
        Error = error,
        Environment = new (string Name, string Value)[] { ("DWCP_SERVER", Server), ("HOME", Home), ("NO_COLOR", "1") }
            .Concat(variables).GroupBy(v => v.Name).ToDictionary(v => v.Key, v => v.Last().Value),
        OutIsTerminal = width != int.MaxValue,
        Width = width,
        ErrorWidth = width,
    };

    /// <summary>Applies a file that has to be good.</summary>
    internal async Task ApplyAsync(string yaml)
    {
        var run = await RunAsync(yaml, int.MaxValue, "apply", "-f", "-");
        Assert.Equal((0, ""), (run.Exit, run.Error));
    }

    internal string FileOf(string text)
    {
        var path = Path.Combine(Home, $"{Guid.NewGuid():n}.yaml");
        File.WriteAllText(path, text);
        return path;
    }

    internal void SetConditions(ResourceKind kind, string id, params Condition[] conditions) => Fabric.SetStatus(kind, id, status => status with { Conditions = [.. conditions] });

    internal static Condition Is(ConditionType type, ConditionStatus status, string reason, string message = "", long generation = 1)
        => new(type, status, reason, message, generation, TimeProvider.System.GetUtcNow());

    /// <summary>Times of day as TIME, as wide as they are.</summary>
    internal static string WithoutTimes(string text) => Regex.Replace(text, @"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?", "TIME               ");
}
