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

    private const string Keepalive = "ffffffffffffffffffffffffffffffff001304";

    [Fact]
    public async Task Bgp_messages_give_a_line_and_one_for_each_part()
    {
        Assert.Equal(
            new(0, "keepalive\nupdate\n  ORIGIN origin=igp\n  AS_PATH 65001\n  NEXT_HOP 192.0.2.1\n  announce unicast 10.0.0.0/8\n", ""),
            await RunAsync($"{Keepalive}\n{Narrow}\n", int.MaxValue, "decode", "--protocol", "bgp", "-"));
        Assert.Contains("AS_PATH path=70000\n", (await RunAsync($"{Wide}\n", int.MaxValue, "decode", "--protocol", "bgp", "--as4")).Out, StringComparison.Ordinal);
        Assert.Contains("announce path=7 unicast 10.0.0.0/8", (await RunAsync(Message("40010100" + "4002040201fde9" + "400304c0000201", "00000007080a") + "\n", int.MaxValue, "decode", "--protocol", "bgp", "--add-path")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_faulty_bgp_message_says_what_becomes_of_it_and_what_ends_the_session_fails()
    {
        var withdrawn = await RunAsync(Message("40010103" + "4002040201fde9" + "400304c0000201", "080a") + "\n", int.MaxValue, "decode", "--protocol", "bgp");
        Assert.Equal(0, withdrawn.Exit);
        Assert.Contains("  ORIGIN 03: treat as withdraw (RFC 7606)\n", withdrawn.Out, StringComparison.Ordinal);
        Assert.Contains("  treated as withdrawn unicast 10.0.0.0/8\n", withdrawn.Out, StringComparison.Ordinal);
        var run = await RunAsync($"{Keepalive[..^2]}\nxyz\n{Message("404d0107", "080a")}\n{Keepalive}\n", int.MaxValue, "decode", "--protocol", "bgp");
        var lines = run.Out.TrimEnd('\n').Split('\n');
        Assert.Equal((1, ""), (run.Exit, run.Error));
        Assert.Equal(3, lines.Count(l => l.StartsWith("error: ", StringComparison.Ordinal)));
        Assert.StartsWith("error: update: session reset (RFC 7606)", lines[2], StringComparison.Ordinal);
        Assert.Equal("keepalive", lines[^1]);
    }

    [Fact]
    public async Task Bgp_has_the_other_forms_too()
    {
        Assert.Equal(new(0, $"{Keepalive}\n{Narrow}\n", ""), await RunAsync($"{Keepalive}\n{Narrow}\n", int.MaxValue, "decode", "--protocol", "bgp", "-o", "hex"));
        var node = JsonNode.Parse((await RunAsync($"{Narrow}\n", int.MaxValue, "decode", "--protocol", "bgp", "-o", "json")).Out)!;
        Assert.Equal("UPDATE", (string?)node["type"]);
        Assert.Equal(("attribute", "AS_PATH", "65001"), ((string?)node["parts"]![1]!["kind"], (string?)node["parts"]![1]!["name"], (string?)node["parts"]![1]!["value"]));
        Assert.Equal("announced", (string?)node["parts"]![3]!["kind"]);
    }

    private static string Narrow => Message("40010100" + "4002040201fde9" + "400304c0000201", "080a");

    private static string Wide => Message("40010100" + "400206020100011170" + "400304c0000201", "080a");

    private static string Message(string attributes, string routes) =>
        $"ffffffffffffffffffffffffffffffff{23 + ((attributes.Length + routes.Length) / 2):x4}020000{attributes.Length / 2:x4}{attributes}{routes}";

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
