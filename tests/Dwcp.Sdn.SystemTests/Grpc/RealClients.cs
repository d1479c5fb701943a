using System.Net;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Grpc;
using Dwcp.Sdn.Tests.Northbound;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.SystemTests.Grpc;

/// <summary>What tests with the clients of others share: both servers, and the stubs that protoc made for grpcio and for grpc-js.</summary>
public sealed class RealClients : IAsyncLifetime
{
    private static readonly string Protos = Path.Combine(Checkout.Root, "northbound/Dwcp.Sdn.Api/Protos");

    private readonly string _stubs = Directory.CreateTempSubdirectory("dwcp-stubs-").FullName;
    private readonly EchoServer _echo = new();
    private readonly NorthboundServer _api = new(
        new MemoryFabric(TimeProvider.System),
        new NorthboundOptions { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) },
        () => [],
        NullLoggerFactory.Instance,
        TimeProvider.System);

    public string Folder { get; } = Path.Combine(Checkout.Root, "tests/Dwcp.Sdn.SystemTests/Grpc");

    public string PythonStubs => Path.Combine(_stubs, "python");

    public string NodeStubs => Path.Combine(_stubs, "node");

    public string ApiPort => _api.GrpcEndPoint.Port.ToString();

    public string EchoPort => _echo.Address.Port.ToString();

    public async Task InitializeAsync()
    {
        await _echo.StartAsync();
        await _api.StartAsync(CancellationToken.None);
        await MakePythonStubsAsync();
        await MakeNodeStubsAsync();
    }

    public async Task DisposeAsync()
    {
        await _echo.DisposeAsync();
        await _api.DisposeAsync();
        Directory.Delete(_stubs, recursive: true);
    }

    private Task MakePythonStubsAsync()
    {
        Directory.CreateDirectory(PythonStubs);
        return ProtocAsync($"--python_out={PythonStubs}", $"--grpc_python_out={PythonStubs}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin");
    }

    /// <summary>The stubs are in TypeScript, so its types are taken away. What they import is found through a link.</summary>
    private async Task MakeNodeStubsAsync()
    {
        var packages = Path.Combine(Folder, "Node/node_modules");
        if (!Directory.Exists(Path.Combine(packages, "ts-proto")))
        {
            (await Command.RunAsync("npm", "ci", "--prefix", Path.Combine(Folder, "Node"), "--ignore-scripts", "--no-audit", "--no-fund")).Succeeded();
        }
        var typed = Directory.CreateDirectory(Path.Combine(_stubs, "typed")).FullName;
        await ProtocAsync(
            $"--plugin={packages}/.bin/protoc-gen-ts_proto",
            $"--ts_proto_out={typed}",
            "--ts_proto_opt=outputServices=grpc-js,env=node,esModuleInterop=true,importSuffix=.js,forceLong=string,stringEnums=true,useOptionals=messages");
        (await Command.RunAsync($"{packages}/.bin/sucrase", typed, "--out-dir", NodeStubs, "--transforms", "typescript", "--quiet")).Succeeded();
        await File.WriteAllTextAsync(Path.Combine(NodeStubs, "package.json"), """{"type": "module"}""");
        Directory.CreateSymbolicLink(Path.Combine(NodeStubs, "node_modules"), packages);
    }

    private async Task ProtocAsync(params string[] options)
    {
        var files = Directory.EnumerateFiles(Protos, "*.proto", SearchOption.AllDirectories).Append(Path.Combine(Folder, "echo.proto"));
        (await Command.RunAsync("protoc", [$"-I{Protos}", $"-I{Folder}", .. options, .. files])).Succeeded();
    }
}
