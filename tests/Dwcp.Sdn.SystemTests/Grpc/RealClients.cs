using System.Net;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Grpc;
using Dwcp.Sdn.Tests.Northbound;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.SystemTests.Grpc;

/// <summary>What tests with the clients of others share: both servers, grpcio's stubs by protoc, grpc-js by npm.</summary>
public sealed class RealClients : IAsyncLifetime
{
    private readonly EchoServer _echo = new();
    private readonly NorthboundServer _api = new(
        new MemoryFabric(TimeProvider.System),
        new NorthboundOptions { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) },
        () => [],
        NullLoggerFactory.Instance,
        TimeProvider.System);

    public string Protos { get; } = Path.Combine(Checkout.Root, "northbound/Dwcp.Sdn.Api/Protos");

    public string Folder { get; } = Path.Combine(Checkout.Root, "tests/Dwcp.Sdn.SystemTests/Grpc");

    public string Stubs { get; } = Directory.CreateTempSubdirectory("dwcp-stubs-").FullName;

    public string ApiPort => _api.GrpcEndPoint.Port.ToString();

    public string EchoPort => _echo.Address.Port.ToString();

    public async Task InitializeAsync()
    {
        await _echo.StartAsync();
        await _api.StartAsync(CancellationToken.None);
        var files = Directory.EnumerateFiles(Protos, "*.proto", SearchOption.AllDirectories).Append(Path.Combine(Folder, "echo.proto"));
        var generated = await Command.RunAsync("protoc", [$"-I{Protos}", $"-I{Folder}", $"--python_out={Stubs}", $"--grpc_python_out={Stubs}", "--plugin=protoc-gen-grpc_python=/usr/bin/grpc_python_plugin", .. files]);
        generated.Succeeded();
        if (!Directory.Exists(Path.Combine(Folder, "Node/node_modules")))
        {
            (await Command.RunAsync("npm", "ci", "--prefix", Path.Combine(Folder, "Node"), "--ignore-scripts", "--no-audit", "--no-fund")).Succeeded();
        }
    }

    public async Task DisposeAsync()
    {
        await _echo.DisposeAsync();
        await _api.DisposeAsync();
        Directory.Delete(Stubs, recursive: true);
    }
}
