using System.Diagnostics;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>A server of grpcio that answers the same calls with bytes that are ready, which is the least it can do.</summary>
internal sealed class ApiPeer : IDisposable
{
    private const string Program = """
        import sys, threading
        from concurrent import futures
        import grpc

        network, count = bytes.fromhex(sys.argv[1]), int(sys.argv[2])
        added = bytes([0x08, 1, 0x1a]) + (bytes([len(network)]) if len(network) < 128 else bytes([len(network) & 127 | 128, len(network) >> 7])) + network

        def watch(request, call):
            for _ in range(count):
                yield added
            yield b''

        class Networks(grpc.GenericRpcHandler):
            def service(self, details):
                if details.method == '/dwcp.v1.Networks/Get':
                    return grpc.unary_unary_rpc_method_handler(lambda request, call: network)
                if details.method == '/dwcp.v1.Networks/Watch':
                    return grpc.unary_stream_rpc_method_handler(watch)

        server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), handlers=[Networks()])
        print(server.add_insecure_port('127.0.0.1:0'), flush=True)
        server.start()
        sys.stdin.read()
        """;

    private readonly Process _server;

    private ApiPeer(Process server, int port)
    {
        _server = server;
        Address = new($"http://127.0.0.1:{port}");
    }

    public Uri Address { get; }

    public static async Task<ApiPeer> StartAsync(byte[] network, int streamed)
    {
        var server = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", Program, Convert.ToHexString(network), $"{streamed}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return new(server, int.Parse((await server.StandardOutput.ReadLineAsync())!));
    }

    public void Dispose()
    {
        _server.StandardInput.Close();
        if (!_server.WaitForExit(2000))
        {
            _server.Kill();
        }

        _server.Dispose();
    }
}
