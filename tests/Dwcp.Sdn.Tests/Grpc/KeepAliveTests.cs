using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Tests.Northbound;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Tests.Grpc;

/// <summary>A connection whose other end is gone is found out by PING, RFC 9113 §6.7, whichever end is left.</summary>
public sealed class KeepAliveTests : RestFixture
{
    private const byte Settings = 4, Ping = 6;
    private const byte Ack = 1;
    private static readonly byte[] Preface = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, [])];

    internal override NorthboundOptions Options { get; } = new()
    {
        Http = new(IPAddress.Loopback, 0),
        Grpc = new(IPAddress.Loopback, 0),
        KeepAlive = TimeSpan.FromSeconds(1.5),
    };

    [Fact]
    public async Task A_silent_client_is_asked_and_without_an_answer_its_connection_ends()
    {
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(Server.GrpcEndPoint);
        await client.SendAsync(Preface);
        for (var answered = 0; answered < 2; answered++)
        {
            var (_, asked) = await UntilAsync(client, f => f is { Type: Ping, Flags: 0 });
            await client.SendAsync(Frame(Ping, Ack, asked));
        }

        await UntilAsync(client, f => f is { Type: Ping, Flags: 0 });

        await Assert.ThrowsAnyAsync<IOException>(() => UntilAsync(client, _ => false)).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Pings_of_a_client_are_answered_however_many_there_are()
    {
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(Server.GrpcEndPoint);
        await client.SendAsync(Preface);
        for (ulong n = 0; n < 1000; n++)
        {
            var sent = new byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(sent, n);
            await client.SendAsync(Frame(Ping, 0, sent));

            Assert.Equal(sent, (await UntilAsync(client, f => f is { Type: Ping, Flags: Ack })).Payload);
        }
    }

    [Fact]
    public async Task A_call_to_a_server_that_answers_no_ping_ends_as_unavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var channel = new GrpcChannel(new($"http://{listener.LocalEndpoint}"), new() { KeepAlive = TimeSpan.FromSeconds(2) });
        var call = channel.CreateCallInvoker().AsyncUnaryCall(EchoServer.Once, null, default, new BytesValue()).ResponseAsync;
        using var server = await listener.AcceptSocketAsync();
        await server.SendAsync(Frame(Settings, 0, []));
        await server.SendAsync(Frame(Settings, Ack, []));

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.WaitAsync(TimeSpan.FromSeconds(20)));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    // RFC 9113 §4.1: 24 length | 8 type | 8 flags | 32 stream, which is 0 here | payload
    private static byte[] Frame(byte type, byte flags, byte[] payload) => [0, 0, (byte)payload.Length, type, flags, 0, 0, 0, 0, .. payload];

    /// <summary>The next frame of which something holds.</summary>
    /// <exception cref="IOException">The connection has ended before it came.</exception>
    private static async Task<((byte Type, byte Flags) Head, byte[] Payload)> UntilAsync(Socket socket, Func<(byte Type, byte Flags), bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await using var stream = new NetworkStream(socket);
        while (true)
        {
            var head = new byte[9];
            await stream.ReadExactlyAsync(head, limit.Token);
            var payload = new byte[head[1] << 8 | head[2]];
            await stream.ReadExactlyAsync(payload, limit.Token);
            if (holds((head[3], head[4])))
            {
                return ((head[3], head[4]), payload);
            }
        }
    }
}
