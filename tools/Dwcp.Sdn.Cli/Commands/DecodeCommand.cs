using System.CommandLine;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Says what captured messages mean. It needs no controller.</summary>
internal sealed class DecodeCommand : CliCommand
{
    private static readonly string[] Forms = ["text", "json", "hex"];

    private readonly Argument<string> _file = new("FILE") { Description = "One message in hexadecimal on each line; - for standard input", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-" };
    private readonly Option<string> _protocol = new("--protocol") { HelpName = "PROTOCOL", Description = "What the messages are: openflow or bgp", Required = true };
    private readonly Option<string?> _pcap = new("--pcap") { HelpName = "FILE", Description = "Read the messages out of a capture, as tcpdump -w writes it" };
    private readonly Option<string> _output = new("--output", "-o") { HelpName = "FORM", Description = "text, json or hex, which encodes again what was decoded [text]", DefaultValueFactory = _ => "text" };
    private readonly Option<bool> _as4 = new("--as4") { Description = "bgp: AS numbers have four octets (a capture with both OPENs says so itself)" };
    private readonly Option<bool> _addPath = new("--add-path") { Description = "bgp: routes have path identifiers (a capture with both OPENs says so itself)" };

    public DecodeCommand(CommandLine cli)
        : base(cli, "decode", "Say what captured messages mean")
    {
        _protocol.AcceptOnlyFromAmong("openflow", "bgp");
        _output.AcceptOnlyFromAmong(Forms);
        Add(_file);
        Add(_protocol);
        Add(_pcap);
        Add(_output);
        Add(_as4);
        Add(_addPath);
        Details = "Each OpenFlow message gives one line, in the words of ovs-ofctl's ofp-print. A BGP message gives a line and, indented under it, one for each of its parts; a faulty part says which answer of RFC 7606 it gets. For a message that cannot be decoded, or that ends the session, the line begins with error: and says what of it is wrong; the exit code is then 1.";
        Examples =
        [
            new("dwcpctl decode --protocol openflow --pcap of.pcap", "what switches and controller said, captured on port 6653"),
            new("dwcpctl decode --protocol bgp --pcap bgp.pcap", "what routers said, captured on port 179"),
            new("echo 0400000800000001 | dwcpctl decode --protocol openflow -", "one message"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var form = parse.GetValue(_output)!;
        var decode = parse.GetValue(_protocol) == "bgp" ? Bgp(parse, form) : message => (OpenFlow(message.Octets, form), false);
        var protocol = parse.GetValue(_protocol) == "bgp" ? BgpText.Capture : OfCapture.Protocol;
        var failed = false;
        foreach (var (message, fault) in parse.GetValue(_pcap) is { } pcap ? Captured(pcap, protocol) : OfLines(parse.GetValue(_file)!))
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                var (text, faulty) = decode(message ?? throw new WireException(fault!));
                failed |= faulty;
                Shell.Out.WriteLine(text);
            }
            catch (WireException e)
            {
                failed = true;
                Shell.Out.WriteLine($"error: {e.Message}");
            }
        }

        return Task.FromResult(failed ? ExitCode.Refused : ExitCode.Done);
    }

    private static string OpenFlow(byte[] bytes, string form)
    {
        var message = OfCodec.Read(bytes, out var header);
        return form switch
        {
            "json" => OfJson.Of(header, message).ToJsonString(),
            "hex" => Hex(header, message),
            _ => OfText.Of(header, message),
        };
    }

    private Func<CapturedMessage, (string Text, bool IsFaulty)> Bgp(ParseResult parse, string form)
    {
        var assumed = new BgpText(parse.GetValue(_as4), parse.GetValue(_addPath));
        var conversations = new Dictionary<object, BgpConversation>();
        return message =>
        {
            if (!conversations.TryGetValue(message.Connection, out var conversation))
            {
                conversations.Add(message.Connection, conversation = new(assumed));
            }

            var said = conversation.Read(message.Octets, message.Forth);
            var text = form switch
            {
                "json" => BgpJson.Of(said).ToJsonString(),
                "hex" => Convert.ToHexStringLower(said.Again.AsSpan()),
                _ => (said.EndsSession ? "error: " : "") + string.Join('\n', said.Lines),
            };
            return (text, said.EndsSession);
        };
    }

    private static string Hex(OfHeader header, OfMessage message)
    {
        var w = new WireWriter();
        OfCodec.Write(w, header.Xid, message);
        w.PatchU8(0, header.Version);
        return Convert.ToHexStringLower(w.Written);
    }

    private static IEnumerable<(CapturedMessage? Message, string? Fault)> Captured(string file, CapturedProtocol protocol)
    {
        try
        {
            return [.. CapturedMessages.Read(NamedFile.Read("--pcap", file, File.ReadAllBytes), protocol).Select(m => ((CapturedMessage?)m, (string?)null))];
        }
        catch (WireException e)
        {
            throw new CliException(ExitCode.Usage, $"{file}: {e.Message}");
        }
    }

    private IEnumerable<(CapturedMessage? Message, string? Fault)> OfLines(string file)
    {
        using var reader = file == "-" ? Shell.In : NamedFile.Read("FILE", file, f => new StreamReader(f));
        while (reader.ReadLine() is { } line)
        {
            var hex = string.Concat(line.Where(c => !char.IsWhiteSpace(c) && c != ':'));
            if (hex.Length == 0)
            {
                continue;
            }

            yield return hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit)
                ? (new CapturedMessage(Convert.FromHexString(hex), default, true), null)
                : (null, "this is not octets in hexadecimal");
        }
    }
}
