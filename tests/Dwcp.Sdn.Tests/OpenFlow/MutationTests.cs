using System.Buffers.Binary;
using System.Diagnostics;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Dwcp.Sdn.Tests.Ovsdb;
using Xunit.Abstractions;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>Messages with faults that have a structure: lengths, counts, pieces missing, twice or from elsewhere. A seed replays a run: DWCP_SEED.</summary>
[Collection(nameof(Alone))] // It weighs the whole process.
public sealed class MutationTests(ITestOutputHelper output)
{
    private static readonly int Count = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 5_000_000 : 200_000;
    private static readonly ushort[] Lengths = [0, 1, 3, 7, 0xffff];
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(100);

    [Fact]
    [Trait("Category", "Soak")]
    public void Whatever_is_wrong_with_a_message_it_is_refused_or_read_and_nothing_else()
    {
        var seed = Seed.OfThisRun;
        output.WriteLine($"{Count} mutations, DWCP_SEED={seed}");
        var random = new Random(seed);
        var bases = Bases();
        var w = new WireWriter();
        var (read, slow) = (0, 0);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < Count; i++)
        {
            var bytes = Mutated(bases[random.Next(bases.Length)], bases[random.Next(bases.Length)], random);
            var started = Stopwatch.GetTimestamp();
            read += Survives(bytes, w) ? 1 : 0;

            // A collection or another process may take a moment from one; what takes long by itself does so again, and of the processor.
            if (Stopwatch.GetElapsedTime(started) > Longest)
            {
                var cpu = Environment.CpuUsage.TotalTime;
                Survives(bytes, w);
                slow += Environment.CpuUsage.TotalTime - cpu > Longest ? 1 : 0;
            }
        }

        var grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{read} of them were read; {grown / 1024} KB more memory in use");
        Assert.Equal(0, slow);
        Assert.True(read > Count / 20, $"only {read} were read: the mutations are too coarse to reach anything");
        Assert.True(grown < 16 * 1024 * 1024, $"{grown} octets of growth");
    }

    [Fact]
    public void Every_inner_length_may_be_wrong()
    {
        var w = new WireWriter();
        foreach (var bytes in Bases())
        {
            for (var at = OfHeader.Size; at + 2 <= bytes.Length; at++)
            {
                foreach (var length in Lengths)
                {
                    var changed = bytes.ToArray();
                    BinaryPrimitives.WriteUInt16BigEndian(changed.AsSpan(at), length);
                    Survives(changed, w);
                }
            }
        }
    }

    /// <summary>True when the message can be read; then it can be told, written, and is the same when it is read again.</summary>
    private static bool Survives(byte[] bytes, WireWriter w)
    {
        OfMessage message;
        OfHeader header;
        try
        {
            message = OfCodec.Read(bytes, out header);
        }
        catch (WireException)
        {
            return false;
        }

        try
        {
            w.Clear();
            OfCodec.Write(w, header.Xid, message);
            Assert.Equal(message, OfCodec.Read(w.Written, out _));
            Assert.NotEmpty(OfText.Of(header, message));
            return true;
        }
        catch (Exception e)
        {
            Assert.Fail($"{Convert.ToHexStringLower(bytes)}: {e}");
            return false;
        }
    }

    private static byte[][] Bases()
    {
        var w = new WireWriter();
        var samples = Enumerable.Range(0, 500).Select(seed =>
        {
            w.Clear();
            OfCodec.Write(w, 1, new Samples(seed).Message());
            return w.ToArray();
        });
        return [.. VectorTests.All().Select(row => Convert.FromHexString((string)row[1])), .. samples];
    }

    private static byte[] Mutated(byte[] message, byte[] other, Random random)
    {
        var bytes = message.ToList();
        for (var n = random.Next(1, 4); n > 0 && bytes.Count > OfHeader.Size; n--)
        {
            var at = random.Next(OfHeader.Size, bytes.Count);
            var some = random.Next(1, Math.Min(16, bytes.Count - at) + 1);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2 when at + 1 < bytes.Count:
                    var length = Lengths[random.Next(Lengths.Length)];
                    (bytes[at], bytes[at + 1]) = ((byte)(length >> 8), (byte)length);
                    break;
                case 3:
                    bytes.RemoveRange(at, some);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, some));
                    break;
                case 5:
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, 32)).ToArray());
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }

        (bytes[2], bytes[3]) = ((byte)(bytes.Count >> 8), (byte)bytes.Count);
        return [.. bytes];
    }
}
