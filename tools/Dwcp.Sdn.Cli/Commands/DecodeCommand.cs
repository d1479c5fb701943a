using System.CommandLine;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Text;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Says what captured messages mean. It needs no controller.</summary>
internal sealed class DecodeCommand : CliCommand
{
    private static readonly string[] Forms = ["text", "json", "hex"];

    private readonly Argument<string> _file = new("FILE") { Description = "One message in hexadecimal on each line; - for standard input", Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => "-" };
    private readonly Option<string> _protocol = new("--protocol") { HelpName = "PROTOCOL", Description = "What the messages are: openflow", Required = true };
    private readonly Option<string?> _pcap = new("--pcap") { HelpName = "FILE", Description = "Read the messages out of a capture, as tcpdump -w writes it" };
    private readonly Option<string> _output = new("--output", "-o") { HelpName = "FORM", Description = "text, json or hex, which encodes again what was decoded [text]", DefaultValueFactory = _ => "text" };

    public DecodeCommand(CommandLine cli)
        : base(cli, "decode", "Say what captured messages mean")
    {
        _protocol.AcceptOnlyFromAmong("openflow");
        _output.AcceptOnlyFromAmong(Forms);
        Add(_file);
        Add(_protocol);
        Add(_pcap);
        Add(_output);
        Details = "Each message gives one line, in the words of ovs-ofctl's ofp-print. For one that cannot be decoded the line begins with error: and says what of it is wrong; the exit code is then 1.";
        Examples =
        [
            new("dwcpctl decode --protocol openflow --pcap of.pcap", "what switches and controller said, captured on port 6653"),
            new("echo 0400000800000001 | dwcpctl decode --protocol openflow -", "one message"),
        ];
    }

    protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var form = parse.GetValue(_output)!;
        var failed = false;
        foreach (var (message, fault) in parse.GetValue(_pcap) is { } pcap ? OfCapture(pcap) : OfLines(parse.GetValue(_file)!))
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                Shell.Out.WriteLine(Say(message ?? throw new WireException(fault!), form));
            }
            catch (WireException e)
            {
                failed = true;
                Shell.Out.WriteLine($"error: {e.Message}");
            }
        }

        return Task.FromResult(failed ? ExitCode.Refused : ExitCode.Done);
    }

    private static string Say(byte[] bytes, string form)
    {
        var message = OfCodec.Read(bytes, out var header);
        return form switch
        {
            "json" => OfJson.Of(header, message).ToJsonString(),
            "hex" => Hex(header, message),
            _ => OfText.Of(header, message),
        };
    }

    private static string Hex(OfHeader header, OfMessage message)
    {
        var w = new WireWriter();
        OfCodec.Write(w, header.Xid, message);
        w.PatchU8(0, header.Version);
        return Convert.ToHexStringLower(w.Written);
    }

    private static IEnumerable<(byte[]? Message, string? Fault)> OfCapture(string file)
    {
        try
        {
            return [.. CapturedMessages.Read(Open(() => File.ReadAllBytes(file))).Select(m => ((byte[]?)m, (string?)null))];
        }
        catch (WireException e)
        {
            throw new CliException(ExitCode.Usage, $"{file}: {e.Message}");
        }
    }

    private IEnumerable<(byte[]? Message, string? Fault)> OfLines(string file)
    {
        using var reader = file == "-" ? Shell.In : Open(() => new StreamReader(file));
        while (reader.ReadLine() is { } line)
        {
            var hex = string.Concat(line.Where(c => !char.IsWhiteSpace(c) && c != ':'));
            if (hex.Length == 0)
            {
                continue;
            }

            yield return hex.Length % 2 == 0 && hex.All(char.IsAsciiHexDigit)
                ? (Convert.FromHexString(hex), null)
                : (null, "this is not octets in hexadecimal");
        }
    }

    private static T Open<T>(Func<T> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Usage, e.Message);
        }
    }
}
