using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric;
using Dwcp.Sdn.Fabric.Changes;

namespace Dwcp.Sdn.Tests.Fabric;

/// <summary>Who may be which switch and which host, by certificates and by what was seen before.</summary>
public sealed class IdentityTests
{
    private static readonly DatapathId One = new(1);
    private static readonly DatapathId Two = new(2);
    private static readonly PeerIdentity Switch1 = new("CN=sw1", null, [One]);
    private static readonly PeerIdentity Foreign = new("CN=switch id:a", null, []);
    private static readonly PeerIdentity Stranger = new("CN=switch id:b", null, []);
    private static readonly PeerIdentity H1 = new("host h1", "h1", [DatapathId.OfHost("h1")]);
    private static readonly PeerIdentity H2 = new("host h2", "h2", [DatapathId.OfHost("h2")]);

    private readonly FabricBench bench = new(new(OpenFlow: true, Ovsdb: true));
    private readonly HostBuilder h1 = new("h1", "192.0.2.1");
    private readonly HostBuilder h2 = new("h2", "192.0.2.2");

    [Fact]
    public void A_certificate_that_names_a_switch_is_for_that_switch_alone()
    {
        Assert.Null(Doubt(One, Switch1));
        Assert.Contains($"the certificate of CN=sw1 is for {One}, not for datapath id {Two}", Doubt(Two, Switch1));
        Assert.Single(Events("SwitchRefused", $"switches/{Two}"));

        Doubt(Two, Switch1);
        Assert.Single(Events("SwitchRefused", $"switches/{Two}"));
    }

    [Fact]
    public void One_that_names_nothing_keeps_the_switch_that_it_was_first_seen_with_also_after_a_restart()
    {
        Assert.Null(Doubt(One, Foreign));
        bench.SwitchUp(One, Foreign);
        bench.Restart();

        Assert.Null(Doubt(One, Foreign));
        Assert.Contains("was seen with the certificate of CN=switch id:a, not of CN=switch id:b", Doubt(One, Stranger));
    }

    [Fact]
    public void One_that_names_nothing_is_no_second_switch_not_even_at_the_same_time_or_after_a_restart()
    {
        Assert.Null(Doubt(One, Foreign));
        var doubt = Doubt(Two, Foreign);
        Assert.Contains($"the certificate of CN=switch id:a names no datapath id and is bound to {One} already", doubt);
        Assert.Contains($"issue one that names {Two} (urn:dwcp:datapath:{Two})", doubt);
        Assert.Contains($"dwcpctl delete switches/{One}", doubt);
        Assert.Contains("--tls-ids-per-certificate", doubt);
        Assert.Contains(doubt!, Assert.Single(Events("SwitchRefused", $"switches/{Two}")).Message);

        bench.Restart();
        Assert.NotNull(Doubt(Two, Foreign));
        Assert.Null(Doubt(One, Foreign));
        Assert.Null(Doubt(Two, Stranger));
        Assert.Contains("was seen with the certificate of CN=switch id:b", Doubt(Two, Foreign));
    }

    [Fact]
    public void One_that_names_nothing_may_be_another_switch_when_the_first_was_deleted()
    {
        bench.SwitchUp(One, Foreign);
        bench.SwitchDown(One);
        Assert.NotNull(Doubt(Two, Foreign));
        bench.Machine.Forget(One.ToString());
        bench.Settle();

        Assert.Null(Doubt(Two, Foreign));
        Assert.NotNull(Doubt(One, Foreign));
    }

    [Fact]
    public void One_that_names_nothing_is_as_many_switches_as_the_operator_says()
    {
        var machine = new FabricMachine(bench.Listing, secured: new(OpenFlow: true, Ovsdb: true, IdsPerCertificate: 3));
        Assert.All([1, 2, 3, 2], id => Assert.Null(machine.DoubtSwitch(new((ulong)id), Foreign, "192.0.2.66")));
        Assert.Contains($"is bound to {One}, {Two}, {new DatapathId(3)} already", machine.DoubtSwitch(new(4), Foreign, "192.0.2.66"));
        Assert.Null(machine.DoubtSwitch(new(4), Stranger, "192.0.2.66"));
    }

    [Fact]
    public void One_that_names_no_host_is_the_host_that_it_was_first_seen_with_and_no_second_one()
    {
        bench.HostSeen(1, h1.Inventory, identity: Switch1);
        bench.HostSeen(2, h2.Inventory, identity: Switch1);

        var refused = Assert.Single(Events("HostRefused", "switches/h2")).Message;
        Assert.Contains("the certificate of CN=sw1 names no system-id and is bound to h1 already; issue one that names h2 (urn:dwcp:host:h2)", refused);
        Assert.Empty(bench.Join(2, _ => "ssl:192.0.2.254:6653"));
        Assert.DoesNotContain("h2", bench.Machine.Snapshot.Of(ResourceKind.Switch).Keys);

        // Nor one after the other.
        bench.HostSeen(1, h2.Inventory, identity: Switch1);
        Assert.DoesNotContain("h2", bench.Machine.Snapshot.Of(ResourceKind.Switch).Keys);
    }

