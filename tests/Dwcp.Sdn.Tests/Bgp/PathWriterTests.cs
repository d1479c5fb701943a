using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>UPDATEs for who watches a peer: whatever a peer could say in one message is told in messages that are as long at most.</summary>
public class PathWriterTests
{
    private readonly Desk desk = new();

    [Theory]
    [InlineData(0)]
    [InlineData(60_000)]
    [InlineData(63_500)]
    [InlineData(65_300)]
    public void However_long_the_attributes_are_each_route_is_told(int octets)
    {
        var peer = desk.Peer(capable: c => c with { ExtendedMessages = true });
        var set = desk.Routes.Attributes.Intern(AttributeCodec.ToKept(With(octets)));
        var told = new List<byte[]>();
        var writer = new PathWriter((_, update) => told.Add(update.ToArray()));
        foreach (var number in Enumerable.Range(1, 200))
        {
            writer.Add(peer, BgpFamily.L2VpnEvpn, set, 0, Nlri(number));
        }

        writer.Flush();
        Assert.Equal(200, told.SelectMany(Announced).Distinct().Count());
        Assert.InRange(told.Count, octets == 0 ? 3 : 2, octets < 65_000 ? 10 : 200);
    }

    [Fact]
    public void An_update_that_fills_a_message_to_the_last_octet_is_told()
    {
        var peer = desk.Peer(capable: c => c with { ExtendedMessages = true });
        var room = BgpMessage.LongestExtended - BgpMessage.HeaderLength - Desk.Update(peer, Desk.Mac(), With(256)).Length + 256;
        var body = Desk.Update(peer, Desk.Mac(), With(room));
        Assert.Equal(BgpMessage.LongestExtended, BgpMessage.HeaderLength + body.Length);
        var told = new List<byte[]>();
        desk.Routes.Observer = new Watcher(new PathWriter((_, update) => told.Add(update.ToArray())));
        peer.IsTold = true;
        Assert.Null(desk.Routes.Update(peer, body, first: true).Fault);
        Assert.Equal((BgpMessage.LongestExtended, 1), (Assert.Single(told).Length, Announced(told[0]).Count()));
    }

    private static PathAttributes With(int octets) =>
        octets == 0 ? Desk.Attributes() : Desk.Attributes() with { Others = [new(0xc0, 99, [.. new byte[octets]])] };

    private static byte[] Nlri(int number)
    {
        var (key, body) = RouteMeaning.ToKey(Desk.Mac(number), out var opaque);
        var buffer = new byte[NlriWriter.Largest];
        return buffer[..NlriWriter.Write(key, body, opaque, buffer)];
    }

    private static IEnumerable<string> Announced(byte[] message)
    {
        var said = new BgpText().Read(message);
        Assert.Null(said.Answer);
        return said.Parts.Where(p => p.Kind == BgpPartKind.Announced).Select(p => p.Value);
    }

    private sealed class Watcher(PathWriter writer) : IRouteObserver
    {
        public void Accepted(RibPeer peer, BgpFamily family, AttributeSet set, in Nlri nlri, ReadOnlySpan<byte> octets) =>
            writer.Add(peer, family, set, nlri.PathId, octets);

        public void Gone(RibPeer peer, in RouteKey key, ReadOnlySpan<byte> octets, uint pathId, bool silently) =>
            writer.Add(peer, key.Family, null, pathId, octets);

        public void Finished() => writer.Flush();
    }
}
