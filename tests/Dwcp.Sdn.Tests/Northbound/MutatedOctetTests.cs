using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Ovsdb;
using Xunit.Abstractions;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Whatever comes over a connection: each answer is well-formed, no connection stays, and the next caller is served.</summary>
[Collection(nameof(Alone))] // It weighs the whole process.
public sealed class MutatedOctetTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int AtOnce = 48;
    private static readonly bool Soak = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1";
    private static readonly int Connections = Soak ? 500_000 : 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] FrameTypes = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"];

    private readonly Mistakes _mistakes = new();
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly HttpClient _client = new();
    private readonly MemoryFabric _fabric = new(TimeProvider.System);
    private NorthboundServer _server = null!;

    public async Task InitializeAsync()
    {
        var options = new NorthboundOptions { Http = new(IPAddress.Loopback, 0), Grpc = new(IPAddress.Loopback, 0) };
        _server = new(_fabric, options, () => [], _mistakes, TimeProvider.System);
        await _server.StartAsync(CancellationToken.None);
        _client.BaseAddress = new($"http://{_server.HttpEndPoint}");
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    [Trait("Category", "Soak")]
    public async Task Mutated_octets_harm_nobody()
    {
        var seed = Seed.OfThisRun;
        output.WriteLine($"{Connections} connections from seed {seed}; DWCP_SEED={seed} makes the same again");
        var clock = Stopwatch.StartNew();
        await RunAsync(seed, 0, Connections / 5);
        var settled = GC.GetTotalMemory(forceFullCollection: true);
        await RunAsync(seed, Connections / 5, Connections);

        await UntilNoneIsOpenAsync();
        var grown = GC.GetTotalMemory(forceFullCollection: true) - settled;
        output.WriteLine($"{clock.Elapsed.TotalSeconds:0} s, {grown >> 10} KiB more than after the first fifth; the process had {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB at most");
        output.WriteLine(string.Join(", ", _answers.OrderBy(a => a.Key, StringComparer.Ordinal).Select(s => $"{s.Key}: {s.Value}")));
        Assert.InRange(grown, long.MinValue, 48 << 20); // The logs of changes fill up.
        Assert.All(["200", "201", "204", "400", "404", "405", "HEADERS", "DATA", "RST_STREAM", "GOAWAY"], a => Assert.Contains(a, _answers.Keys));
    }

    private Task RunAsync(int seed, int from, int to)
        => Parallel.ForAsync(from, to, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (n, stop) =>
        {
            var one = unchecked(seed + n);
            var (isHttp2, octets) = MutatedOctets.Make(one);
            var answer = Array.Empty<byte>();
            try
            {
                answer = await TellAsync(isHttp2 ? _server.GrpcEndPoint : _server.HttpEndPoint, n, octets).WaitAsync(Patience, stop);
                foreach (var word in isHttp2 ? FramesIn(answer) : StatusesIn(answer))
                {
                    _answers.AddOrUpdate(word, 1, (_, count) => count + 1);
                }

                _mistakes.ThrowIfAny();
                if (n % 500 == 0)
                {
                    await _client.GetStringAsync("/v1/networks", stop);
                    await EmptyAsync(stop);
                }
            }
            catch (Exception e)
            {
                Assert.Fail($"connection {n} of seed {seed} (DWCP_SEED={one} begins with it): {Encoding.Latin1.GetString(octets)}\n{Convert.ToHexString(octets)}\nanswer: {Encoding.Latin1.GetString(answer)}\n{e}");
            }
        });

    /// <summary>Sends the octets, takes what comes while the server is at work, says that no more will come, and takes what there is until the server closes.</summary>
    private static async Task<byte[]> TellAsync(IPEndPoint server, int n, byte[] octets)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

        // All of 127.0.0.0/8 is this machine: so many connections would use up the ports of one address.
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, (byte)(1 + n % 50), 1]), 0));
        await socket.ConnectAsync(server);
        var answer = new MemoryStream();
        var buffer = new byte[16 << 10];
        try
        {
            await socket.SendAsync(octets);
            while (await ReceiveSoonAsync(socket, buffer) is > 0 and var early)
            {
                answer.Write(buffer, 0, early);
            }

            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(buffer) is > 0 and var read)
            {
                answer.Write(buffer, 0, read);
            }
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // It has closed while octets were still on their way to it.
        }

        return answer.ToArray();
    }

    // What has been spoilt leaves the server waiting for the rest.
    private static async Task<int> ReceiveSoonAsync(Socket socket, byte[] buffer)
    {
        using var moment = new CancellationTokenSource(15);
        try
        {
            return await socket.ReceiveAsync(buffer, moment.Token);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    /// <summary>The status of each answer in what HTTP/1.1 sent; the last may have been cut off, as a watch is.</summary>
    private static List<string> StatusesIn(byte[] answer)
    {
        var statuses = new List<string>();
        for (var rest = answer.AsSpan(); !rest.IsEmpty;)
        {
            Assert.True(rest.StartsWith("HTTP/1.1 "u8), "what follows an answer is none");
            var status = Encoding.ASCII.GetString(rest[9..12]);
            Assert.NotEqual("500", status);
            statuses.Add(status);
            var end = rest.IndexOf("\r\n\r\n"u8);
            Assert.True(end > 0, "the header fields do not end");
            var head = Encoding.ASCII.GetString(rest[..end]);
            rest = rest[(end + 4)..];
            if (rest.StartsWith("HTTP/1.1 "u8))
            {
                continue; // To HEAD, or 100.
            }

            if (head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.Ordinal))
            {
                rest = AfterChunks(rest);
            }
            else if (head.IndexOf("\r\nContent-Length: ", StringComparison.Ordinal) is > 0 and var at && !rest.IsEmpty)
            {
                var length = int.Parse(head[(at + 18)..].Split('\r')[0], CultureInfo.InvariantCulture);
                rest = rest[Math.Min(length, rest.Length)..];
            }
            else if (head.Contains("\r\nConnection: close", StringComparison.Ordinal))
            {
                return statuses; // To HTTP/1.0 a watch ends with the connection.
            }
        }

        return statuses;
    }

    private static Span<byte> AfterChunks(Span<byte> rest)
    {
        while (rest.IndexOf("\r\n"u8) is > 0 and var line)
        {
            var length = int.Parse(rest[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (rest.Length < line + 4 + length)
            {
                return [];
            }

            rest = rest[(line + 2 + length)..];
            Assert.True(rest.StartsWith("\r\n"u8), "a chunk is longer than it says");
            rest = rest[2..];
            if (length == 0)
            {
                return rest;
            }
        }

        return [];
    }

    /// <summary>The types of the frames in what HTTP/2 sent; the last may have been cut off.</summary>
    private static List<string> FramesIn(byte[] answer)
    {
        var types = new List<string>();

        // Kestrel answers what begins as HTTP/1.1 does in its words.
        if (answer.AsSpan().StartsWith("HTTP/1.1 "u8))
        {
            return [.. StatusesIn(answer)];
        }

        for (var at = 0; at + 9 <= answer.Length;)
        {
            var head = BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(at));
            var (length, type) = (head >> 8 & 0xffffff, head & 0xff);
            Assert.InRange(length, 0, 16 << 10);
            Assert.InRange(type, 0, FrameTypes.Length - 1);
            types.Add(FrameTypes[type]);
            at += 9 + length;
        }

        return types;
    }

    // Requests make objects; so that memory tells of connections, none of them stays.
    private async Task EmptyAsync(CancellationToken stop)
    {
        foreach (var kind in new[] { ResourceKind.Port, ResourceKind.Network, ResourceKind.Subnet, ResourceKind.Switch, ResourceKind.Bridge, ResourceKind.BgpSpeaker, ResourceKind.BgpPeer, ResourceKind.EvpnRoute })
        {
            foreach (var resource in _fabric.List(kind).Items)
            {
                await _fabric.ApplyAsync(new DeleteCommand(kind, resource.Id), stop);
            }
        }
    }

    private async Task UntilNoneIsOpenAsync()
    {
        string[] ports = [$"server_port=\"{_server.HttpEndPoint.Port}\"", $"server_port=\"{_server.GrpcEndPoint.Port}\""];
        for (var waited = Stopwatch.StartNew(); ;)
        {
            // The one that asks is open itself.
            var open = (await _client.GetStringAsync("/metrics")).Split('\n')
                .Where(l => l.StartsWith("kestrel_active_connections{", StringComparison.Ordinal) && ports.Any(p => l.Contains(p, StringComparison.Ordinal)))
                .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
            if (open == 1)
            {
                return;
            }

            Assert.True(waited.Elapsed < Patience, $"{open} connections are open");
            await Task.Delay(100);
        }
    }
}
