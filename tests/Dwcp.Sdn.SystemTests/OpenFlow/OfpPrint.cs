using System.Diagnostics;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>What ovs-ofctl's ofp-parse, which is ofp-print for files, says of messages, each on one line.</summary>
internal static class OfpPrint
{
    /// <summary>Stands behind every message, so that one knows where its text ends.</summary>
    private const uint EndOfText = 0xfeed_feed;
    private const string EndLine = "OFPT_BARRIER_REPLY (OF1.3) (xid=0xfeedfeed):";

    public static List<string> Of(IReadOnlyCollection<byte[]> messages)
    {
        var file = Path.GetTempFileName();
        try
        {
            var w = new WireWriter();
            foreach (var message in messages)
            {
                w.Bytes(message);
                OfCodec.Write(w, EndOfText, new BarrierReply());
            }

            File.WriteAllBytes(file, w.Written);
            using var process = Process.Start(new ProcessStartInfo("ovs-ofctl", ["-vconsole:off", "ofp-parse", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, error.Result);
            List<string> told = [.. output.Split(EndLine).SkipLast(1).Select(OneLine)];
            Assert.Equal(messages.Count, told.Count);
            return told;
        }
        finally
        {
            File.Delete(file);
        }
    }

    public static string OneLine(string text) => string.Join(' ', text.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries));
}
