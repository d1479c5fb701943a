using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Rib;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Messages with octets changed, cut, repeated and joined at random: nothing throws, and nothing stays when the peer has gone.</summary>
public class MutationTests
{
    private static readonly int Count = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 5_000_000 : 200_000;

    [Fact]
    [Trait("Category", "Soak")]
    public void Mutated_messages_neither_throw_nor_leave_anything_behind()
    {
        var seed = Seed.OfThisRun;
        var random = new Random(seed);
        var corpus = Corpus();
        var routes = new RouteBase(new SpeakerSettings(new Asn(65000), IpAddress.Parse("10.0.0.1")));
        RibPeer Source(int which) => FaultTests.Up(routes, external: which == 1, families: 15, addPath: which == 2);
        var sources = Enumerable.Range(0, 3).Select(Source).ToArray();
        var listener = FaultTests.Up(routes, families: 15);
        var watching = new Watching();
        routes.Observer = watching;
        Array.ForEach(sources, s => s.IsTold = true);
        var taken = 0;
        try
        {
            for (var i = 0; i < Count; i++)
            {
                var message = Mutate(corpus[random.Next(corpus.Count)], corpus, random);
                if (BgpMessage.Frame(message, BgpMessage.Longest, out var length, out var type) is not null || length == 0)
                {
                    continue;
                }

                var body = message.AsSpan(19..length);
                switch (type)
                {
                    case MessageType.Update:
                        var peer = sources[random.Next(sources.Length)];
                        taken += routes.Update(peer, body, random.Next(2) == 0).Fault is null ? 1 : 0;
                        break;
                    case MessageType.Open:
                        if (OpenMessage.Read(body, out _) is { } open)
                        {
                            Session(open);
                        }

                        break;
                    case MessageType.Notification:
                        Assert.NotNull(Notification.Read(body).ToString());
                        break;
                    case MessageType.RouteRefresh:
                        RouteRefresh.Read(body);
                        break;
                }

                if (i % 20_000 == 19_999)
                {
                    // Mutations make routes that never were; a peer that has gone takes its own along.
                    var leaving = random.Next(sources.Length);
                    routes.Down(sources[leaving], default);
                    routes.Remove(sources[leaving]);
                    sources[leaving] = Source(leaving);
                    sources[leaving].IsTold = true;
                }

                if (i % 1000 == 0)
                {
                    while (routes.Groups.Flush())
                    {
                    }

                    foreach (var fed in routes.Groups.Fed)
                    {
                        Valid(fed.Output, fed.External);
                    }

                    routes.Groups.Fed.Clear();
                    RouteListing.List(routes, new RouteQuery(), 0, 50);
                }
            }
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}: {e}");
        }

        Assert.True(taken > Count / 20, $"seed {seed}: only {taken} of {Count} were taken");
        Assert.True(watching.Told > Count / 100, $"seed {seed}: observers were told {watching.Told} times");
        foreach (var peer in (RibPeer[])[.. sources, listener])
        {
            routes.Down(peer, default);
        }

