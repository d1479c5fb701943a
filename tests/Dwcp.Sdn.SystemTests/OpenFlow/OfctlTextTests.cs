using System.Diagnostics;
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
    /// <summary>Where the two differ on purpose: octets instead of a hex dump, and what the one or the other has no words for.</summary>
    private static readonly string[] Otherwise =
    [
        "***decode error", "bytes of payload", "OpenFlow packet too short", "OFPST_GROUP_FEATURES reply",
        "->tun_metadata0", "delete_field:tun_metadata0",
    ];

    [Fact]
    public void Messages_are_told_as_ovs_ofctl_tells_them()
    {
        var compared = 0;
        foreach (var hex in Vectors())
        {
            var theirs = OneLine(PrintedByOfctl(hex));
            if (Otherwise.Any(o => theirs.Contains(o, StringComparison.Ordinal)))
            {
                continue;
            }

            var message = OfCodec.Read(Convert.FromHexString(hex), out var header);
            Assert.Equal(theirs, OneLine(OfText.Of(header, message)));
            compared++;
        }

        Assert.True(compared >= 100, $"only {compared} compared");
    }

    [Fact]
    public void Frames_are_told_as_ovs_ofctl_tells_them()
    {
        foreach (var seed in Enumerable.Range(0, 150))
        {
            var frame = Frame(new Random(seed));
            var w = new WireWriter();
            OfCodec.Write(w, 1, seed % 2 == 0
                ? new PacketIn(FlowMod.NoBuffer, (ushort)frame.Length, PacketInReason.Action, 3, 5, Match.Of(new FieldMatch(Fields.InPort, 3)), [.. frame])
                : new PacketOut(FlowMod.NoBuffer, PortNumber.Controller, [new OutputAction(new(2))], [.. frame]));
            var message = OfCodec.Read(w.Written, out var header);

            Assert.Equal($"{seed}: {OneLine(PrintedByOfctl(Convert.ToHexStringLower(w.Written)))}", $"{seed}: {OneLine(OfText.Of(header, message))}");
        }
    }

    [Fact]
    public void Generated_messages_of_every_kind_are_told_as_ovs_ofctl_tells_them()
    {
        var (w, apart) = (new WireWriter(), new List<string>());
        for (var seed = 0; seed < 20 * PlausibleMessages.Kinds; seed++)
        {
            w.Clear();
            OfCodec.Write(w, (uint)seed, new PlausibleMessages(seed).Message());
            var hex = Convert.ToHexStringLower(w.Written);
            var message = OfCodec.Read(w.Written, out var header);
            var (theirs, ours) = (OneLine(PrintedByOfctl(hex)), OneLine(OfText.Of(header, message)));
            if (theirs != ours)
            {
                apart.Add($"{seed}\n  {theirs}\n  {ours}");
            }
        }

        Assert.True(apart.Count == 0, $"{apart.Count} differ, such as {string.Join('\n', apart.Take(40))}");
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
            6 => [.. Some(12), (byte)(0x50 | random.Next(2)), (byte)random.Next(256), .. Some(6)],
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

    private static string OneLine(string text) => string.Join(' ', text.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries));

    private static string PrintedByOfctl(string hex)
    {
        using var process = Process.Start(new ProcessStartInfo("ovs-ofctl", ["ofp-print", hex]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output;
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
