using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Cli;

public sealed class ApplyTests : CliFixture
{
    private const string Good = """
        kind: Port
        id: vm1
        network: blue
        ---
        # A comment, and an empty document after it.
        ---
        kind: network
        id: blue
        vni: 10100
        """;

    [Fact]
    public async Task What_a_file_wants_comes_to_be_in_any_order_and_only_once()
    {
        var file = FileOf(Good);

        Assert.Equal(new(0, "ports/vm1 created\nnetworks/blue created\n", ""), await RunAsync("apply", "-f", file));
        Assert.Equal(new(0, "ports/vm1 unchanged\nnetworks/blue unchanged\n", ""), await RunAsync("apply", "-f", file));
        Assert.Equal(new(0, "ports/vm1 unchanged\nnetworks/blue changed\n", ""), await RunAsync("apply", "-f", FileOf(Good.Replace("10100", "10200", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData(3_000)]
    [InlineData(200_000)]
    public async Task A_document_that_is_nested_without_measure_is_refused(int depth)
    {
        var document = $$"""{"kind": "Network", "id": "a", "labels": {{string.Concat(Enumerable.Repeat("{\"a\":", depth))}}1{{new string('}', depth)}}}""";

        var run = await RunAsync(document, int.MaxValue, "apply", "-f", "-");

        Assert.Equal(1, run.Exit);
        Assert.StartsWith("standard input:1: this is neither YAML nor JSON: It is nested deeper than 32\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_a_document_changes_nothing_and_that_is_said()
        => Assert.Equal(new(0, "", "no documents in -\n"), await RunAsync("", int.MaxValue, "apply", "-f", "-"));

    [Fact]
    public async Task A_label_of_several_lines_makes_no_rows_of_its_own()
    {
        await ApplyAsync("kind: Network\nid: a\nvni: 1\nlabels: {x: \"1\\nb  5002  OVERLAY\"}\n");

        Assert.Equal(2, (await RunAsync("get", "networks", "-o", "wide")).Out.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("kind: Network\nid: a\nvni: 1\nlabels: &a\n  b: *a\n")]
    [InlineData("a: &a\n  items: [*a]\n")]
    [InlineData("a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n")]
    public async Task A_document_that_refers_to_itself_without_end_is_refused(string document)
        => Assert.Equal(
            new(1, "", "standard input:1: its references (& and *) make the document endless\n    Write out what they stand for\ndwcpctl: 1 problem; nothing was changed\n"),
            await RunAsync(document, int.MaxValue, "apply", "-f", "-"));

    [Fact]
    public async Task All_problems_of_all_documents_are_shown_with_line_and_remedy_and_nothing_changes()
    {
        var file = FileOf("""
            kind: Network
            id: red
            vni: 0
            vrf: core
            mtuu: 9000
            ---
            kind: Subnet
            id: red-v4
            network: red
            dhcp:
              ranges:
              - 10.0.0.10
              leaseSeconds: soon
            ---
            kind: Prot
            id: x
            ---
            id: y
            ---
            kind: Network
            vni: 9
            ---
            kind: Network
            id: green
            spec:
              vni: 12
            ---
            kind: Network
            id: red
            vni: 13
            ---
            kind: Event
            id: "1"
            ---
            - vni: 14
            ---
            kind: Network
            id: good
            vni: 15
            """);

        var run = await RunAsync("apply", "-f", file);

        Assert.Equal((1, ""), (run.Exit, run.Out));
        Assert.Equal("""
            FILE:3: networks/red: vni: 0 is no VNI
                Give 1 to 16777215
            FILE:4: networks/red: vrf: VRFs are not acted upon yet
                Leave vrf out
            FILE:5: networks/red: mtuu: There is no field mtuu in Network
                Did you mean mtu?
            FILE:7: subnets/red-v4: cidr: A subnet needs a prefix
                Give cidr
            FILE:13: subnets/red-v4: dhcp.leaseSeconds: "soon" is not an integer from 0 to 4294967295
                Give an integer from 0 to 4294967295
            FILE:15: kind: there is no kind 'Prot'
                Did you mean Port?
            FILE:18: kind: the document does not say what it is
                Add kind: and one of Network, Subnet, Port, Bridge, Switch, BgpSpeaker, BgpPeer, EvpnRoute, Configuration
            FILE:20: id: the document has no id
                Add id: and a name of your choice, such as blue
            FILE:26: networks/green: spec: the fields of an object stand beside kind and id, not under spec
                Move them out, one level up
            FILE:28: networks/red: id: networks/red is wanted twice, first in FILE:1
                Keep one of the two
            FILE:32: events/1: kind: events cannot be written
                Use one of Network, Subnet, Port, Bridge, Switch, BgpSpeaker, BgpPeer, EvpnRoute, Configuration
            FILE:35: a document is a mapping of names and values
                Begin it with kind: and id:
            dwcpctl: 12 problems; nothing was changed

            """, run.Error.Replace(file, "FILE", StringComparison.Ordinal));
        Assert.Equal("", (await RunAsync("get", "networks", "-o", "name")).Out);
    }

    [Fact]
    public async Task A_file_that_is_no_yaml_is_told_with_its_line()
    {
        var run = await RunAsync("kind: Network\nid: [blue\nvni: 7\n", int.MaxValue, "apply", "-f", "-");

        Assert.Equal(1, run.Exit);
        Assert.StartsWith("standard input:2: this is neither YAML nor JSON: ", run.Error);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_a_wrong_command_line() => Assert.Equal(2, (await RunAsync("apply", "-f", "/nowhere/x.yaml")).Exit);

    [Fact]
    public async Task Json_is_taken_too_also_with_tabs()
        => Assert.Equal("networks/blue created\n", (await RunAsync("{\n\t\"kind\": \"Network\",\n\t\"id\": \"blue\",\n\t\"vni\": 7\n}\n", int.MaxValue, "apply", "-f", "-")).Out);

    [Fact]
    public async Task Text_that_looks_like_a_number_stays_text_where_text_belongs()
    {
        await ApplyAsync("kind: Network\nid: blue\nvni: 7\nlabels: {rack: 12, on: true, octal: 012}\n");

        Assert.Equal("12 true 012\n", (await RunAsync("get", "network", "blue", "-o", "jsonpath={.labels.rack} {.labels.on} {.labels.octal}")).Out);
    }

    [Fact]
    public async Task Validating_only_changes_nothing()
    {
        Assert.Equal(new(0, "2 documents are good; nothing was changed\n", ""), await RunAsync("apply", "--validate-only", "-f", FileOf(Good)));
        Assert.Equal("", (await RunAsync("get", "networks", "-o", "name")).Out);
    }

    [Fact]
    public async Task What_contradicts_within_the_file_is_told_and_the_rest_is_done()
    {
        var run = await RunAsync("kind: Network\nid: a\nvni: 7\n---\nkind: Network\nid: b\nvni: 7\n", int.MaxValue, "apply", "-f", "-");

        Assert.Equal((1, "networks/a created\n"), (run.Exit, run.Out));
        Assert.Equal("standard input:7: networks/b: vni: VNI 7 is in use\n    Choose another\ndwcpctl: 1 problem; the other documents were applied\n", run.Error);
    }

    [Fact]
    public async Task Applying_can_wait_until_it_is_programmed()
    {
        var waiting = RunAsync(Good, int.MaxValue, "apply", "-f", "-", "--wait=Accepted");

        Assert.Equal(new(0, "ports/vm1 created\nnetworks/blue created\n2 documents are Accepted\n", ""), await waiting);
    }

    [Fact]
    public async Task A_difference_shows_what_would_change_and_changes_nothing()
    {
        await ApplyAsync(Good);
        var file = FileOf("""
            kind: Port
            id: vm1
            network: blue
            ---
            kind: Network
            id: blue
            vni: 10200
            labels: {tenant: acme}
            ---
            kind: Network
            id: red
            vni: 7
            """);

        Assert.Equal(new(0, """
            networks/blue
            - vni: 10100
            + labels:
            +   tenant: acme
            + vni: 10200
              type: OVERLAY
              encapsulation: VXLAN
            networks/red (new)
            + vni: 7
            + type: OVERLAY
            + encapsulation: VXLAN
            + arpSuppression: true
            + unknownUnicast: DROP
            1 new, 1 changed, 1 unchanged

            """, ""), await RunAsync("diff", "-f", file));
        Assert.Equal(1, (await RunAsync("diff", "-f", file, "--exit-code")).Exit);
        Assert.Equal(new(0, "0 new, 0 changed, 2 unchanged\n", ""), await RunAsync(Good, int.MaxValue, "diff", "--exit-code", "-f", "-"));
        Assert.Equal("10100\n", (await RunAsync("get", "network", "blue", "-o", "jsonpath=.vni")).Out);
    }

    [Fact]
    public async Task A_file_is_deleted_from_its_end_and_what_is_absent_is_no_fault()
    {
        var file = FileOf("kind: Network\nid: blue\nvni: 7\n---\nkind: Port\nid: vm1\nnetwork: blue\n");
        await RunAsync("apply", "-f", file);

        Assert.Equal(new(0, "ports/vm1 deleted\nnetworks/blue deleted\n", ""), await RunAsync("delete", "-f", file));
        Assert.Equal(new(0, "ports/vm1 absent\nnetworks/blue absent\n", ""), await RunAsync("delete", "-f", file));
    }

    [Fact]
    public async Task What_a_person_names_has_to_be_there()
    {
        await ApplyAsync(Good);

        Assert.Equal(new(1, "ports/vm1 deleted\n", "dwcpctl: there is no ports/vm9\n"), await RunAsync("delete", "port", "vm9", "vm1"));
    }

    [Fact]
    public async Task What_cannot_be_deleted_does_not_keep_the_others()
    {
        await ApplyAsync(Good);
        await ApplyAsync("kind: Network\nid: red\nvni: 8\n");

        Assert.Equal(new(1, "networks/red deleted\n", "dwcpctl: networks/blue: Ports are in blue\n  Delete them first\n"), await RunAsync("delete", "network", "blue", "red"));
    }

    [Fact]
    public async Task Deleting_can_wait_until_the_switches_have_forgotten()
    {
        await ApplyAsync(Good);
        await ApplyAsync("kind: Switch\nid: h1\nmode: FABRIC\n");
        SetConditions(ResourceKind.Switch, "h1", Is(ConditionType.Programmed, ConditionStatus.False, "Pending", "changes are under way"));

        Assert.Equal(
            new(4, "ports/vm1 deleted\n", "dwcpctl: not Programmed within 50 ms.\n  switches/h1: Pending: changes are under way\n"),
            await RunAsync("delete", "port", "vm1", "--wait", "--timeout", "50ms"));
    }
}