    [Fact]
    public void A_certificate_that_names_a_host_and_no_switch_is_one_switch_at_most()
    {
        var host = new PeerIdentity("host h3", "h3", []);
        Assert.Null(Doubt(One, host));
        Assert.NotNull(Doubt(Two, host));
    }

    [Fact]
    public void A_switch_that_was_seen_with_a_certificate_is_not_believed_without_one_and_others_are()
    {
        bench.SwitchUp(One, Switch1);
        bench.SwitchDown(One);
        bench.Restart();

        Assert.Contains("is not believed without TLS", Doubt(One, null));
        Assert.Null(Doubt(Two, null));
    }

    [Fact]
    public void Without_TLS_nothing_of_it_matters()
    {
        bench.SwitchUp(One, Switch1);
        var plain = new FabricMachine(bench.Listing);

        Assert.Null(plain.DoubtSwitch(One, null, "192.0.2.1"));
    }

    [Fact]
    public void A_switch_that_is_deleted_while_it_is_away_may_be_another_afterwards()
    {
        bench.SwitchUp(One, Foreign);
        bench.Machine.Forget(One.ToString());
        bench.Settle();
        Assert.NotNull(Doubt(One, Stranger)); // It is there.

        bench.SwitchDown(One);
        bench.Machine.Forget(One.ToString());
        bench.Settle();
        bench.Restart();
        Assert.Null(Doubt(One, Stranger));
    }

    [Fact]
    public void A_refusal_shows_in_the_condition_of_the_switch_while_it_is_away()
    {
        bench.HostSeen(1, h1.Inventory, identity: H1);
        Doubt(h1.Datapath, H2);
        bench.Settle();

        Assert.Equal((ConditionStatus.True, "IdentityRefused"), Degraded("h1"));
        bench.SwitchUp(h1.Datapath, H1);
        Assert.Equal(ConditionStatus.False, Degraded("h1").Status);
    }

    [Fact]
    public void A_host_is_what_its_certificate_says()
    {
        bench.HostSeen(1, h1.Inventory, identity: H2);

        Assert.Contains("its certificate is for the host 'h2', not for the system-id 'h1'", Assert.Single(Events("HostRefused", "switches/h1")).Message);
        Assert.Empty(bench.Join(1, _ => "ssl:192.0.2.254:6653"));
        Assert.DoesNotContain("h1", bench.Machine.Snapshot.Of(ResourceKind.Switch).Keys);
    }

