using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>Messages that nobody thought of.</summary>
public sealed class GeneratedTests
{
    [Fact]
    public void Whatever_is_written_is_read_back_as_it_was()
    {
        var w = new WireWriter();
        for (var seed = 0; seed < 5000; seed++)
        {
            var message = new Samples(seed).Message();
            w.Clear();
            OfCodec.Write(w, (uint)seed, message);
            var read = OfCodec.Read(w.Written, out var header);

            Assert.Equal((uint)seed, header.Xid);
            Assert.True(message == read, $"seed {seed}: {message}\n{read}");
        }
    }

    [Fact]
    public void Damaged_messages_are_refused_or_read_but_never_more()
    {
        var w = new WireWriter();
        for (var seed = 0; seed < 20_000; seed++)
        {
            w.Clear();
            OfCodec.Write(w, 1, new Samples(seed % 1000).Message());
            var bytes = w.ToArray();
            var random = new Random(seed);
            for (var i = random.Next(4); i >= 0 && bytes.Length > OfHeader.Size; i--)
            {
                bytes[random.Next(4, bytes.Length)] = (byte)(random.Next(3) switch { 0 => 0, 1 => 0xff, _ => random.Next(256) });
            }

            try
            {
                OfCodec.Read(bytes, out _);
            }
            catch (WireException)
            {
                // The only exception that a peer can cause.
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
    }

    [Fact]
    public void Normalising_a_rule_twice_changes_nothing()
    {
        for (var seed = 0; seed < 2000; seed++)
        {
            var rule = new Samples(seed).Rule();
            if (rule.Match.Fields.Any(f => f.Field.Name is "vlan_vid" or "vlan_pcp"))
            {
                continue; // Beside a TCI that says otherwise they contradict it; no switch takes such a match.
            }

            var once = Core.Flows.FlowNormal.Of(rule);
            Assert.Equal(once, Core.Flows.FlowNormal.Of(once));
        }
    }

    [Fact]
    public void Echoes_packets_and_removed_flows_are_read_without_allocating()
    {
        var w = new WireWriter();
        OfCodec.Write(w, 1, new EchoRequest([1, 2, 3, 4]));
        var echo = w.ToArray();
        var match = Core.Flows.Match.Of(new Core.Flows.FieldMatch(Core.Flows.Fields.InPort, 3), new Core.Flows.FieldMatch(Core.Flows.Fields.Metadata, 9));
        w.Clear();
        OfCodec.Write(w, 1, new PacketIn(FlowMod.NoBuffer, 60, PacketInReason.Action, 30, 5, match, [.. new byte[60]]));
        var packet = w.ToArray();
        w.Clear();
        OfCodec.Write(w, 1, new FlowRemoved(new(1, 2, match), 5, FlowRemovedReason.Delete, 0, 0, 1, 60, 3, 4));
        var removed = w.ToArray();

        var sum = 0ul;
        ReadAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            ReadAll();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotEqual(0ul, sum);

        void ReadAll()
        {
            w.Clear();
            EchoRequest.WriteReply(w, OfHeader.Read(echo), echo);
            var p = new PacketInView(packet.AsSpan(OfHeader.Size));
            var f = new FlowRemovedView(removed.AsSpan(OfHeader.Size));
            sum += (ulong)w.Length + p.InPort.Value + (ulong)p.Data.Length + f.Packets;
        }
    }
}
