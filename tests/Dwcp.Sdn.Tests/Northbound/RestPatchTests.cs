using System.Text.Json;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Grpc.Client;
using Grpc.Core;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>PATCH is an RFC 7396 merge.</summary>
public sealed class RestPatchTests : RestFixture
{
    private const string Subnet = """
        {"network": "n", "cidr": "10.0.0.0/24", "gateway": "10.0.0.1", "labels": {"a": "1", "b.c": "2"},
         "dhcp": {"enabled": true, "dns": ["10.0.0.2", "10.0.0.3"], "leaseSeconds": 60}}
        """;

    [Theory]
    [InlineData("""{"gateway": "10.0.0.254"}""", "gateway", "\"10.0.0.254\"")]
    [InlineData("""{"gateway": null}""", "gateway", null)]
    [InlineData("""{"gateway": "10.0.0.254"}""", "cidr", "\"10.0.0.0/24\"")]
    [InlineData("""{"dhcp": {"leaseSeconds": 90}}""", "dhcp.leaseSeconds", "90")]
    [InlineData("""{"dhcp": {"leaseSeconds": 90}}""", "dhcp.enabled", "true")]
    [InlineData("""{"dhcp": {"enabled": false}}""", "dhcp.dns", """["10.0.0.2","10.0.0.3"]""")]
    [InlineData("""{"dhcp": {"dns": ["10.0.0.9"]}}""", "dhcp.dns", """["10.0.0.9"]""")]
    [InlineData("""{"dhcp": {"dns": null}}""", "dhcp.dns", "[]")]
    [InlineData("""{"dhcp": null}""", "dhcp", null)]
    [InlineData("""{"ra": {"enabled": true}}""", "ra.enabled", "true")]
    [InlineData("""{"labels": {"a": null, "d": "4"}}""", "labels", """{"b.c":"2","d":"4"}""")]
    [InlineData("""{"labels": {"b.c": "3"}}""", "labels", """{"a":"1","b.c":"3"}""")]
    [InlineData("""{"labels": null}""", "labels", "{}")]
    [InlineData("{}", "dhcp.leaseSeconds", "60")]
    public async Task A_patch_merges(string patch, string path, string? expected)
    {
        await SendAsync("PUT", "/v1/subnets/s1", Subnet);

        var patched = await SendAsync("PATCH", "/v1/subnets/s1", patch, "application/merge-patch+json");

        Assert.Equal(200, patched.Status);
        if (expected is null)
        {
            Assert.False(patched.Has(path));
        }
        else
        {
            Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, patched[path]), $"{path} is {patched[path]}");
        }

        Assert.Equal(patched.Body, (await SendAsync("GET", "/v1/subnets/s1")).Body);
    }

    [Fact]
    public async Task A_patch_that_changes_nothing_leaves_the_version_alone()
    {
        var made = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");

        var patched = await SendAsync("PATCH", "/v1/networks/net1", """{"vni": 5001, "status": {"mtu": 3}}""");

        Assert.Equal(made.ETag, patched.ETag);
    }

    [Fact]
    public async Task A_patch_starts_from_what_was_given_so_that_what_was_allocated_stays_allocated()
    {
        var made = await SendAsync("PUT", "/v1/ports/p1", """{"network": "n"}""");

        var patched = await SendAsync("PATCH", "/v1/ports/p1", """{"labels": {"a": "1"}}""");

        Assert.Equal(made["mac"].GetString(), patched["mac"].GetString());
        Assert.Equal(new PortSpec { Network = "n" }, Fabric.Find(ResourceKind.Port, "p1")!.Given);
        Assert.NotEqual(Fabric.Find(ResourceKind.Port, "p1")!.Given, Fabric.Find(ResourceKind.Port, "p1")!.Spec);
    }

    [Fact]
    public async Task A_patch_leaves_lists_alone_that_it_does_not_name()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001, "importTargets": ["65000:1", "65000:2"], "exportTargets": ["65000:3"]}""");

        var patched = await SendAsync("PATCH", "/v1/networks/net1", """{"exportTargets": ["65000:4"], "mtu": 1400}""");

        Assert.Equal(["65000:1", "65000:2"], patched["importTargets"].EnumerateArray().Select(t => t.GetString()));
        Assert.Equal(["65000:4"], patched["exportTargets"].EnumerateArray().Select(t => t.GetString()));
    }

    [Fact]
    public async Task A_patch_of_what_is_not_there_is_404()
        => Assert.Equal(404, (await SendAsync("PATCH", "/v1/networks/net1", """{"vni": 5001}""")).Status);

    [Fact]
    public async Task A_patch_reports_unknown_fields_and_what_the_result_would_violate_together()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");

        var answer = await SendAsync("PATCH", "/v1/networks/net1", """{"vni": null, "colour": "red"}""");

        Assert.Equal(400, answer.Status);
        Assert.Equal(["colour unknown-field", "vni required"], answer.Problems);
    }

    [Fact]
    public async Task A_patch_is_repeated_on_what_another_caller_made_of_the_object_meanwhile()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        var once = true;
        Fabric.Before = () =>
        {
            if (once)
            {
                once = false;
                Fabric.ApplyAsync(
                    new PutCommand(ResourceKind.Network, "net1", new NetworkSpec { Vni = 5001, Mtu = 1300 }, System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty),
                    CancellationToken.None).GetAwaiter().GetResult();
            }
        };

        var patched = await SendAsync("PATCH", "/v1/networks/net1", """{"arpSuppression": false}""");

        Assert.Equal(200, patched.Status);
        Assert.Equal(1300, patched["mtu"].GetInt32());
        Assert.False(patched["arpSuppression"].GetBoolean());
    }

    [Fact]
    public async Task A_call_without_a_mask_does_not_pass_for_a_change()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");
        using var channel = new GrpcChannel(new($"http://{Server.GrpcEndPoint}"));
        var call = new Networks.NetworksClient(channel).PatchAsync(new() { Id = "net1", Network = new() { Vni = 5002 } });

        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(async () => await call)).StatusCode);
    }
}
