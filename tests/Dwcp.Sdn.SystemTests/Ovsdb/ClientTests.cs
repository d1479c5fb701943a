using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.SystemTests.Ovsdb;

/// <summary>The OVSDB client by itself against a real ovsdb-server: every operation and method of RFC 7047.</summary>
public sealed class ClientTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly OvsSandbox ovs = new(withSwitch: false);

    public void Dispose() => ovs.Dispose();

    [Fact]
    public async Task Schemas_are_read_whole_and_values_are_checked_by_them()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);

        Assert.Contains("Open_vSwitch", await client.ListDatabasesAsync());
        var schema = await client.GetSchemaAsync("Open_vSwitch");
        await client.EchoAsync();

        Assert.Equal((true, 1L), (schema.Tables["Open_vSwitch"].IsRoot, schema.Tables["Open_vSwitch"].MaxRows!.Value));
        Assert.Equal([["name"]], schema.Tables["Bridge"].Indexes.Select(index => index.ToArray()));
        Assert.Equal("Port", schema.Tables["Bridge"].Columns["ports"].Key.RefTable);
        Assert.True(schema.Tables["Mirror"].Columns["output_port"].Key.IsWeak);
        Assert.Equal(OvsdbColumnKind.Map, schema.Tables["QoS"].Columns["queues"].Kind);
        Assert.Null(schema.Check("Port", "tag", Integers(4095)));
        Assert.Equal("Port.tag: 4096 is above 4095", schema.Check("Port", "tag", Integers(4096)));
        Assert.Equal("Port.tag: 2 values, expected 0 to 1", schema.Check("Port", "tag", Integers(1, 2)));
        Assert.Equal("Bridge.fail_mode: open is none of secure, standalone", schema.Check("Bridge", "fail_mode", OvsdbSet.Of("open"))!);
        Assert.Equal("Port.name: 5 is Integer, expected Text", schema.Check("Port", "name", Integers(5)));
        Assert.Equal("Port has no column nome", schema.Check("Port", "nome", OvsdbSet.Of("x")));
        using var transaction = new OvsdbTransaction(schema);
        Assert.Throws<ArgumentException>(() => transaction.Insert("Port", new OvsdbCell("tag", Integers(9999))));
    }

    [Fact]
    public async Task Every_operation_does_what_the_standard_says()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);
        var schema = await client.GetSchemaAsync("Open_vSwitch");

        using var insert = new OvsdbTransaction(schema);
        var queue = insert.Insert("Queue", new("dscp", Integers(46)), new OvsdbCell("other_config", Texts(("min-rate", "1000"), ("quote", "\"\\☃"))));
        insert.Insert("QoS", new("type", OvsdbSet.Of("linux-htb")), new OvsdbCell("queues", new OvsdbMap([new(OvsdbAtom.Of(7), queue)])));
        insert.Comment("made by a test");
        insert.Commit(durable: true);
        var made = await client.TransactAsync(insert);
        var (queueId, qosId) = (made[0].Inserted!.Value, made[1].Inserted!.Value);

        using var read = new OvsdbTransaction(schema);
        read.Select("QoS", [new("type", "==", OvsdbSet.Of("linux-htb"))]);
        read.Select("Queue", [new("dscp", "includes", Integers(46))], "other_config");
        var rows = await client.TransactAsync(read);
        Assert.Equal(qosId, Assert.Single(rows[0].Rows).Id);
        Assert.Equal(new OvsdbMap([new(OvsdbAtom.Of(7), OvsdbAtom.Of(queueId))]), rows[0].Rows[0].Map("queues"));
        Assert.Equal("\"\\☃", Assert.Single(rows[1].Rows).TextMap("other_config")["quote"]);

        using var change = new OvsdbTransaction(schema);
        change.Update("QoS", [OvsdbCondition.Id(qosId)], new OvsdbCell("external_ids", Texts(("a", "1"), ("b", "2"))));
        change.Mutate("QoS", [OvsdbCondition.Id(qosId)], new("external_ids", "delete", OvsdbSet.Of("a")), new OvsdbMutation("external_ids", "insert", Texts(("c", "3"))));
        change.Mutate("Open_vSwitch", [], new OvsdbMutation("next_cfg", "+=", Integers(41)), new OvsdbMutation("next_cfg", "*=", Integers(2)), new OvsdbMutation("next_cfg", "%=", Integers(50)));
        change.Wait("QoS", [OvsdbCondition.Id(qosId)], ["external_ids"], equal: true, [[new OvsdbCell("external_ids", Texts(("b", "2"), ("c", "3")))]], TimeSpan.Zero);
        change.Select("Open_vSwitch", [], "next_cfg");
        change.Delete("Queue", new OvsdbCondition("_uuid", "==", new OvsdbSet([OvsdbAtom.Of(Guid.NewGuid())])));
        var changed = await client.TransactAsync(change);
        Assert.Equal((1L, 1L, 0L), (changed[0].Count, changed[1].Count, changed[5].Count));
        Assert.Equal(32, changed[4].Rows[0].Integer("next_cfg"));

        using var undone = new OvsdbTransaction(schema);
        undone.Delete("QoS");
        undone.Abort();
        var aborted = await Assert.ThrowsAsync<OvsdbException>(() => client.TransactAsync(undone));
        Assert.Equal(("aborted", 1), (aborted.Error, aborted.Operation));

        using var broken = new OvsdbTransaction("Open_vSwitch");
        broken.Delete("Queue", new OvsdbCondition("_uuid", "==", new OvsdbSet([OvsdbAtom.Of(queueId)])));
        var dangling = await Assert.ThrowsAsync<OvsdbException>(() => client.TransactAsync(broken));
        Assert.Equal("referential integrity violation", dangling.Error);

        using var gone = new OvsdbTransaction(schema);
        gone.Delete("QoS", OvsdbCondition.Id(qosId));
        gone.Delete("Queue", OvsdbCondition.Id(queueId));
        Assert.Equal([1, 1], (await client.TransactAsync(gone)).Select(result => result.Count));
        Assert.Contains("made by a test", ovs.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_transaction_that_waits_goes_on_when_it_may_and_ends_when_it_is_cancelled()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);
        using var waiting = Waiting("one");
        var answer = client.TransactAsync(waiting);
        await client.EchoAsync();
        Assert.False(answer.IsCompleted);
        ovs.Vsctl("--no-wait", "set", "open", ".", "external_ids:flag=one");
        Assert.Equal(2, (await answer.WaitAsync(Patience)).Count);

        using var stop = new CancellationTokenSource();
        using var never = Waiting("two");
        var cancelled = client.TransactAsync(never, stop.Token);
        await client.EchoAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        await client.EchoAsync();

        static OvsdbTransaction Waiting(string flag)
        {
            var transaction = new OvsdbTransaction("Open_vSwitch");
            transaction.Wait("Open_vSwitch", [], ["external_ids"], equal: true, [[new OvsdbCell("external_ids", Texts(("flag", flag)))]], null);
            transaction.Comment("it is so");
            return transaction;
        }
    }

    [Fact]
    public async Task A_monitor_shows_the_rows_that_meet_its_conditions_and_those_can_be_changed()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);
        var schema = await client.GetSchemaAsync("Open_vSwitch");
        ovs.Vsctl("--no-wait", "add-br", "br-a", "--", "add-br", "br-b");
        var monitor = await client.MonitorAsync(schema, [new("Bridge", ["name", "external_ids"]) { Where = [new("name", "==", OvsdbSet.Of("br-a"))] }, new("Open_vSwitch", ["bridges"])]);
        Assert.Equal(["br-a"], Names(monitor));

        ovs.Vsctl("--no-wait", "set", "bridge", "br-a", "external_ids:x=1");
        await UntilAsync(() => monitor.Database.Rows<BridgeRow>().Any(row => row.ExternalIds["x"] == "1"));
        await monitor.ChangeConditionsAsync([new("Bridge", []) { Where = [new("name", "==", OvsdbSet.Of("br-b"))] }]);
        await UntilAsync(() => Names(monitor) is ["br-b"]);
        await monitor.ChangeConditionsAsync([new("Bridge", [])]);
        await UntilAsync(() => Names(monitor) is ["br-a", "br-b"]);
        ovs.Vsctl("--no-wait", "del-br", "br-b");
        await UntilAsync(() => Names(monitor) is ["br-a"]);

        await monitor.CancelAsync();
        Assert.Equal("cancelled", await monitor.Ended);
        await Assert.ThrowsAsync<OvsdbException>(() => monitor.CancelAsync());
    }

    [Fact]
    public async Task A_monitor_that_the_server_ends_for_another_schema_begins_anew()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);
        var schema = await client.GetSchemaAsync("Open_vSwitch");
        ovs.Vsctl("--no-wait", "add-br", "br-a");
        var monitor = await client.MonitorAsync(schema, [new("Bridge", ["name"])]);

        ovs.Convert(text => text.Replace($"\"version\": \"{schema.Version}\"", "\"version\": \"99.0.0\"", StringComparison.Ordinal));
        await UntilAsync(() => monitor.Database.Schema.Version == "99.0.0" && Names(monitor) is ["br-a"]);
        ovs.Vsctl("--no-wait", "add-br", "br-b");
        await UntilAsync(() => Names(monitor) is ["br-a", "br-b"]);
        Assert.False(client.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_server_says_who_it_is_what_it_serves_and_converts_a_database()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);
        var id = await client.GetServerIdAsync();
        Assert.NotEqual(Guid.Empty, id);
        Assert.Equal(id, await client.GetServerIdAsync());

        var server = await client.GetSchemaAsync("_Server");
        var databases = await client.MonitorAsync(server, [new("Database", ["name", "model", "connected", "leader", "schema"])]);
        var row = databases.Database.Table("Database").Values.Single(r => r.Text("name") == "Open_vSwitch");
        Assert.Equal(("standalone", (bool?)true, (bool?)true), (row.Text("model"), row.Boolean("connected"), row.Boolean("leader")));

        ovs.Vsctl("--no-wait", "add-br", "br-a");
        var schema = JsonNode.Parse(row.Text("schema")!)!;
        schema["version"] = "98.0.0";
        await client.ConvertAsync("Open_vSwitch", JsonElement.Parse(schema.ToJsonString()));
        Assert.Equal("98.0.0", (await client.GetSchemaAsync("Open_vSwitch")).Version);
        Assert.Equal("br-a", ovs.Vsctl("--no-wait", "list-br"));

        schema["tables"]!.AsObject().Remove("Queue"); // QoS refers to it.
        var refused = await Assert.ThrowsAsync<OvsdbException>(() => client.ConvertAsync("Open_vSwitch", JsonElement.Parse(schema.ToJsonString())));
        Assert.Contains("Queue", refused.Message, StringComparison.Ordinal);
        Assert.Equal("98.0.0", (await client.GetSchemaAsync("Open_vSwitch")).Version);
    }

    [Fact]
    public async Task A_lock_is_held_by_one_stolen_by_another_and_asserted_in_transactions()
    {
        await using var first = await OvsdbClient.ConnectAsync(ovs.Database);
        await using var second = await OvsdbClient.ConnectAsync(ovs.Database);
        var (toFirst, toSecond) = (new List<(string, bool)>(), new List<(string, bool)>());
        first.LockChanged += (name, held) => toFirst.Add((name, held));
        second.LockChanged += (name, held) => toSecond.Add((name, held));

        Assert.True(await first.LockAsync("leader"));
        Assert.False(await second.LockAsync("leader"));
        await AssertHolds(first, true);
        await AssertHolds(second, false);
        await first.UnlockAsync("leader");
        await UntilAsync(() => toSecond is [("leader", true)]);

        Assert.True(await first.StealAsync("leader"));
        await UntilAsync(() => toSecond is [_, ("leader", false)]);
        await AssertHolds(first, true);
        await first.DisposeAsync();
        await UntilAsync(() => toSecond is [_, _, ("leader", true)]);
        Assert.Empty(toFirst);

        static async Task AssertHolds(OvsdbClient client, bool holds)
        {
            using var transaction = new OvsdbTransaction("Open_vSwitch");
            transaction.Assert("leader");
            var fault = await Record.ExceptionAsync(() => client.TransactAsync(transaction));
            Assert.Equal(holds ? null : "not owner", (fault as OvsdbException)?.Error);
        }
    }

    [Fact]
    public async Task What_a_client_missed_is_all_that_a_clustered_server_sends_it()
    {
        using var clustered = new OvsSandbox(withSwitch: false, clustered: true);
        // The server remembers no more than the database holds, so it has to hold something.
        clustered.Vsctl(["--no-wait", .. Enumerable.Range(0, 50).SelectMany(i => new[] { "--", "add-br", $"bulk{i}" })]);
        clustered.Vsctl("--no-wait", "add-br", "br-a", "--", "add-br", "br-b");
        OvsdbResume resume;
        await using (var client = await OvsdbClient.ConnectAsync(clustered.Database))
        {
            var monitor = await client.MonitorAsync(await client.GetSchemaAsync("Open_vSwitch"), [new("Bridge", ["name"])]);
            Assert.Equal(["br-a", "br-b"], Names(monitor));
            Assert.False(monitor.Resumed);
            resume = monitor.Resume;
        }

        clustered.Vsctl("--no-wait", "add-br", "br-c", "--", "del-br", "br-a");
        await using var again = await OvsdbClient.ConnectAsync(clustered.Database);
        var resumed = await again.MonitorAsync(await again.GetSchemaAsync("Open_vSwitch"), [new("Bridge", ["name"])], resume);
        Assert.True(resumed.Resumed);
        Assert.Equal(["br-b", "br-c"], Names(resumed));

        var unknown = await again.MonitorAsync(resume.Database.Schema, [new("Bridge", ["name"])], resume with { Transaction = Guid.NewGuid() });
        Assert.False(unknown.Resumed);
        Assert.Equal(["br-b", "br-c"], Names(unknown));
    }

    [Fact]
    public async Task What_is_under_way_fails_when_the_server_goes()
    {
        await using var client = await OvsdbClient.ConnectAsync(ovs.Database);
        var monitor = await client.MonitorAsync(await client.GetSchemaAsync("Open_vSwitch"), [new("Bridge", ["name"])]);
        using var never = new OvsdbTransaction("Open_vSwitch");
        never.Wait("Bridge", [], ["name"], equal: true, [[new OvsdbCell("name", OvsdbSet.Of("never"))]], null);
        var waiting = client.TransactAsync(never);
        await client.EchoAsync();

        using (var server = System.Diagnostics.Process.GetProcessById(ovs.DatabasePid))
        {
            server.Kill();
        }

        await Assert.ThrowsAsync<IOException>(() => waiting.WaitAsync(Patience));
        await Assert.ThrowsAsync<IOException>(() => client.EchoAsync().WaitAsync(Patience));
        Assert.NotEmpty(await monitor.Ended.WaitAsync(Patience));
        await foreach (var _ in monitor.ChangesAsync())
        {
            // What it had shown before is still to be had; then the stream ends.
        }
    }

    private static string[] Names(OvsdbMonitor monitor) => [.. monitor.Database.Rows<BridgeRow>().Select(row => row.Name).Where(name => name.StartsWith("br-", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static OvsdbSet Integers(params long[] numbers) => new([.. numbers.Select(OvsdbAtom.Of)]);

    private static OvsdbMap Texts(params (string Key, string Value)[] pairs) =>
        new(pairs.Select(pair => KeyValuePair.Create(OvsdbAtom.Of(pair.Key), OvsdbAtom.Of(pair.Value))).ToEquatableArray());

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var deadline = DateTime.UtcNow + Patience; !holds(); await Task.Delay(20))
        {
            Assert.True(DateTime.UtcNow < deadline, "it does not become so");
        }
    }
}
