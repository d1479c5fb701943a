using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Fabric.Intent;
using Dwcp.Sdn.Tests.Fabric;

namespace Dwcp.Sdn.Tests.Evpn;

/// <summary>What the speaker, peers and injected routes may be.</summary>
public class JudgeBgpTests
{
    private static readonly BgpPeerSpec Peer = new() { Address = "192.0.2.1", RemoteAs = 65000 };
    private static readonly EvpnRouteSpec Route = new() { Type = 2, Rd = "192.0.2.7:1", Mac = "02:00:00:00:00:77", Vni = 100, NextHop = "192.0.2.7" };

    private static readonly EvpnRouteSpec OfSegment = new() { Type = 4, Rd = "192.0.2.7:0", Esi = "03:02:00:00:00:00:77:00:00:01", NextHop = "192.0.2.7" };

    private readonly FabricBench bench = new();

    public static TheoryData<string, string, BgpPeerSpec> WrongPeers => new()
    {
        { "address", ProblemCodes.Required, new BgpPeerSpec { RemoteAs = 1 } },
        { "address", ProblemCodes.Invalid, Peer with { ListenRange = "10.0.0.0/8" } },
        { "address", ProblemCodes.Invalid, Peer with { Address = "leaf1" } },
        { "listenRange", ProblemCodes.Invalid, new BgpPeerSpec { RemoteAs = 1, ListenRange = "10.0.0.1/8" } },
        { "remoteAs", ProblemCodes.Required, Peer with { RemoteAs = null } },
        { "remoteAs", ProblemCodes.OutOfRange, Peer with { RemoteAs = 0 } },
        { "localAs", ProblemCodes.OutOfRange, Peer with { LocalAs = 23456 } },
        { "port", ProblemCodes.OutOfRange, Peer with { Port = 65536 } },
        { "localAddress", ProblemCodes.Invalid, Peer with { LocalAddress = "x" } },
        { "password", ProblemCodes.OutOfRange, Peer with { Password = new string('p', 81) } },
        { "ttlSecurity", ProblemCodes.OutOfRange, Peer with { TtlSecurity = 255 } },
        { "holdTimeSeconds", ProblemCodes.OutOfRange, Peer with { HoldTimeSeconds = 2 } },
        { "bfd.intervalMilliseconds", ProblemCodes.OutOfRange, Peer with { Bfd = new BfdSpec { IntervalMilliseconds = 49 } } },
        { "bfd.multiplier", ProblemCodes.OutOfRange, Peer with { Bfd = new BfdSpec { Multiplier = 256 } } },
        { "gracefulRestart.restartSeconds", ProblemCodes.OutOfRange, Peer with { GracefulRestart = new GracefulRestartSpec { RestartSeconds = 4096 } } },
        { "prefixLimit.max", ProblemCodes.Required, Peer with { PrefixLimit = new PrefixLimitSpec() } },
        { "prefixLimit.warnPercent", ProblemCodes.OutOfRange, Peer with { PrefixLimit = new PrefixLimitSpec { Max = 1, WarnPercent = 101 } } },
        { "policies[0].direction", ProblemCodes.Required, Peer with { Policies = [new BgpPolicySpec(null, "ACCEPT", [], [], null, null, null)] } },
        { "policies[0].action", ProblemCodes.Invalid, Peer with { Policies = [new BgpPolicySpec("IMPORT", "DROP", [], [], null, null, null)] } },
        { "policies[0].targets[0]", ProblemCodes.Invalid, Peer with { Policies = [new BgpPolicySpec("IMPORT", "ACCEPT", ["x"], [], null, null, null)] } },
        { "policies[0].communities[0]", ProblemCodes.Invalid, Peer with { Policies = [new BgpPolicySpec("IMPORT", "ACCEPT", [], ["65536:1"], null, null, null)] } },
        { "shutdownMessage", ProblemCodes.OutOfRange, Peer with { ShutdownMessage = new string('m', 256) } },
        { "families[0]", ProblemCodes.Invalid, Peer with { Families = ["VPLS"] } },
        { "families[1]", ProblemCodes.Invalid, Peer with { Families = ["L2VPN_EVPN", "L2VPN_EVPN"] } },
    };

