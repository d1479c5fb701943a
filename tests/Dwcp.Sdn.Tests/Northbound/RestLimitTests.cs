using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Northbound;

namespace Dwcp.Sdn.Tests.Northbound;

public sealed class RestLimitTests : RestFixture
{
    internal override NorthboundOptions Options { get; } = new()
    {
        Http = new(IPAddress.Loopback, 0),
        Grpc = new(IPAddress.Loopback, 0),
        MaxBodyBytes = 4096,
        MaxHeaderBytes = 8192,
        HeaderTimeout = TimeSpan.FromSeconds(1),
        BodyTimeout = TimeSpan.FromSeconds(1),
        RequestTimeout = TimeSpan.FromSeconds(2),
        MaxRequests = 2,
        MaxWatches = 1,
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_body_that_is_too_large_is_413_whether_or_not_its_length_was_announced(bool announced)
    {
        var large = new string(' ', 5000);
        var sent = announced
            ? $"PUT /v1/networks/net1 HTTP/1.1\r\nHost: a\r\nContent-Length: {large.Length}\r\n\r\n{large}"
            : $"PUT /v1/networks/net1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{large.Length:x}\r\n{large}\r\n0\r\n\r\n";

        var answer = await TellAsync(sent);

        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
        Assert.Contains("Send at most 4096 bytes", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_fields_that_are_too_large_are_431_with_the_limit()
    {
        var answer = await SendAsync("GET", "/v1/networks", headers: ("x-large", new string('x', 9000)));

        Assert.Equal(431, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal([" too-large"], answer.Problems);
        Assert.Contains("8192", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_fields_beyond_all_measure_are_431_from_the_web_server()
        => Assert.Equal(431, (await SendAsync("GET", "/v1/networks", headers: ("x-large", new string('x', 40_000)))).Status);

    [Fact]
    public async Task A_target_that_is_too_long_is_414()
    {
        var answer = await SendAsync("GET", "/v1/networks?filter=" + new string('x', 9000));

        Assert.Equal(414, answer.Status);
        Assert.Equal([" too-large"], answer.Problems);
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_408_and_ends_the_connection()
    {
        var answer = await TellAsync("PUT /v1/networks/net1 HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"vni\":");

        Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("urn:dwcp:problem:request-too-slow", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Header_fields_that_do_not_come_are_408()
        => Assert.StartsWith("HTTP/1.1 408", await TellAsync("GET /v1/networks HTTP/1.1\r\nHost: a\r\nX-"), StringComparison.Ordinal);

    [Fact]
    public async Task More_requests_at_once_than_there_are_places_are_429_with_retry_after()
    {
        using var stalled = new Stalled(Client.BaseAddress!);
        await stalled.BeginAsync(2);

        using var refused = await Client.GetAsync("/v1/networks");

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Contains("urn:dwcp:problem:too-many-requests", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(200, (await SendAsync("GET", "/healthz")).Status);

        stalled.Dispose();
        await EventuallyAsync(async () => (await SendAsync("GET", "/v1/networks")).Status == 200);
    }

    [Fact]
    public async Task A_request_that_takes_too_long_is_504()
    {
        Fabric.Waits = stop => Task.Delay(TimeSpan.FromMinutes(1), stop);

        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");

        Assert.Equal(504, answer.Status);
        Assert.Equal([" deadline-exceeded"], answer.Problems);
    }

    [Fact]
    public async Task Watches_have_places_of_their_own()
    {
        using (var first = await Client.GetAsync("/v1/networks?watch=true", HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(HttpStatusCode.OK, first.StatusCode);
            var second = await SendAsync("GET", "/v1/networks?watch=true");
            Assert.Equal(429, second.Status);
            Assert.Equal([" too-many-requests"], second.Problems);
            Assert.Equal(200, (await SendAsync("GET", "/v1/networks")).Status);
        }

        await EventuallyAsync(async () =>
        {
            using var again = await Client.GetAsync("/v1/networks?watch=true", HttpCompletionOption.ResponseHeadersRead);
            return again.StatusCode == HttpStatusCode.OK;
        });
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var attempt = 0; !await holds(); attempt++)
        {
            Assert.True(attempt < 100, "it does not come to hold");
            await Task.Delay(50);
        }
    }

    /// <summary>Sends bytes and returns all that comes until the server closes or has said nothing more for a while.</summary>
    private async Task<string> TellAsync(string request)
    {
        using var socket = await ConnectAsync(Client.BaseAddress!);
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!IsWhole(answer.ToString()) && await socket.ReceiveAsync(buffer, patience.Token) is > 0 and var read)
        {
            answer.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return answer.ToString();
    }

    private static bool IsWhole(string answer)
        => answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var end
        && (answer.Contains("Content-Length: 0\r\n", StringComparison.Ordinal) || (answer.Length > end + 4 && answer.EndsWith('\n')));

    private static async Task<Socket> ConnectAsync(Uri server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server.Host, server.Port);
        return socket;
    }

    /// <summary>Requests whose bodies have begun and do not end.</summary>
    private sealed class Stalled(Uri server) : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        public async Task BeginAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var socket = await ConnectAsync(server);
                _sockets.Add(socket);

                // The server asks for the body when it has come to it.
                await socket.SendAsync(Encoding.ASCII.GetBytes("PUT /v1/networks/net1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"));
                var buffer = new byte[1024];
                Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer)), StringComparison.Ordinal);
            }
        }

        public void Dispose()
        {
            _sockets.ForEach(s => s.Dispose());
            _sockets.Clear();
        }
    }
}
