using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>What an option of OVS may hold, with the words that tell a caller so.</summary>
internal sealed record OptionForm(string Expected, Func<string, bool> Takes)
{
    public static readonly OptionForm Flag = new("true or false", static text => text is "true" or "false");

    public static readonly OptionForm Name = new("the name of a port, 1 to 15 characters", static text => BridgeWords.IsName(text));

    public static readonly OptionForm Remote = new("a unicast IP address, or the word flow", static text => text == "flow" || IsUnicast(text));

    public static readonly OptionForm TypeOfService = new("a multiple of 4 from 0 to 252, or the word inherit", static text => text == "inherit" || (Parse(text) is <= 252 and var tos && tos % 4 == 0));

    public static readonly OptionForm TimeToLive = new("1 to 255, or the word inherit", static text => text == "inherit" || Parse(text) is >= 1 and <= 255);

    public static OptionForm Key(int bits) => new($"0 to 2^{bits}-1, or the word flow", text => text == "flow" || Parse(text) <= (1ul << bits) - 1);

    public static OptionForm Number(ulong lowest, ulong highest) => new($"{lowest} to {highest}", text => Parse(text) is { } number && number >= lowest && number <= highest);

    public static OptionForm Word(params string[] words) => new(string.Join(" or ", words), text => words.Contains(text));

    private static bool IsUnicast(string text) => IpAddress.TryParse(text, null, out var address) && !address.IsMulticast && !address.IsUnspecified;

    private static ulong? Parse(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : text.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number) ? number
        : null;
}

/// <summary>A kind of port: which options it takes (ovs-vswitchd.conf.db(5), table Interface), and which it needs.</summary>
internal sealed record PortKind(string Type, FrozenDictionary<string, OptionForm> Options, string? Needs = null)
{
    /// <summary>It carries packets to another host.</summary>
    public bool IsTunnel => Needs == "remote_ip";

    /// <summary>OVS can give the interface a queueing discipline of the kernel.</summary>
    public bool IsKernelDevice => Type is "system" or "internal" or "tap";
}

/// <summary>A kind of QoS: its options, those of its queues (null: it has no queues), and whether it is one of DPDK's.</summary>
internal sealed record QosKind(string Type, FrozenDictionary<string, OptionForm> Options, FrozenDictionary<string, OptionForm>? QueueOptions = null, bool IsDpdk = false);

/// <summary>The words of OVS that a bridge's spec may use, as tables: another kind or option is another line.</summary>
internal static class BridgeWords
{
    private static readonly OptionForm Rate = OptionForm.Number(1, ulong.MaxValue);
    private static readonly OptionForm Count = OptionForm.Number(0, uint.MaxValue);

    private static readonly (string, OptionForm)[] Tunnel =
    [
        ("remote_ip", OptionForm.Remote),
        ("local_ip", OptionForm.Remote),
        ("tos", OptionForm.TypeOfService),
        ("ttl", OptionForm.TimeToLive),
        ("df_default", OptionForm.Flag),
        ("egress_pkt_mark", Count),
    ];

    private static readonly (string, OptionForm)[] Udp = [("dst_port", OptionForm.Number(1, ushort.MaxValue)), ("csum", OptionForm.Flag)];

    private static readonly (string, OptionForm)[] Erspan =
    [
        ("erspan_idx", new OptionForm("hexadecimal, up to fffff", IsHex)),
        ("erspan_ver", OptionForm.Word("1", "2", "flow")),
        ("erspan_dir", OptionForm.Word("0", "1", "flow")),
        ("erspan_hwid", new OptionForm("hexadecimal, up to 3f", IsHex)),
    ];

    public static readonly FrozenDictionary<string, PortKind> Ports = new[]
    {
        new PortKind("system", Options()),
        new PortKind("internal", Options()),
        new PortKind("tap", Options()),
        new PortKind("patch", Options([("peer", OptionForm.Name)]), "peer"),
        new PortKind("vxlan", Options(Tunnel, Udp, Keys(24), [("exts", OptionForm.Word("gbp", "gpe")), ("packet_type", OptionForm.Word("legacy_l2", "legacy_l3", "ptap"))]), "remote_ip"),
        new PortKind("geneve", Options(Tunnel, Udp, Keys(24)), "remote_ip"),
        new PortKind("gre", Options(Tunnel, Keys(32), [("csum", OptionForm.Flag), ("seq", OptionForm.Flag), ("packet_type", OptionForm.Word("legacy_l2", "legacy_l3", "ptap"))]), "remote_ip"),
        new PortKind("ip6gre", Options(Tunnel, Keys(32), [("csum", OptionForm.Flag), ("seq", OptionForm.Flag)]), "remote_ip"),
        new PortKind("erspan", Options(Tunnel, Keys(10), Erspan), "remote_ip"),
        new PortKind("ip6erspan", Options(Tunnel, Keys(10), Erspan), "remote_ip"),
        new PortKind("gtpu", Options(Tunnel, Udp, Keys(32)), "remote_ip"),
        new PortKind("bareudp", Options(Tunnel, Udp, [("payload_type", OptionForm.Word("ip", "mpls", "ipv4", "ipv6"))]), "remote_ip"),
    }.ToFrozenDictionary(kind => kind.Type);

    /// <summary>Kinds of OVS for which a host needs more than OVS itself.</summary>
    public static readonly ImmutableArray<string> LaterPorts = ["dpdk", "dpdkvhostuser", "dpdkvhostuserclient", "afxdp", "afxdp-nonpmd", "srv6"];

    public static readonly FrozenDictionary<string, QosKind> Qos = new[]
    {
        new QosKind("linux-htb", Options([("max-rate", Rate)]), Options([("min-rate", Rate), ("max-rate", Rate), ("burst", Rate), ("priority", Count)])),
        new QosKind("linux-hfsc", Options([("max-rate", Rate)]), Options([("min-rate", Rate), ("max-rate", Rate)])),
        new QosKind("linux-fq_codel", Options([("target", Count), ("limit", Count), ("interval", Count), ("flows", Count), ("quantum", Count)])),
        new QosKind("linux-codel", Options([("target", Count), ("limit", Count), ("interval", Count)])),
        new QosKind("linux-sfq", Options([("perturb", Count), ("quantum", Count)])),
        new QosKind("linux-netem", Options([("latency", Count), ("limit", Count), ("loss", OptionForm.Number(0, 100)), ("jitter", Count)])),
        new QosKind("linux-noop", Options()),
        new QosKind("egress-policer", Options([("cir", Rate), ("cbs", Rate)]), IsDpdk: true),
        new QosKind("trtcm-policer", Options(TrTcm), Options(TrTcm), IsDpdk: true),
    }.ToFrozenDictionary(kind => kind.Type);

    private static (string, OptionForm)[] TrTcm => [("cir", Rate), ("cbs", Rate), ("eir", Count), ("ebs", Count)];

    /// <summary>Linux's limit on names of interfaces, and OVS's on those that it makes.</summary>
    public static bool IsName(string text) => text.Length is > 0 and <= 15 && text is not ("." or "..") && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static (string, OptionForm)[] Keys(int bits) => [("key", OptionForm.Key(bits)), ("in_key", OptionForm.Key(bits)), ("out_key", OptionForm.Key(bits))];

    private static bool IsHex(string text) => text == "flow" || (text.Length is > 0 and <= 5 && text.All(char.IsAsciiHexDigit));

    private static FrozenDictionary<string, OptionForm> Options(params (string Key, OptionForm Form)[][] groups) =>
        groups.SelectMany(group => group).ToFrozenDictionary(option => option.Key, option => option.Form);
}
