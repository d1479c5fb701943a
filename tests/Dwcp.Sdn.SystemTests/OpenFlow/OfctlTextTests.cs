using System.Runtime.CompilerServices;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Our text of messages beside that of ovs-ofctl's ofp-print, over all vectors of the unit tests.</summary>
public class OfctlTextTests
{
    /// <summary>What ofp-print does not read, and what it reads that is the switch's own affair.</summary>
    private static readonly string[] Theirs = ["***decode error", "continuation."];

    /// <summary>What ofp-print is silent about.</summary>
    private const string Ours = "experimenter(0x";

    [Fact]
    public void Messages_are_told_as_ovs_ofctl_tells_them()
    {
        var (messages, compared) = (Vectors().Select(Convert.FromHexString).ToList(), 0);
        foreach (var (bytes, theirs) in messages.Zip(OfpPrint.Of(messages)))
        {
            var ours = Told(bytes);
            if (Theirs.Any(t => theirs.Contains(t, StringComparison.Ordinal)) || ours.Contains(Ours, StringComparison.Ordinal))
            {
                continue;
            }

            Assert.Equal(theirs, ours);
            compared++;
        }

        Assert.True(compared >= 100, $"only {compared} compared");
    }

    [Fact]
    public void Frames_are_told_as_ovs_ofctl_tells_them() => AssertToldAlike(Enumerable.Range(0, 1500).Select(seed =>
    {
        var frame = Frame(new Random(seed));
        return seed % 2 == 0
            ? (OfMessage)new PacketIn(FlowMod.NoBuffer, (ushort)frame.Length, PacketInReason.Action, 3, 5, Match.Of(new FieldMatch(Fields.InPort, 3)), [.. frame])
            : new PacketOut(FlowMod.NoBuffer, PortNumber.Controller, [new OutputAction(new(2))], [.. frame]);
    }));

    [Fact]
    public void Generated_messages_of_every_kind_are_told_as_ovs_ofctl_tells_them() =>
        AssertToldAlike(Enumerable.Range(0, 120 * PlausibleMessages.Kinds).Select(seed => new PlausibleMessages(seed).Message()));

    private static void AssertToldAlike(IEnumerable<OfMessage> messages)
    {
        var w = new WireWriter();
        var written = messages.Select((message, i) =>
        {
            w.Clear();
            OfCodec.Write(w, (uint)i, message);
            return w.ToArray();
        }).ToList();
        var apart = written.Zip(OfpPrint.Of(written), (bytes, theirs) => (Bytes: bytes, Theirs: theirs, Ours: Told(bytes)))
            .Where(t => t.Theirs != t.Ours).Select(t => $"{Convert.ToHexStringLower(t.Bytes)}\n  {t.Theirs}\n  {t.Ours}").ToList();
        Assert.True(apart.Count == 0, $"{apart.Count} differ, such as {string.Join('\n', apart.Take(40))}");
    }

    private static string Told(byte[] bytes)
    {
        var message = OfCodec.Read(bytes, out var header);
        return OfpPrint.OneLine(OfText.Of(header, message));
    }

    /// <summary>A frame of any kind, its layers chosen one by one, now and then cut short.</summary>
    private static byte[] Frame(Random random)
    {
        byte[] Some(int count)
        {
            var octets = new byte[count];
            random.NextBytes(octets);
            return octets;
        }

        byte[] Transport(int kind) => kind switch
        {
            6 => [.. Some(12), (byte)(0x50 | random.Next(16)), (byte)random.Next(256), .. Some(6)],
            17 => [.. Some(4), 0, 8, .. Some(2)],
            58 => random.Next(3) switch
            {
                0 => [135, 0, .. Some(6), 0xfe, 0x80, .. Some(14), 1, 1, .. Some(6)],
                1 => [136, 0, .. Some(6), 0xfe, 0x80, .. Some(14), 2, 1, .. Some(6)],
                _ => [128, 0, .. Some(6)],
            },
            _ => Some(12),
        };

        byte[] Ipv4()
        {
            var kind = (int[])[1, 2, 6, 17, 132, 47];
            var protocol = kind[random.Next(kind.Length)];
            var inner = Transport(protocol);
            var fragment = random.Next(4) switch { 0 => 0x2000, 1 => 0x2010, _ => 0x4000 };
            return [0x45, Some(1)[0], 0, (byte)(20 + inner.Length), 0, 1, (byte)(fragment >> 8), (byte)fragment, Some(1)[0], (byte)protocol, 0, 0, .. Some(8), .. inner];
        }

        byte[] Ipv6()
        {
            var kind = (int[])[58, 6, 17, 132, 59];
            var protocol = kind[random.Next(kind.Length)];
            byte[] inner = random.Next(3) switch
            {
                0 => [(byte)protocol, 0, 1, 4, 0, 0, 0, 0, .. Transport(protocol)],
                1 => [(byte)protocol, 0, 0, (byte)random.Next(2), 0, 0, 0, 1, .. Transport(protocol)],
                _ => Transport(protocol),
            };
            var first = inner is [_, 0, 1, 4, ..] ? 0 : inner is [_, 0, 0, 0 or 1, 0, 0, 0, 1, ..] ? 44 : protocol;
            return [(byte)(0x60 | random.Next(16)), .. Some(3), 0, (byte)inner.Length, (byte)first, Some(1)[0], 0x20, 1, .. Some(14), 0xfe, 0x80, .. Some(14), .. inner];
        }

        byte[] body = random.Next(7) switch
        {
            0 or 1 => [8, 0, .. Ipv4()],
            2 or 3 => [0x86, 0xdd, .. Ipv6()],
            4 => [8, (byte)(random.Next(2) == 0 ? 6 : 0), 0, 1, 8, 0, 6, 4, 0, (byte)random.Next(1, 4), .. Some(20)],
            5 => [0x88, 0x47, .. Some(2), (byte)(random.Next(256) | 1), 64, .. Some(20)],
            _ => [0x88, 0xcc, .. Some(30)],
        };
        byte[] tag = [0x81, 0, (byte)random.Next(256), (byte)random.Next(256)];
        byte[] frame = [.. Some(12), .. random.Next(3) == 0 ? tag : [], .. body];
        return random.Next(10) == 0 ? frame[..random.Next(14, frame.Length)] : frame;
    }

    private static IEnumerable<string> Vectors([CallerFilePath] string here = "")
    {
        var folder = Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Dwcp.Sdn.Tests", "OpenFlow");
        foreach (var file in Directory.GetFiles(folder, "*.vectors").Order())
        {
            var hex = "";
            foreach (var line in File.ReadLines(file).Append(""))
            {
                if (line.StartsWith(' '))
                {
                    hex += line.Trim();
                }
                else if (hex.Length > 0)
                {
                    yield return hex;
                    hex = "";
                }
            }
        }
    }
}
