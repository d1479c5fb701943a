using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Tests.Cli;

public sealed class DecodeTests : CliFixture
{
    private const string Hello = "0400000800000001";
    private const string Flow = "040e005800000002000000000000000000000000000000000000000000008000ffffffffffffffffffffffff000000000001000f80000a0208008000140106000004001800000000ffff0010000023200022010300000007";
    private const string FlowText = "OFPT_FLOW_MOD (OF1.3) (xid=0x2): ADD tcp actions=conjunction(7,2/3)";

    [Fact]
    public async Task Each_message_gives_a_line() =>
        Assert.Equal(
            new(0, $"OFPT_HELLO (OF1.3) (xid=0x1): version bitmap: 0x01, 0x02, 0x03, 0x04\n{FlowText}\n", ""),
            await RunAsync($"{Hello}\n\n{Flow}\n", int.MaxValue, "decode", "--protocol", "openflow", "-"));

    [Fact]
    public async Task What_does_not_decode_says_so_on_its_line_and_at_the_end()
    {
        var run = await RunAsync($"{Hello}\n0400\nxyz\n{Flow[..^2]}\n{Flow}\n", int.MaxValue, "decode", "--protocol", "openflow");
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal((1, 5, ""), (run.Exit, lines.Length, run.Error));
        Assert.All(lines[1..4], l => Assert.StartsWith("error: ", l, StringComparison.Ordinal));
        Assert.Equal(FlowText, lines[4]);
    }

    [Fact]
    public async Task What_was_decoded_is_encoded_again() =>
        Assert.Equal(new(0, $"{Hello}\n{Flow}\n", ""), await RunAsync($"{Hello}\n{Flow}\n", int.MaxValue, "decode", "--protocol", "openflow", "-o", "hex"));

    [Fact]
    public async Task Programs_get_json()
    {
        var file = Path.Combine(Home, "messages.txt");
        File.WriteAllText(file, Flow);
        var run = await RunAsync("decode", "--protocol", "openflow", file, "-o", "json");
        var node = JsonNode.Parse(run.Out)!;
        Assert.Equal("FLOW_MOD", (string?)node["type"]);
        Assert.Equal(FlowText, (string?)node["text"]);
        Assert.Equal("tcp", (string?)node["fields"]!["rule"]!["match"]);
        Assert.Equal("conjunction(7,2/3)", (string?)node["fields"]!["rule"]!["apply"]![0]);
    }

    [Fact]
    public async Task A_file_that_is_missing_or_no_capture_is_a_fault_of_the_command_line()
    {
        Assert.Equal(2, (await RunAsync("decode", "--protocol", "openflow", Path.Combine(Home, "absent"))).Exit);
        var file = Path.Combine(Home, "text");
        File.WriteAllText(file, Flow);
        Assert.Equal(new(2, "", $"dwcpctl: {file}: this is no pcap file (tcpdump -w writes one)\n"), await RunAsync("decode", "--protocol", "openflow", "--pcap", file));
        Assert.Equal(2, (await RunAsync("decode", "--protocol", "smoke")).Exit);
    }
}
