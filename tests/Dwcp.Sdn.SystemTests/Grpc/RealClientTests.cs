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
    public Task Grpcio_calls(string scenario)
        => ForeignProgram.RunAsync(Path.Combine(clients.Folder, "Python"), "/usr/bin/python3", "client.py", clients.Stubs, scenario, clients.ApiPort, clients.EchoPort);

    [Theory]
    [MemberData(nameof(Scenarios))]
    public Task Grpc_js_calls(string scenario)
        => ForeignProgram.RunAsync(Path.Combine(clients.Folder, "Node"), "node", "client.js", clients.Protos, clients.Folder, scenario, clients.ApiPort, clients.EchoPort);
}
