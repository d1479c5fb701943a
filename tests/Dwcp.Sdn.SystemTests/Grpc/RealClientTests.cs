namespace Dwcp.Sdn.SystemTests.Grpc;

/// <summary>Python's grpcio (the C core) and grpc-js against our server.</summary>
public sealed class RealClientTests(RealClients clients) : IClassFixture<RealClients>
{
    public static TheoryData<string> Scenarios { get; } =
    [
        "unary", "streams", "errors", "deadline", "cancel", "eight_megabytes", "thousand", "gzip", "metadata", "health", "reflection", "stalled_reader", "watch",
    ];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Grpcio_calls(string scenario)
        => (await Command.RunAsync("/usr/bin/python3", Path.Combine(clients.Folder, "Python/client.py"), clients.PythonStubs, scenario, clients.ApiPort, clients.EchoPort)).Succeeded();

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Grpc_js_calls(string scenario)
        => (await Command.RunAsync("node", Path.Combine(clients.Folder, "Node/client.js"), clients.NodeStubs, scenario, clients.ApiPort, clients.EchoPort)).Succeeded();
}
