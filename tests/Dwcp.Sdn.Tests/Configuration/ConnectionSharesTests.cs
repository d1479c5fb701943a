using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Northbound;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Dwcp.Sdn.Southbound.Tls;

namespace Dwcp.Sdn.Tests.Configuration;

/// <summary>What the files that the process may open leave to each listener.</summary>
public sealed class ConnectionSharesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    public void All_connections_and_the_reserve_never_reach_the_limit_whatever_it_is(int openFlows, int ovsdbs)
    {
        for (var limit = ConnectionShares.Least; limit <= 2 * ConnectionShares.Enough; limit++)
        {
            var shares = ConnectionShares.Of(limit, openFlows, ovsdbs);
            var all = ((long)shares.OpenFlow * openFlows) + ((long)shares.Ovsdb * ovsdbs) + (2L * shares.Northbound);
            if (all + ConnectionShares.Reserve(limit) > limit
                || shares.Northbound < 20 || shares.Handshakes < 10
                || shares.Switches + shares.Handshakes >= shares.OpenFlow || shares.Hosts + shares.Handshakes >= shares.Ovsdb
                || (limit >= ConnectionShares.Enough && shares != ConnectionShares.Most))
            {
                Assert.Fail($"with {limit} files: {shares}");
            }
        }

        Assert.Equal(ConnectionShares.Most, ConnectionShares.Of(int.MaxValue, openFlows, ovsdbs));
    }

    [Fact]
    public void Twenty_thousand_files_keep_eleven_thousand_that_are_no_switches_yet() =>
        Assert.Equal(new(11_608, 4353, 1451), ConnectionShares.Of(20_000, openFlows: 1, ovsdbs: 1));

    [Fact]
    public void With_files_enough_all_is_as_without_a_limit()
    {
        var (most, switches, hosts) = (ConnectionShares.Most, new OpenFlowOptions(), new OvsdbOptions());
        Assert.Equal((switches.MaxSockets, switches.MaxConnections), (most.OpenFlow, most.Switches));
        Assert.Equal((hosts.MaxSockets, hosts.MaxConnections), (most.Ovsdb, most.Hosts));
        Assert.Equal((TlsGate.MostHandshakes, new NorthboundOptions().MaxConnections), (most.Handshakes, most.Northbound));
    }

    [Fact]
    public void The_limit_of_this_process_is_the_one_that_the_kernel_tells()
    {
        var line = File.ReadLines("/proc/self/limits").Single(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];
        Assert.Equal(soft == "unlimited" ? int.MaxValue : Math.Min(long.Parse(soft), int.MaxValue), OpenFiles.Limit);
    }
}
