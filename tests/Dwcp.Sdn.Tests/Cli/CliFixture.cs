using System.Net;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Northbound;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Cli;

/// <summary>The command line against a northbound on free ports, over REST or gRPC.</summary>
public abstract class CliFixture : IAsyncLifetime
{
    public const string Rest = "rest";
    public const string Grpc = "grpc";

    private NorthboundServer _server = null!;

    internal MemoryFabric Fabric { get; } = new(TimeProvider.System);

    protected List<string> Waiting { get; } = [];

    /// <summary>The home of the user, whose files are there.</summary>
    protected string Home { get; } = Directory.CreateTempSubdirectory("dwcpctl-").FullName;

    protected Dictionary<string, string> Environment { get; } = [];

    public async Task InitializeAsync()
    {
        _server = new(
            Fabric,
            new NorthboundOptions { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) },
            () => Waiting,
            NullLoggerFactory.Instance,
            TimeProvider.System);
        await _server.StartAsync(CancellationToken.None);
        Environment["HOME"] = Home;
        Environment["DWCP_SERVER"] = AddressOf(Rest);
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }

    protected string AddressOf(string way) => way == Rest ? $"http://{_server.HttpEndPoint}" : $"grpc://{_server.GrpcEndPoint}";

    protected string FileOf(string text)
    {
        var file = Path.Combine(Home, $"{Guid.NewGuid():n}.yaml");
        File.WriteAllText(file, text);
        return file;
    }

    internal Task<Said> RunAsync(params string[] words) => RunAsync("", CancellationToken.None, words);

    internal Task<Said> RunWithInputAsync(string input, params string[] words) => RunAsync(input, CancellationToken.None, words);

    internal async Task<Said> RunAsync(string input, CancellationToken stop, params string[] words)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var terminal = new Terminal(new StringReader(input), output, error, Environment.GetValueOrDefault, IsScreen: false);
        var code = await Dwcp.Sdn.Cli.Program.RunAsync(words, terminal, stop);
        return new(code, output.ToString(), error.ToString());
    }
}

/// <summary>What a command said, and how it ended.</summary>
internal sealed record Said(int Code, string Out, string Error)
{
    /// <summary>Both outputs and the code, as a test shows them.</summary>
    public override string ToString() => $"{Out}{Error}[{Code}]";
}