    public static TheoryData<string, string, EvpnRouteSpec> WrongRoutes => new()
    {
        { "type", ProblemCodes.Required, Route with { Type = null, Mac = null } },
        { "esi", ProblemCodes.Required, Route with { Type = 1, Mac = null } },
        { "esi", ProblemCodes.Required, OfSegment with { Esi = "00:00:00:00:00:00:00:00:00:00" } },
        { "vni", ProblemCodes.Invalid, OfSegment with { Vni = 100 } },
        { "exportTargets", ProblemCodes.Invalid, OfSegment with { ExportTargets = ["65000:1"] } },
        { "exportTargets", ProblemCodes.Required, OfSegment with { Type = 1, EthernetTag = uint.MaxValue } },
        { "vni", ProblemCodes.Required, OfSegment with { Type = 1 } },
        { "ethernetTag", ProblemCodes.Invalid, OfSegment with { EthernetTag = 1 } },
        { "esImport", ProblemCodes.Invalid, OfSegment with { EsImport = "x" } },
        { "esImport", ProblemCodes.Invalid, Route with { EsImport = "02:00:00:00:00:01" } },
        { "singleActive", ProblemCodes.Invalid, OfSegment with { Type = 1, Vni = 100, SingleActive = true } },
        { "esiLabel", ProblemCodes.Invalid, OfSegment with { EsiLabel = 7 } },
        { "type", ProblemCodes.Invalid, Route with { Type = 9, Mac = null } },
        { "rd", ProblemCodes.Required, Route with { Rd = null } },
        { "rd", ProblemCodes.Invalid, Route with { Rd = "x" } },
        { "nextHop", ProblemCodes.Required, Route with { NextHop = null } },
        { "vni", ProblemCodes.OutOfRange, Route with { Vni = 16777216 } },
        { "mac", ProblemCodes.Required, Route with { Mac = null } },
        { "mac", ProblemCodes.Invalid, Route with { Type = 3 } },
        { "prefix", ProblemCodes.Required, Route with { Type = 5, Mac = null } },
        { "prefix", ProblemCodes.Invalid, Route with { Prefix = "10.0.0.0/8" } },
        { "gatewayIp", ProblemCodes.Invalid, Route with { GatewayIp = "10.0.0.1" } },
        { "esi", ProblemCodes.Invalid, Route with { Esi = "00" } },
        { "exportTargets[0]", ProblemCodes.Invalid, Route with { ExportTargets = ["x"] } },
    };

    [Theory]
    [MemberData(nameof(WrongPeers))]
    public void A_peer_that_cannot_be_is_refused_by_its_field(string field, string code, BgpPeerSpec spec) => Refused(ResourceKind.BgpPeer, field, code, spec);

    [Theory]
    [MemberData(nameof(WrongRoutes))]
    public void A_route_that_cannot_be_is_refused_by_its_field(string field, string code, EvpnRouteSpec spec) => Refused(ResourceKind.EvpnRoute, field, code, spec);

    [Fact]
    public void A_speaker_needs_its_AS_and_an_id_that_is_an_IPv4_address()
    {
        Refused(ResourceKind.BgpSpeaker, "localAs", ProblemCodes.Required, new BgpSpeakerSpec { RouterId = "192.0.2.1" });
        Refused(ResourceKind.BgpSpeaker, "routerId", ProblemCodes.Required, new BgpSpeakerSpec { LocalAs = 1 });
        Refused(ResourceKind.BgpSpeaker, "routerId", ProblemCodes.Invalid, new BgpSpeakerSpec { LocalAs = 1, RouterId = "::1" });
        var good = new BgpSpeakerSpec { LocalAs = 1, RouterId = "192.0.2.1" };
        Refused(ResourceKind.BgpSpeaker, "bmp[0].station", ProblemCodes.Required, good with { Bmp = [new(null, null, null)] });
        Refused(ResourceKind.BgpSpeaker, "bmp[0].station", ProblemCodes.Invalid, good with { Bmp = [new("192.0.2.8", null, null)] });
        Refused(ResourceKind.BgpSpeaker, "bmp[1].station", ProblemCodes.Invalid, good with { Bmp = [new("192.0.2.8:1", null, null), new("192.0.2.8:1", true, null)] });
        Refused(ResourceKind.BgpSpeaker, "bmp", ProblemCodes.OutOfRange, good with { Bmp = [.. Enumerable.Range(1, 17).Select(i => new BmpStationSpec($"192.0.2.8:{i}", null, null))] });
        Refused(ResourceKind.BgpSpeaker, "mrt.rotateSeconds", ProblemCodes.OutOfRange, good with { Mrt = new MrtSpec { RotateSeconds = 59 } });
        Refused(ResourceKind.BgpSpeaker, "mrt.keepFiles", ProblemCodes.OutOfRange, good with { Mrt = new MrtSpec { KeepFiles = 0 } });
        Refused(ResourceKind.BgpSpeaker, "clusterId", ProblemCodes.Invalid, new BgpSpeakerSpec { LocalAs = 1, RouterId = "192.0.2.1", ClusterId = "0.0.0.0" });
    }

