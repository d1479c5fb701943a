using System.Text;
using System.Text.Json;
using Dwcp.Sdn.Core.Model;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>The shapes of api.md: objects by PUT, PATCH, GET and DELETE.</summary>
public sealed class RestObjectTests : RestFixture
{
    [Fact]
    public async Task A_caller_that_goes_takes_its_request_along()
    {
        var (began, given) = (new TaskCompletionSource(), new TaskCompletionSource());
        Fabric.Waits = async stop =>
        {
            began.SetResult();
            await Task.Delay(TimeSpan.FromMinutes(1), stop).ContinueWith(_ => { }, TaskScheduler.Default);
            given.SetResult();
        };
        using var gone = new CancellationTokenSource();
        var asked = Client.PutAsync("/v1/networks/net1", new StringContent("""{"vni": 5001}""", Encoding.UTF8, "application/json"), gone.Token);
        await began.Task.WaitAsync(TimeSpan.FromSeconds(20));

        await gone.CancelAsync();

        await given.Task.WaitAsync(TimeSpan.FromSeconds(20));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task A_put_makes_the_object_and_shows_it_with_defaults_and_status()
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001, "labels": {"env": "prod"}}""");

        Assert.Equal(201, answer.Status);
        Assert.Equal("application/json", answer.ContentType);
        Assert.Equal("/v1/networks/net1", answer.Location);
        Assert.StartsWith($"\"{answer["resourceVersion"].GetString()}-", answer.ETag, StringComparison.Ordinal);
        Assert.Equal("net1", answer["id"].GetString());
        Assert.Equal("prod", answer["labels.env"].GetString());
        Assert.Equal("1", answer["generation"].GetString());
        Assert.Equal(5001, answer["vni"].GetInt32());
        Assert.Equal("OVERLAY", answer["type"].GetString());
        Assert.Equal("VXLAN", answer["encapsulation"].GetString());
        Assert.Equal("DROP", answer["unknownUnicast"].GetString());
        Assert.True(answer["arpSuppression"].GetBoolean());
        Assert.Equal(0, answer["importTargets"].GetArrayLength());
        Assert.Equal("1", answer["status.observedGeneration"].GetString());
        Assert.False(answer.Has("vrf"));
        var condition = answer["status.conditions"][0];
        Assert.Equal("Accepted", condition.GetProperty("type").GetString());
        Assert.Equal("True", condition.GetProperty("status").GetString());
        Assert.Equal("1", condition.GetProperty("observedGeneration").GetString());
        Assert.Equal("", condition.GetProperty("message").GetString());
        Assert.True(condition.GetProperty("lastTransitionTime").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddMinutes(-1));
    }

    [Fact]
    public async Task The_same_body_twice_changes_nothing()
    {
        await SendAsync("PUT", "/v1/ports/vm1", """{"network": "net1"}""");
        var first = await SendAsync("GET", "/v1/ports/vm1");

        var second = await SendAsync("PUT", "/v1/ports/vm1", """{"network": "net1"}""");

        Assert.Equal(200, second.Status);
        Assert.Equal(first.Body, second.Body);
        Assert.Equal("02:00:00:00:00:11", second["mac"].GetString());
    }

    [Fact]
    public async Task What_was_read_can_be_put_back_as_it_is()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        var read = await SendAsync("GET", "/v1/networks/net1");

        var put = await SendAsync("PUT", "/v1/networks/net1", read.Body);

        Assert.Equal(200, put.Status);
        Assert.Equal(5001, put["vni"].GetInt32());
    }

    [Theory]
    [InlineData("", 201)]
    [InlineData("application/x-www-form-urlencoded", 201)] // curl -d
    [InlineData("application/json; charset=utf-8", 201)]
    [InlineData("Application/JSON", 201)]
    [InlineData("application/merge-patch+json", 201)]
    [InlineData("text/plain", 415)]
    [InlineData("application/xml", 415)]
    [InlineData("application/json; charset=latin1", 415)]
    public async Task Only_json_is_taken(string contentType, int status)
    {
        var answer = contentType.Length == 0
            ? await SendAsync("PUT", "/v1/networks/net1", """{"vni": 1}""", headers: [])
            : await SendAsync("PUT", "/v1/networks/net1", """{"vni": 1}""", contentType);

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task An_object_that_is_not_there_is_404_and_says_so()
    {
        var answer = await SendAsync("GET", "/v1/ports/nobody");

        Assert.Equal(404, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal("urn:dwcp:problem:not-found", answer["type"].GetString());
        Assert.Equal("Not found", answer["title"].GetString());
        Assert.Equal(404, answer["status"].GetInt32());
        Assert.Equal("/v1/ports/nobody", answer["instance"].GetString());
        Assert.Contains("nobody", answer["detail"].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleting_is_204_once_and_again()
    {
        await SendAsync("PUT", "/v1/ports/vm1", """{"network": "net1"}""");

        var first = await SendAsync("DELETE", "/v1/ports/vm1");
        var again = await SendAsync("DELETE", "/v1/ports/vm1");

        Assert.Equal((204, ""), (first.Status, first.Body));
        Assert.Equal((204, ""), (again.Status, again.Body));
        Assert.Equal(404, (await SendAsync("GET", "/v1/ports/vm1")).Status);
    }

    [Fact]
    public async Task What_contradicts_the_fabric_is_409_with_the_reason()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        await SendAsync("PUT", "/v1/ports/vm1", """{"network": "net1"}""");

        var sameVni = await SendAsync("PUT", "/v1/networks/net2", """{"vni": 5001}""");
        var inUse = await SendAsync("DELETE", "/v1/networks/net1");

        Assert.Equal(409, sameVni.Status);
        Assert.Equal(["vni conflict"], sameVni.Problems);
        Assert.Equal("urn:dwcp:problem:conflict", sameVni["type"].GetString());
        Assert.Equal(409, inUse.Status);
    }

    [Fact]
    public async Task A_store_that_cannot_commit_is_503()
    {
        Fabric.StoreFails = true;

        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");

        Assert.Equal(503, answer.Status);
        Assert.Equal("Make room", answer["errors"][0].GetProperty("remedy").GetString());
    }

    [Fact]
    public async Task If_match_takes_the_resource_version_as_well_as_the_tag()
    {
        var made = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        var version = $"\"{made["resourceVersion"].GetString()}\"";

        Assert.Equal(200, (await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5002}""", headers: ("If-Match", version))).Status);
        Assert.Equal(412, (await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", version))).Status);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task What_the_caller_has_is_304_until_anything_of_it_changes_its_status_too(string method)
    {
        await SendAsync("PUT", "/v1/ports/p", """{"network": "n"}""");
        var tag = (await SendAsync("GET", "/v1/ports/p")).ETag!;

        var same = await SendAsync(method, "/v1/ports/p", headers: ("If-None-Match", $"\"other\", W/{tag}"));
        Fabric.SetStatus(ResourceKind.Port, "p", status => (PortStatus)status with { State = "UP", Host = "h1" });
        var changed = await SendAsync(method, "/v1/ports/p", headers: ("If-None-Match", tag));

        Assert.Equal((304, "", tag, "no-cache"), (same.Status, same.Body, same.ETag, same.CacheControl));
        Assert.Equal(200, changed.Status);
        Assert.NotEqual(tag, changed.ETag);
        Assert.Equal(304, (await SendAsync(method, "/v1/ports/p", headers: ("If-None-Match", "*"))).Status);
    }

    [Fact]
    public async Task A_change_that_asks_for_if_none_match_is_refused_rather_than_made_without_it()
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""", headers: ("If-None-Match", "*"));

        Assert.Equal(400, answer.Status);
        Assert.Equal(["If-None-Match not-supported-yet"], answer.Problems);
        Assert.Equal(404, (await SendAsync("GET", "/v1/networks/net1")).Status);
    }

    [Fact]
    public async Task If_match_lets_a_change_through_only_on_the_version_that_was_seen()
    {
        var made = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        var changed = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5002}""", headers: ("If-Match", made.ETag!));

        var late = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", made.ETag!));
        var lateDelete = await SendAsync("DELETE", "/v1/networks/net1", headers: ("If-Match", made.ETag!));
        var latePatch = await SendAsync("PATCH", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", made.ETag!));
        var nonsense = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", "\"another\""));
        var unquoted = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", "5"));
        var quotedStar = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", "\"*\""));
        var weakStar = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", "W/*"));
        var padded = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5003}""", headers: ("If-Match", $"\" {changed["resourceVersion"].GetString()}\""));
        var absent = await SendAsync("PUT", "/v1/networks/net9", """{"vni": 5009}""", headers: ("If-Match", "*"));
        var present = await SendAsync("PATCH", "/v1/networks/net1", """{"mtu": 1400}""", headers: ("If-Match", "*"));

        Assert.Equal(200, changed.Status);
        Assert.Equal([412, 412, 412, 412], [late.Status, lateDelete.Status, latePatch.Status, nonsense.Status]);
        Assert.Equal("urn:dwcp:problem:version-moved", late["type"].GetString());
        Assert.Equal((400, 412, 200), (unquoted.Status, absent.Status, present.Status));
        Assert.Equal((412, 400, 412), (quotedStar.Status, weakStar.Status, padded.Status));
        Assert.Equal(5002, (await SendAsync("GET", "/v1/networks/net1"))["vni"].GetInt32());
    }

    [Fact]
    public async Task Validate_only_answers_as_if_and_changes_nothing()
    {
        var would = await SendAsync("PUT", "/v1/networks/net1?validateOnly=true", """{"vni": 5001}""");
        var wrong = await SendAsync("PUT", "/v1/networks/net1?validateOnly=true", """{"vni": 0}""");

        Assert.Equal(200, would.Status);
        Assert.Equal(5001, would["vni"].GetInt32());
        Assert.Equal(400, wrong.Status);
        Assert.Equal(404, (await SendAsync("GET", "/v1/networks/net1")).Status);

        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        Assert.Equal(204, (await SendAsync("DELETE", "/v1/networks/net1?validateOnly=true")).Status);
        Assert.Equal(9000, (await SendAsync("PATCH", "/v1/networks/net1?validateOnly=true", """{"mtu": 9000}"""))["mtu"].GetInt32());
        Assert.False((await SendAsync("GET", "/v1/networks/net1")).Has("mtu"));
    }

    [Fact]
    public async Task A_switch_shows_what_it_is_and_its_flows()
    {
        await SendAsync("PUT", "/v1/switches/h1", """{"mode": "OBSERVED", "flowBudget": 1000}""");
        Fabric.Flows["h1"] = [new(10, 100, "reg1=0x3", "resubmit(,11)", 0xd3c9_0001_0000_0003, "ports/vm1", 12, 34)];

        var found = await SendAsync("GET", "/v1/switches/h1");
        var flows = await SendAsync("GET", "/v1/switches/h1/flows");

        Assert.Equal("OBSERVED", found["mode"].GetString());
        Assert.Equal("0000000000000001", found["status.datapathId"].GetString());
        Assert.Equal("3.1.0", found["status.versions.ovs"].GetString());
        Assert.Equal("vm1", found["status.ports"][0].GetProperty("portId").GetString());
        Assert.Equal(40, found["status.counts.flows"].GetInt32());
        var flow = flows["items"][0];
        Assert.Equal(10, flow.GetProperty("table").GetInt32());
        Assert.Equal("0xd3c9000100000003", flow.GetProperty("cookie").GetString());
        Assert.Equal("ports/vm1", flow.GetProperty("object").GetString());
        Assert.Equal("12", flow.GetProperty("packets").GetString());
        Assert.Equal(1, (await SendAsync("GET", "/v1/switches/h1/flows?filter=table%3D10,object=ports/vm1"))["items"].GetArrayLength());
        Assert.Equal(0, (await SendAsync("GET", "/v1/switches/h1/flows?filter=table=11"))["items"].GetArrayLength());
    }

    [Fact]
    public async Task Flows_of_a_switch_that_is_away_are_503_and_of_none_404()
    {
        await SendAsync("PUT", "/v1/switches/h1", "{}");

        Assert.Equal(503, (await SendAsync("GET", "/v1/switches/h1/flows")).Status);
        Assert.Equal(404, (await SendAsync("GET", "/v1/switches/h2/flows")).Status);
    }

    [Fact]
    public async Task Events_are_listed_oldest_first_and_found_by_id()
    {
        Fabric.Happen("SwitchConnected", "switches/h1", "h1 is here");
        Fabric.Happen("PortBound", "ports/vm1", "vm1 is on h1");

        var list = await SendAsync("GET", "/v1/events");
        var filtered = await SendAsync("GET", "/v1/events?filter=name=PortBound");

        Assert.Equal(["1", "2"], list["items"].EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        Assert.EndsWith(".2", list["resourceVersion"].GetString());
        Assert.Equal(Fabric.Events().Items[0].Time, list["items"][0].GetProperty("time").GetDateTimeOffset(), TimeSpan.FromMicroseconds(1));
        Assert.Equal("ports/vm1", Assert.Single(filtered["items"].EnumerateArray()).GetProperty("subject").GetString());
        Assert.Equal("h1 is here", (await SendAsync("GET", "/v1/events/1"))["message"].GetString());
        Assert.Equal(404, (await SendAsync("GET", "/v1/events/3")).Status);
    }

    [Theory]
    [InlineData("subnets/s1", """{"network":"n","cidr":"10.0.0.0/24","gateway":"10.0.0.1","gatewayMac":"02:00:5e:00:01:01","dhcp":{"enabled":true,"dns":["10.0.0.2"],"routes":["0.0.0.0/0 via 10.0.0.1"],"leaseSeconds":60,"ranges":["10.0.0.9-10.0.0.10"]},"ra":{"enabled":true}}""")]
    [InlineData("networks/n1", """{"vni":7,"type":"BRIDGE","encapsulation":"GRE","mtu":1400,"arpSuppression":false,"unknownUnicast":"FLOOD","importTargets":["65000:100"],"exportTargets":["10.0.0.1:7"]}""")]
    [InlineData("ports/p1", """{"network":"n","mac":"02:00:00:00:00:01","addresses":["10.0.0.5"],"securityGroups":["web"],"qosPolicy":"gold","allowedPairs":[{"mac":"02:00:00:00:00:02","address":"10.0.0.6"}],"portSecurity":false,"bindings":[{"host":"h1","role":"ACTIVE"}]}""")]
    [InlineData("switches/h1", """{"mode":"LEARNING","flowBudget":100}""")]
    public async Task Every_field_of_a_spec_comes_back_as_it_was_put(string path, string spec)
    {
        await SendAsync("PUT", $"/v1/{path}", spec);

        var read = await SendAsync("GET", $"/v1/{path}");

        foreach (var field in JsonDocument.Parse(spec).RootElement.EnumerateObject())
        {
            Assert.True(JsonElement.DeepEquals(field.Value, read[field.Name]), $"{field.Name}: {field.Value} became {read[field.Name]}");
        }
    }
}
