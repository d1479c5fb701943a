using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.Tests.Ovsdb;

/// <summary>What a host that is dialed can make us wait for, and say.</summary>
public sealed class OvsdbDialerTests
{
    [Fact]
    public async Task A_host_that_takes_no_connection_is_given_up_in_time_and_by_name()
    {
        // Nobody accepts, and the queue is full: what else comes is left without an answer.
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        deaf.Listen(0);
        var crowd = Enumerable.Range(0, 4).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)).ToList();
        var connecting = crowd.Select(s => s.ConnectAsync(deaf.LocalEndPoint!)).ToList();
        await Task.WhenAny(connecting);
        var clock = Stopwatch.StartNew();

        var options = new OvsdbOptions { Times = new HostTimes { Connect = TimeSpan.FromMilliseconds(300) } };
        var refused = await Assert.ThrowsAsync<IOException>(() =>
            OvsdbDialer.ConnectAsync($"tcp:{deaf.LocalEndPoint}", options, TimeProvider.System, NullLogger.Instance));

        Assert.Equal($"tcp:{deaf.LocalEndPoint}: no connection within 0.3 s", refused.Message);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(9));
        crowd.ForEach(s => s.Dispose());
        await Task.WhenAll(connecting).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Theory]
    [InlineData("""{"error": "LONG", "details": "LONG"}""")]
    [InlineData("\"LONG\"")]
    public void The_text_of_an_error_is_cut_where_it_is_too_long(string form)
    {
        using var error = JsonDocument.Parse(form.Replace("LONG", new string('x', 1_000_000), StringComparison.Ordinal));

        var text = OvsdbError.Text(error.RootElement);

        Assert.InRange(text.Length, OvsdbError.MostCharacters, (2 * OvsdbError.MostCharacters) + 10);
        Assert.Contains("x…", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_error_is_told_whole()
    {
        using var error = JsonDocument.Parse("""{"error": "constraint violation", "details": "two of a name"}""");

        Assert.Equal("constraint violation (two of a name)", OvsdbError.Text(error.RootElement));
    }
}
