using System.Diagnostics;
using System.Runtime.CompilerServices;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>Our text of messages beside that of ovs-ofctl's ofp-print, over all vectors of the unit tests.</summary>
public class OfctlTextTests
{
    /// <summary>Where the two differ on purpose: octets instead of a hex dump or a decoded frame, and what the one or the other has no words for.</summary>
    private static readonly string[] Otherwise =
    [
        "***decode error", "bytes of payload", "OFPT_PACKET_", "OpenFlow packet too short", "OFPST_GROUP_FEATURES reply",
        "output:NXM_OF_IN_PORT[]", "tun_metadata0 ", "->tun_metadata0", "delete_field:tun_metadata0", "nsh_spi", "encap(",
    ];

    [Fact]
    public void Messages_are_told_as_ovs_ofctl_tells_them()
    {
        var compared = 0;
        foreach (var hex in Vectors())
        {
            var theirs = OneLine(PrintedByOfctl(hex));
            if (Otherwise.Any(o => theirs.Contains(o, StringComparison.Ordinal)) || theirs.EndsWith("delete_field:tun_metadata0", StringComparison.Ordinal))
            {
                continue;
            }

            var message = OfCodec.Read(Convert.FromHexString(hex), out var header);
            Assert.Equal(theirs, OneLine(OfText.Of(header, message)));
            compared++;
        }

        Assert.True(compared >= 100, $"only {compared} compared");
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
