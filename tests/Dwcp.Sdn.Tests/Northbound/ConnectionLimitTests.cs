using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Northbound;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>So many connections of each protocol and no more; whoever leaves makes room.</summary>
public sealed partial class ConnectionLimitTests : RestFixture
{
    internal override NorthboundOptions Options { get; } = new()
    {
        Http = new(IPAddress.Loopback, 0),
        Grpc = new(IPAddress.Loopback, 0),
        MaxConnections = 3,
    };

    private static readonly string Http = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

    // With a call: POST / to a, as HPACK has it.
    private static readonly string Grpc = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0" + "\0\0\u0006\u0001\u0005\0\0\0\u0001\u0083\u0086\u0084\u0041\u0001a";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_connection_more_than_the_limit_is_closed_and_the_others_go_on(bool grpc)
    {
        var (listener, asked) = grpc ? (Server.GrpcEndPoint, Grpc) : (Server.HttpEndPoint, Http);
        var open = new List<Socket>();
        for (var n = 0; n < Options.MaxConnections; n++)
        {
            open.Add(await OpenAsync(listener));
            Assert.True(await IsServedAsync(open[^1], asked));
        }

        using (var surplus = await OpenAsync(listener))
        {
            Assert.False(await IsServedAsync(surplus, asked));
        }

        using (var other = await OpenAsync(grpc ? Server.HttpEndPoint : Server.GrpcEndPoint))
        {
            Assert.True(await IsServedAsync(other, grpc ? Http : Grpc));
        }

        open[0].Dispose();
        await EventuallyAsync(async () =>
        {
            using var again = await OpenAsync(listener);
            return await IsServedAsync(again, asked);
        });
        open.ForEach(s => s.Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_asks_nothing_makes_room(bool grpc)
    {
        var (listener, asked) = grpc ? (Server.GrpcEndPoint, Grpc) : (Server.HttpEndPoint, Http);
        using var first = await OpenAsync(listener);
        Assert.True(await IsServedAsync(first, asked));
        var silent = new List<Socket>();
        for (var n = 0; n < 10 * Options.MaxConnections; n++)
        {
            silent.Add(await OpenAsync(listener));
        }

        using var late = await OpenAsync(listener);
        Assert.True(await IsServedAsync(late, asked));
        Assert.False(await IsServedAsync(silent[0], asked));
        if (!grpc)
        {
            Assert.True(await IsServedAsync(first, asked)); // It is still there.
        }

        silent.ForEach(s => s.Dispose());
    }

    private static async Task<Socket> OpenAsync(IPEndPoint server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server);
        return socket;
    }

    /// <summary>Asks, and reads until the answer has begun: with the status line, or with the header fields of stream 1.</summary>
    private static async Task<bool> IsServedAsync(Socket socket, string asked)
    {
        try
        {
            await socket.SendAsync(Encoding.Latin1.GetBytes(asked));
            var (got, buffer) = ("", new byte[1024]);
            while (await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(10)) is > 0 and var count)
            {
                got += Encoding.Latin1.GetString(buffer, 0, count);
                if (got.Contains("HTTP/1.1 200", StringComparison.Ordinal) || HeadersOfStreamOne().IsMatch(got))
                {
                    return true;
                }
            }

            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [GeneratedRegex("\\x01[\\x04\\x05]\\0\\0\\0\\x01")]
    private static partial Regex HeadersOfStreamOne();

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var attempt = 0; !await holds(); attempt++)
        {
            Assert.True(attempt < 100, "there is no room");
            await Task.Delay(50);
        }
    }
}