    [Fact]
    public void Two_peers_have_two_addresses()
    {
        bench.Do(EvpnBench.Peer("one", "192.0.2.1"));
        bench.Do(EvpnBench.Peer("one", "192.0.2.1"));

        var problem = Assert.Single(bench.Refused(EvpnBench.Peer("two", "192.0.2.1"), OutcomeKind.Conflict));

        Assert.Equal("address", problem.Field);
    }

    [Fact]
    public void What_was_stored_is_read_again_as_it_was()
    {
        bench.Do(new PutCommand(
            ResourceKind.BgpSpeaker,
            BgpSpeakerIntent.OnlyId,
            new BgpSpeakerSpec { LocalAs = 65000, RouterId = "192.0.2.254", Bmp = [new("192.0.2.8:1", true, 7)], Mrt = new MrtSpec { TableSeconds = 60 } },
            Ask.NoLabels));
        var policy = new BgpPolicySpec("IMPORT", "REJECT", ["65000:1"], ["65000:7"], 65010, 2, 100);
        bench.Do(new PutCommand(ResourceKind.BgpPeer, "leaf", Peer with { Password = "secret", Policies = [policy], Families = ["L2VPN_EVPN"] }, Ask.NoLabels));
        bench.Do(new PutCommand(ResourceKind.EvpnRoute, "x", Route, Ask.NoLabels));

        var (intent, _, _) = Records.Read(bench.Listing.Entries);

        Assert.Equal(bench.Machine.Intent.BgpSpeaker!.Spec, intent.BgpSpeaker!.Spec);
        Assert.Equal(bench.Machine.Intent.BgpPeers["leaf"].Spec, intent.BgpPeers["leaf"].Spec);
        Assert.Equal(bench.Machine.Intent.EvpnRoutes["x"].Spec, intent.EvpnRoutes["x"].Spec);
    }

    [Fact]
    public void A_peer_without_a_speaker_waits_and_says_for_what()
    {
        bench.Do(EvpnBench.Peer("leaf", "192.0.2.1"));
        Assert.Equal("NoSpeaker", bench.Condition(ResourceKind.BgpPeer, "leaf", ConditionType.Accepted).Reason);

        bench.Do(EvpnBench.Speaker());
        Assert.Equal(ConditionStatus.True, bench.Condition(ResourceKind.BgpPeer, "leaf", ConditionType.Accepted).Status);
        Assert.Equal("NotEstablished", bench.Condition(ResourceKind.BgpPeer, "leaf", ConditionType.Degraded).Reason);
    }

    [Fact]
    public void Neither_events_nor_problems_show_a_password()
    {
        bench.Do(new PutCommand(ResourceKind.BgpPeer, "leaf", Peer with { Password = "verysecret" }, Ask.NoLabels));
        var problems = bench.Refused(new PutCommand(ResourceKind.BgpPeer, "leaf", Peer with { Password = new string('s', 90), RemoteAs = 0 }, Ask.NoLabels), OutcomeKind.Invalid);

        Assert.DoesNotContain(problems, p => p.ToString().Contains("sssss", StringComparison.Ordinal));
        Assert.DoesNotContain(bench.Machine.Snapshot.Events, e => e.ToString().Contains("verysecret", StringComparison.Ordinal));
    }

    private void Refused(ResourceKind kind, string field, string code, ResourceSpec spec) => Assert.Contains(
        bench.Refused(new PutCommand(kind, "x", spec, Ask.NoLabels), OutcomeKind.Invalid), p => (p.Field, p.Code) == (field, code));
}
