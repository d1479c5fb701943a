using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using static Dwcp.Sdn.Tests.Bgp.Peering;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>MRT files of messages, RFC 6396 §4.4, read again field by field, and how they come and go.</summary>
public sealed class MrtArchiveTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-mrt").FullName;

    private MrtSettings Settings => new(directory, true, TimeSpan.Zero, TimeSpan.FromHours(1), 1 << 20, 3);

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public async Task What_a_peer_sends_and_how_its_session_changes_is_there_in_order()
    {
        await using var left = Speaker("10.9.70.1");
        await using (var right = Speaker("10.9.70.2", asn: new Asn(70000)))
        {
            await left.RecordAsync(Settings);
            await left.PutPeerAsync(From("127.9.70.2", new Asn(70000)) with { LocalAddress = IpAddress.Parse("127.9.70.1") });
            await right.PutPeerAsync(To(await left.ListenAsync("127.9.70.1"), "127.9.70.2"));
            await right.OriginateAsync([Host(1)]);
            await UntilAsync(async () => (await left.CountAsync()).Routes == 1, "the route");
        }

        await UntilAsync(async () => (await left.PeersAsync())[0].Phase != BgpPhase.Established, "the end of the session");
        await UntilAsync(() => left.Recording is { Records: > 6 }, "the records");
        Assert.True(left.Recording is { Dropped: 0, LastError: null });
        await left.RecordAsync(null);
        var records = Read(Assert.Single(Directory.GetFiles(directory, "updates.*.mrt")));
        Assert.Equal(["open", "keepalive", "update"], records.Where(r => !r.Contains("->", StringComparison.Ordinal)).Distinct());
        var moves = records.Where(r => r.Contains("->", StringComparison.Ordinal)).ToList();
        Assert.Contains("5->6", moves);
        Assert.Equal('6', moves[^1][0]);
    }

    [Fact]
    public async Task Files_are_finished_by_size_and_the_oldest_go()
    {
        await using var left = Speaker("10.9.71.1");
        await using var right = Speaker("10.9.71.2");
        await left.RecordAsync(Settings with { MaxOctets = 20_000, TableEvery = TimeSpan.FromMilliseconds(100) });
        await left.PutPeerAsync(From("127.9.71.2"));
        await right.PutPeerAsync(To(await left.ListenAsync("127.9.71.1"), "127.9.71.2"));
        for (var round = 1u; round <= 20; round++)
        {
            await right.OriginateAsync([.. Enumerable.Range(1, 300).Select(i => Host(i, sequence: round))]);
            await UntilAsync(async () => (await right.PeersAsync()) is [{ Phase: BgpPhase.Established, OctetsWaiting: 0 }], "the sender");
            await Task.Delay(20);
        }

        await UntilAsync(async () => (await left.RoutesAsync(new RouteQuery())).Items.Count(r => r.Attributes.Mobility?.Sequence == 20) == 300, "the last round");
        await UntilAsync(() => Directory.GetFiles(directory, "rib.*.mrt").Length == 3, "three tables");
        await left.RecordAsync(null); // Before that files come and go.
        Assert.Equal(3, Directory.GetFiles(directory, "rib.*.mrt").Length);
        Assert.Equal(3, Directory.GetFiles(directory, "updates.*.mrt").Length);
        Assert.All(Directory.GetFiles(directory, "updates.*.mrt"), f => Assert.InRange(new FileInfo(f).Length, 0, 20_000 + 4200));
        Assert.All(Directory.GetFiles(directory, "updates.*.mrt"), f => Assert.NotEmpty(Read(f)));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_to_is_said_while_it_lasts_and_ends_nothing()
    {
        var file = Path.Combine(directory, "no-directory");
        await File.WriteAllTextAsync(file, "");
        await using var left = Speaker("10.9.72.1");
        await using var right = Speaker("10.9.72.2");
        await left.RecordAsync(Settings with { Directory = file });
        await left.PutPeerAsync(From("127.9.72.2"));
        await right.PutPeerAsync(To(await left.ListenAsync("127.9.72.1"), "127.9.72.2"));
        await left.UntilUpAsync();
        await UntilAsync(() => left.Recording is { Dropped: > 0, LastError: not null }, "the error");

        // With room to write again nothing is wrong any more.
        File.Delete(file);
        await right.OriginateAsync([Host(1)]);
        await UntilAsync(() => left.Recording is { Records: > 0, LastError: null }, "a record");
    }

    private static List<string> Read(string file)
    {
        var r = new WireReader(File.ReadAllBytes(file));
        var records = new List<string>();
        while (r.Remaining > 0)
        {
            Assert.InRange(DateTimeOffset.FromUnixTimeSeconds(r.U32()), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
            Assert.Equal(16, r.U16());
            var subtype = r.U16();
            var body = r.Slice((int)r.U32());
            Assert.Contains(body.U32(), (uint[])[65000, 70000]);
            Assert.Equal(65000u, body.U32());
            Assert.Equal((0, 1), (body.U16(), body.U16()));
            Assert.Equal(127, body.U8());
            body.Skip(7);
            if (subtype == 5)
            {
                records.Add($"{body.U16()}->{body.U16()}");
            }
            else
            {
                Assert.Equal(4, subtype);
                records.Add(new BgpText().Read(body.Rest()).Type.ToLowerInvariant());
            }

            Assert.Equal(0, body.Remaining);
        }

        return records;
    }
}
