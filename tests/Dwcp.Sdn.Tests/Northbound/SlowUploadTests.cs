using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Grpc;
using Dwcp.Sdn.Tests.Ovsdb;
using Xunit.Abstractions;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Many large requests that begin and do not end.</summary>
[Collection(nameof(Alone))] // It weighs the whole process.
public sealed class SlowUploadTests(ITestOutputHelper output) : RestFixture
{
    private const int Uploads = 100;
    private const int Room = 8 << 20;
    private const int MessageLength = 4 << 20;
    private const int BodyLength = 1 << 20;

    // Each request may have 64 KiB that nobody has read and 16 KiB of its own; the client is in the same process.
    private const int Most = Room + (Uploads * (80 << 10)) + (16 << 20);

    private static readonly byte[] Spaces = Encoding.ASCII.GetBytes(new string(' ', 64 << 10));

    internal override NorthboundOptions Options { get; } = new()
    {
        Http = new(IPAddress.Loopback, 0),
        Grpc = new(IPAddress.Loopback, 0),
        MaxBytesUnderWay = Room,
        BodyTimeout = TimeSpan.FromMinutes(5),
        RequestTimeout = TimeSpan.FromMinutes(5),
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Memory_holds_with_many_large_slow_uploads_and_small_requests_are_answered_meanwhile(bool grpc)
    {
        Assert.Equal(201, (await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""")).Status);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var http = new HttpClient();
        using var gone = new CancellationTokenSource();
        Task<string>[] answers = [.. Enumerable.Range(0, Uploads).Select(_ => grpc ? CallAsync(http, gone.Token) : PutAsync(gone.Token))];

        for (var tries = 0; answers.Count(a => a.IsCompleted) < Uploads - (Room / (grpc ? MessageLength : BodyLength)); tries++)
        {
            Assert.True(tries < 1000, $"{answers.Count(a => a.IsCompleted)} of {Uploads} are refused");
            await Task.Delay(20);
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        string[] refused = [.. answers.Where(a => a.IsCompleted).Select(a => a.Result)];
        output.WriteLine($"{refused.Length} of {Uploads} refused, {grown >> 10} KiB more");
        Assert.All(refused, status => Assert.Equal(grpc ? "8" : "429", status));
        Assert.InRange(grown, long.MinValue, Most);
        Assert.InRange(refused.Length, 1, Uploads - 1);
        Assert.Equal(200, (await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""")).Status);

        await gone.CancelAsync();
        await Task.WhenAll(answers.Select(a => a.ContinueWith(_ => { }, TaskScheduler.Default)));
        for (var tries = 0; (await SendAsync("PUT", "/v1/networks/net1", $$"""{"vni": 5001{{new string(' ', BodyLength / 2)}}}""")).Status == 429; tries++)
        {
            Assert.InRange(tries, 0, 200);
            await Task.Delay(20);
        }
    }

    /// <summary>The status of a call whose message never ends.</summary>
    private async Task<string> CallAsync(HttpClient http, CancellationToken gone)
    {
        using var body = StalledUpload.Message(MessageLength);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{Server.GrpcEndPoint}/dwcp.v1.Networks/Put")
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, gone);
        return answer.Headers.GetValues("grpc-status").Single();
    }

    /// <summary>The status of a request whose body never ends.</summary>
    private async Task<string> PutAsync(CancellationToken gone)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Server.HttpEndPoint, gone);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"PUT /v1/networks/net1 HTTP/1.1\r\nHost: a\r\nContent-Length: {BodyLength}\r\n\r\n"), gone);
        for (var sent = 0; sent < BodyLength - 1;)
        {
            sent += await socket.SendAsync(Spaces.AsMemory(0, Math.Min(Spaces.Length, BodyLength - 1 - sent)), gone);
        }

        var answer = new byte[1024];
        return Encoding.ASCII.GetString(answer, 0, await socket.ReceiveAsync(answer, gone)).Split(' ')[1];
    }
}
