using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.SystemTests.Bgp;

/// <summary>MRT files as other people's tools see them.</summary>
public class DumpTests
{
    [Fact]
    public async Task Bgpdump_reads_the_dump_of_a_table_with_paths_of_peers()
    {
        await using var left = Speaker("10.9.51.1");
        await using var right = Speaker("10.9.51.2", asn: new Asn(70000));
        BgpFamily[] families = [BgpFamily.Ipv4Unicast, BgpFamily.Ipv6Unicast, BgpFamily.L2VpnEvpn];
        var at = await left.ListenAsync("127.9.51.1");
        await left.PutPeerAsync(From("127.9.51.2", new Asn(70000)) with { Families = [.. families] });
        await right.PutPeerAsync(To(at, "127.9.51.2") with { Families = [.. families] });
        OriginatedRoute Prefix(string prefix, string hop) => new(
            new UnicastRoute(IpPrefix.Parse(prefix)), new PathAttributes { NextHop = IpAddress.Parse(hop), Communities = [0xfde8_0007] }, "test");
        await right.OriginateAsync([Prefix("198.51.100.0/24", "192.0.2.7"), Prefix("2001:db8:7::/48", "2001:db8::7"), Host(1)]);
        await UntilAsync(async () => (await left.CountAsync()).Routes == 3, "three routes");

        var file = Path.GetTempFileName();
        try
        {
            await using (var stream = File.Create(file))
            {
                await left.DumpAsync(stream);
            }

            var text = (await Command.RunAsync("bgpdump", "-m", file)).Succeeded();
            Assert.Contains("|B|127.9.51.2|70000|198.51.100.0/24|70000|IGP|192.0.2.7|", text, StringComparison.Ordinal);
            Assert.Contains("|B|127.9.51.2|70000|2001:db8:7::/48|70000|IGP|2001:db8::7|", text, StringComparison.Ordinal);
            Assert.Contains("65000:7", text, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Bgpdump_reads_what_a_peer_said_and_how_its_session_changed()
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-bgpdump").FullName;
        try
        {
            await using var left = Speaker("10.9.52.1");
            await using var right = Speaker("10.9.52.2", asn: new Asn(70000));
            await left.RecordAsync(new(directory, true, TimeSpan.Zero, TimeSpan.FromHours(1), 1 << 20, 2));
            var at = await left.ListenAsync("127.9.52.1");
            await left.PutPeerAsync(From("127.9.52.2", new Asn(70000)) with { Families = [BgpFamily.Ipv4Unicast], LocalAddress = IpAddress.Parse("127.9.52.1") });
            await right.PutPeerAsync(To(at, "127.9.52.2") with { Families = [BgpFamily.Ipv4Unicast] });
            OriginatedRoute route = new(new UnicastRoute(IpPrefix.Parse("198.51.100.0/24")), new PathAttributes { NextHop = IpAddress.Parse("192.0.2.7") }, "test");
            await right.OriginateAsync([route]);
            await UntilAsync(async () => (await left.CountAsync()).Routes == 1, "the route");
            await right.WithdrawAsync([route.Route]);
            await UntilAsync(async () => (await left.CountAsync()).Routes == 0, "its end");
            await left.RecordAsync(null);
            var text = (await Command.RunAsync("bgpdump", "-m", Directory.GetFiles(directory)[0])).Succeeded();
            Assert.Contains("|A|127.9.52.2|70000|198.51.100.0/24|70000|IGP|192.0.2.7|", text, StringComparison.Ordinal);
            Assert.Contains("|W|127.9.52.2|70000|198.51.100.0/24", text, StringComparison.Ordinal);
            Assert.Contains("|STATE|127.9.52.2|70000|5|6", text, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
