using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Northbound;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>So many connections of each protocol and no more; whoever leaves makes room.</summary>
public sealed class ConnectionLimitTests : RestFixture
{
    internal override NorthboundOptions Options { get; } = new()
    {
        Http = new(IPAddress.Loopback, 0),
        Grpc = new(IPAddress.Loopback, 0),
        MaxConnections = 3,
    };

    private static readonly string Http = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
    private static readonly string Grpc = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0";

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

    private static async Task<Socket> OpenAsync(IPEndPoint server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server);
        return socket;
    }

    private static async Task<bool> IsServedAsync(Socket socket, string asked)
    {
        try
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(asked));
            return await socket.ReceiveAsync(new byte[1024]).WaitAsync(TimeSpan.FromSeconds(10)) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task EventuallyAsync(Func<Task<bool>> holds)
    {
        for (var attempt = 0; !await holds(); attempt++)
        {
            Assert.True(attempt < 100, "there is no room");
            await Task.Delay(50);
        }
    }
}