    [Fact]
    public void A_host_that_was_seen_with_a_certificate_is_not_believed_without_one_and_does_not_take_over()
    {
        bench.HostSeen(1, h1.Inventory, identity: H1);
        bench.HostSeen(2, new HostBuilder("h1", "192.0.2.9").Inventory);
        Assert.Contains("is not believed without TLS", Assert.Single(Events("HostRefused", "switches/h1")).Message);

        bench.HostGone(1);
        Assert.Equal("192.0.2.1", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
        bench.Restart();
        bench.HostSeen(3, new HostBuilder("h1", "192.0.2.9").Inventory);
        Assert.Equal("192.0.2.1", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
    }

    [Fact]
    public void A_host_without_a_certificate_yields_its_name_to_the_one_that_has_one()
    {
        bench.HostSeen(1, new HostBuilder("h1", "192.0.2.9").Inventory);
        bench.HostSeen(2, h1.Inventory, identity: H1);

        Assert.Equal("192.0.2.1", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
        bench.HostSeen(1, new HostBuilder("h1", "192.0.2.9").Plug("tap0", "x").Inventory);
        Assert.Equal("192.0.2.1", ((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).VtepIp);
        Assert.NotEmpty(bench.Join(2, _ => "ssl:192.0.2.254:6653"));
        Assert.Empty(bench.Join(1, _ => "tcp:192.0.2.254:6653"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_host_that_claims_the_switch_of_another_does_not_own_it_not_even_while_the_other_is_away(bool hasCertificate)
    {
        bench.HostSeen(1, h1.Inventory, identity: H1);
        bench.SwitchUp(h1.Datapath, H1);
        bench.HostGone(1);
        h2.Datapath = h1.Datapath;
        bench.HostSeen(2, h2.Inventory, identity: hasCertificate ? H2 : null);

        Assert.True(((SwitchStatus)bench.Get(ResourceKind.Switch, "h1").Status).Connected);
        Assert.False(((SwitchStatus)bench.Get(ResourceKind.Switch, "h2").Status).Connected);
        Assert.Equal((ConditionStatus.True, "IdentityRefused"), Degraded("h2"));
        Assert.NotNull(bench.Machine.Take(h1.Datapath, null));
    }

    [Fact]
    public void Certificates_of_another_authority_bind_a_host_and_its_switch_by_their_common_name()
    {
        bench.HostSeen(1, h1.Inventory, identity: Foreign);
        bench.SwitchUp(h1.Datapath, Foreign);
        Assert.NotNull(bench.Machine.Take(h1.Datapath, null));

        bench.HostGone(1);
        h2.Datapath = h1.Datapath;
        bench.HostSeen(2, h2.Inventory, identity: Stranger);
        bench.HostSeen(3, h1.Inventory, identity: Stranger);
        Assert.Equal(ConditionStatus.True, Degraded("h2").Status);
        Assert.Contains("was seen with the certificate of CN=switch id:a", Assert.Single(Events("HostRefused", "switches/h1")).Message);
    }

    [Fact]
    public void Two_that_take_turns_make_an_event_now_and_then_and_not_one_each_time()
    {
        bench.HostSeen(1, h1.Inventory, identity: H1);
        bench.SwitchUp(h1.Datapath, H1);
        bench.SwitchDown(h1.Datapath);
        var shown = new HashSet<string>();
        for (var second = 0; second < 3600; second++)
        {
            bench.Now += TimeSpan.FromSeconds(1);
            var address = $"192.0.2.{second % 2}";
            bench.Machine.DoubtSwitch(h1.Datapath, null, address);
            bench.Machine.SwitchRefused(h1.Datapath, address, address, $"it is connected already, from 192.0.2.9:{second}");
            bench.Settle();
            shown.Add(bench.Get(ResourceKind.Switch, "h1").Status.Conditions.Single(c => c.Type == ConditionType.Degraded).Message);
        }

        // At once and after 5, 15 and 35 minutes, for either cause. Whoever watches the switch is told no more often either.
        var told = Events("SwitchRefused", "switches/h1");
        Assert.Equal(8, told.Count);
        Assert.EndsWith("; 1199 more like it since the last time", told[^1].Message, StringComparison.Ordinal);
        Assert.InRange(shown.Count, 1, 8);
    }

    [Fact]
    public void A_refusal_that_comes_again_after_the_switch_was_there_is_shown_again_and_told_no_sooner()
    {
        bench.HostSeen(1, h1.Inventory, identity: H1);
        for (var i = 0; i < 20; i++)
        {
            bench.SwitchUp(h1.Datapath, H1);
            bench.SwitchDown(h1.Datapath);
            Assert.NotEqual("IdentityRefused", Degraded("h1").Reason);
            Assert.NotNull(Doubt(h1.Datapath, H2));
            Assert.Equal("IdentityRefused", Degraded("h1").Reason);
        }

        Assert.Single(Events("SwitchRefused", "switches/h1"));
    }

    [Fact]
    public void What_one_peer_can_make_of_refusals_is_bounded_and_another_is_told_beside_it()
    {
        for (var i = 10ul; i < 3000; i++)
        {
            Assert.NotNull(Doubt(new DatapathId(i), Switch1));
        }

        Assert.NotNull(Doubt(One, H1));
        var events = bench.Machine.Snapshot.Events.Where(e => e.Name == "SwitchRefused").ToList();
        Assert.Equal(9, events.Count);
        Assert.EndsWith("; 2982 others without an event", events[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_is_refused_again_and_again_makes_an_event_now_and_then()
    {
        for (var session = 1; session <= 100; session++)
        {
            bench.HostSeen(session, h1.Inventory, identity: H2);
            bench.HostGone(session);
        }

        Assert.Single(Events("HostRefused", "switches/h1"));
        bench.Now += TimeSpan.FromMinutes(6);
        bench.HostSeen(101, h1.Inventory, identity: H2);
        Assert.EndsWith("; 99 more like it since the last time", Events("HostRefused", "switches/h1")[^1].Message, StringComparison.Ordinal);
    }

    private string? Doubt(DatapathId datapath, PeerIdentity? who)
    {
        var doubt = bench.Machine.DoubtSwitch(datapath, who, "192.0.2.66");
        bench.Settle();
        return doubt;
    }

    private List<FabricEvent> Events(string name, string subject) => [.. bench.Machine.Snapshot.Events.Where(e => e.Name == name && e.Subject == subject)];

    private (ConditionStatus Status, string Reason) Degraded(string id) =>
        bench.Get(ResourceKind.Switch, id).Status.Conditions.Where(c => c.Type == ConditionType.Degraded).Select(c => (c.Status, c.Reason)).Single();
}
