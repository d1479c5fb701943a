using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>MRT, RFC 6396: the records of a dump, read again field by field.</summary>
public class TableDumpTests
{
    [Fact]
    public async Task A_dump_has_each_route_once_with_its_nlri_and_attributes()
    {
        await using var speaker = Speaker("10.9.50.1");
        await speaker.OriginateAsync([.. Enumerable.Range(1, 1500).Select(i => Host(i))]);
        await speaker.OriginateAsync([new(new UnicastRoute(IpPrefix.Parse("198.51.100.0/24")), new PathAttributes { NextHop = IpAddress.Parse("192.0.2.7") }, "static")]);
        var stream = new MemoryStream();
        await speaker.DumpAsync(stream);
        var (subtypes, sequences) = Records(stream.ToArray());
        Assert.Equal(1, subtypes[0]);
        Assert.Equal(1500, subtypes.Count(s => s == 6));
        Assert.Equal(1, subtypes.Count(s => s == 2));
        Assert.Equal(Enumerable.Range(0, 1501), sequences);
    }

    private static (List<int> Subtypes, List<int> Sequences) Records(byte[] bytes)
    {
        var r = new WireReader(bytes);
        var subtypes = new List<int>();
        var sequences = new List<int>();
        while (r.Remaining > 0)
        {
            r.Skip(4);
            Assert.Equal(13, r.U16());
            subtypes.Add(r.U16());
            var body = r.Slice((int)r.U32());
            if (subtypes[^1] == 1)
            {
                Assert.Equal(0x0a093201u, body.U32());
                Assert.Equal((0, 1, 2), (body.U16(), body.U16(), body.U8()));
                continue;
            }

            sequences.Add((int)body.U32());
            if (subtypes[^1] == 6)
            {
                Assert.Equal((25, 70, 2), (body.U16(), body.U8(), body.U8()));
                body.Skip(body.U8());
            }
            else
            {
                Assert.Equal("18c63364", Convert.ToHexStringLower(body.Take(4)));
            }

            Assert.Equal(1, body.U16());
            Assert.Equal(0, body.U16());
            body.Skip(4);
            var attributes = Convert.ToHexStringLower(body.Take(body.U16()));
            Assert.StartsWith(subtypes[^1] == 6 ? "800e0504c0000201" : "400304c0000207", attributes, StringComparison.Ordinal);
            body.End("record");
        }

        return (subtypes, sequences);
    }
}