        Assert.Equal((0, 0, 0), (routes.Table.Count, routes.Table.PathCount, routes.Attributes.Count));
        Assert.All(sources, p => Assert.Equal(0, p.Paths));
    }

    /// <summary>What observers are told becomes well-formed UPDATEs.</summary>
    private sealed class Watching : IRouteObserver
    {
        private readonly PathWriter writer;
        private readonly UpdateReader reader = new();

        public Watching() => writer = new((peer, update) =>
        {
            Assert.Null(BgpMessage.Frame(update, BgpMessage.LongestExtended, out var length, out _));
            Assert.Equal(update.Length, length);
            var rules = peer.Rules with { As4 = true };
            reader.Read(update[19..], rules);
            Assert.True(reader.Answer == FaultAnswer.None, $"{reader.Answer}: {Convert.ToHexString(update)}");
            Told++;
        });

        public int Told { get; private set; }

        public void Accepted(RibPeer peer, BgpFamily family, AttributeSet set, in Nlri nlri, ReadOnlySpan<byte> octets) => writer.Add(peer, family, set, nlri.PathId, octets);

        public void Gone(RibPeer peer, in RouteKey key, ReadOnlySpan<byte> octets, uint pathId, bool silently) => writer.Add(peer, key.Family, null, pathId, octets);

        public void Finished() => writer.Flush();
    }

    private static void Session(OpenMessage open)
    {
        var settings = new PeerSettings { Id = "p", RemoteAs = new Asn(65000) };
        var ours = new Capabilities { Families = new FamilySet(15), As4 = new Asn(65000) };
        Dwcp.Sdn.Bgp.Session.Agreement.Of(open, ours, new Asn(65000), IpAddress.Parse("10.0.0.1"), settings, out _);
    }

    /// <summary>What is sent on is well-formed, whatever came in.</summary>
    private static void Valid(OutQueue output, bool external)
    {
        var reader = new UpdateReader();
        var rules = new UpdateRules(external, true, new FamilySet(15), default);
        var rest = new List<byte>();
        while (!output.IsEmpty)
        {
            var part = output.Peek();
            rest.AddRange(part.Span);
            output.Sent(part.Length);
        }

        var bytes = rest.ToArray().AsSpan();
        while (!bytes.IsEmpty)
        {
            Assert.Null(BgpMessage.Frame(bytes, BgpMessage.Longest, out var length, out _));
            Assert.True(length > 0);
            reader.Read(bytes[19..length], rules);
            Assert.True(reader.Answer == FaultAnswer.None, $"{reader.Answer}: {Convert.ToHexString(bytes[..length])}");
            bytes = bytes[length..];
        }
    }

    private static List<byte[]> Corpus()
    {
        var corpus = new List<byte[]>();
        foreach (var vector in VectorTests.Vectors())
        {
            var (meaning, hex) = ((string)vector[0], (string)vector[1]);
            var bytes = Convert.FromHexString(hex);
            var family = meaning.StartsWith("unicast", StringComparison.Ordinal) ? BgpFamily.Ipv4Unicast
                : meaning.StartsWith("membership", StringComparison.Ordinal) ? BgpFamily.RtConstraint
                : BgpFamily.L2VpnEvpn;
            if (meaning.StartsWith("open", StringComparison.Ordinal) || meaning.StartsWith("notification", StringComparison.Ordinal) || meaning.StartsWith("refresh", StringComparison.Ordinal))
            {
                corpus.Add(bytes);
            }
            else if (meaning.StartsWith("nexthop", StringComparison.Ordinal))
            {
                var host = RouteMeaning.ToKey(Peering.Host(corpus.Count).Route, out _);
                var nlri = new byte[NlriWriter.Largest];
                corpus.Add(Update(BgpFamily.L2VpnEvpn, nlri[..NlriWriter.Write(host.Key, host.Body, default, nlri)], AttributeCodec.Attributes(bytes).ToArray()));
            }
            else
            {
                byte[] attributes = [0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 5, 4, 0, 0, 0, 100];
                corpus.Add(Update(family, bytes, attributes));
                corpus.Add(Update(family, bytes, []));
            }
        }

        return corpus;
    }

    private static byte[] Update(BgpFamily family, byte[] nlri, byte[] attributes)
    {
        byte[] head = [0, (byte)family.Afi(), family.Safi()];
        byte[] mp = attributes.Length > 0 ? [0x80, 14, (byte)(nlri.Length + 9), .. head, 4, 192, 0, 2, 1, 0, .. nlri] : [0x80, 15, (byte)(nlri.Length + 3), .. head, .. nlri];
        var size = mp.Length + attributes.Length;
        var total = 23 + size;
        return [.. Enumerable.Repeat((byte)255, 16), (byte)(total >> 8), (byte)total, 2, 0, 0, (byte)(size >> 8), (byte)size, .. mp, .. attributes];
    }

    private static byte[] Mutate(byte[] source, List<byte[]> corpus, Random random)
    {
        var bytes = source.ToList();
        for (var n = random.Next(4); n > 0 && bytes.Count > 20; n--)
        {
            var at = random.Next(19, bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(Math.Min(40, bytes.Count - at))));
                    break;
                case 4:
                    bytes[at] = (byte)(bytes[at] + random.Next(-2, 3));
                    break;
                default:
                    var other = corpus[random.Next(corpus.Count)];
                    bytes.InsertRange(at, other.Skip(random.Next(other.Length)));
                    break;
            }
        }

        // The length of the message is right most of the time, or nothing behind it would ever be read.
        if (random.Next(20) > 0)
        {
            bytes[16] = (byte)(bytes.Count >> 8);
            bytes[17] = (byte)bytes.Count;
            if (bytes[18] == 2 && bytes.Count >= 23 && random.Next(4) > 0)
            {
                (bytes[19], bytes[20], bytes[21], bytes[22]) = (0, 0, (byte)((bytes.Count - 23) >> 8), (byte)(bytes.Count - 23));
            }
        }

        return [.. bytes];
    }
}
