using System.Text.Json;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Grpc.Client;
using Dwcp.Sdn.Tests.Cli;
using LinkEndStatus = Dwcp.Sdn.Core.Model.LinkEndStatus;
using LinkSpec = Dwcp.Sdn.Core.Model.LinkSpec;
using LinkStatus = Dwcp.Sdn.Core.Model.LinkStatus;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>/v1/links: read and watched, over REST and gRPC.</summary>
public sealed class LinkRestTests : RestFixture
{
    [Fact]
    public async Task Links_are_listed_found_and_filtered_and_cannot_be_made()
    {
        Fabric.Observe(Links.Of("h1.3-h2.4", "TWO_WAY"));
        Fabric.Observe(Links.Of("h1.5-h3.1", "ONE_WAY"));

        var found = (await SendAsync("GET", "/v1/links/h1.3-h2.4")).Body;
        var status = JsonDocument.Parse(found).RootElement.GetProperty("status");
        Assert.Equal(("h1", 3), (status.GetProperty("source").GetProperty("switch").GetString(), status.GetProperty("source").GetProperty("ofport").GetInt32()));
        Assert.Equal(("TWO_WAY", "2030-01-01T00:00:00Z"), (status.GetProperty("state").GetString(), status.GetProperty("since").GetString()));
        Assert.Equal(["h1.5-h3.1"], Ids((await SendAsync("GET", "/v1/links?filter=status.state=ONE_WAY")).Body));
        Assert.Equal(["h1.3-h2.4", "h1.5-h3.1"], Ids((await SendAsync("GET", "/v1/links?filter=status.source.switch=h1")).Body));
        Assert.Equal(404, (await SendAsync("GET", "/v1/links/nobody")).Status);
        Assert.Equal(405, (await SendAsync("PUT", "/v1/links/h1.3-h2.4", "{}")).Status);
        Assert.Equal(405, (await SendAsync("DELETE", "/v1/links/h1.3-h2.4")).Status);
    }

    [Fact]
    public async Task Links_are_listed_and_watched_over_gRPC()
    {
        Fabric.Observe(Links.Of("h1.3-h2.4", "TWO_WAY"));
        using var channel = new GrpcChannel(new Uri($"http://{Server.GrpcEndPoint}"));
        var client = new Api.V1.Links.LinksClient(channel);
        Assert.Equal("h2", (await client.ListAsync(new ListLinksRequest())).Items.Single().Status.Destination.Switch);

        using var watch = client.Watch(new WatchLinksRequest());
        Assert.True(await watch.ResponseStream.MoveNext(default));
        Assert.Equal((WatchEvent.Added, "h1.3-h2.4"), (watch.ResponseStream.Current.Event, watch.ResponseStream.Current.Item.Id));
    }

    private static IEnumerable<string?> Ids(string list) => JsonDocument.Parse(list).RootElement.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString());
}

/// <summary>dwcpctl get and describe links.</summary>
public sealed class LinkCliTests : CliFixture
{
    [Fact]
    public async Task Links_are_a_table_and_each_tells_all_about_itself()
    {
        Fabric.Observe(Links.Of("h1.3-h2.4", "TWO_WAY"));
        Assert.Equal("""
            ID         FROM       TO         HEARD    BLOCKED  STATE
            h1.3-h2.4  h1 port 3  h2 port 4  TWO_WAY  true     OK

            """, (await RunAsync("get", "links")).Out);
        var described = (await RunAsync("describe", "link", "h1.3-h2.4")).Out;
        Assert.Contains("AsExpected", described, StringComparison.Ordinal);
        Assert.Contains("0000000000000002", described, StringComparison.Ordinal);
        Assert.Contains("found by LLDP frames that nobody else can make", (await RunAsync("explain", "link")).Out, StringComparison.Ordinal);
    }
}

internal static class Links
{
    public static Resource Of(string id, string state) => new(
        ResourceKind.Link, id, Fabric.Ask.NoLabels, 0, 0, new LinkSpec(), new LinkSpec(),
        new LinkStatus(
            [new(ConditionType.Degraded, ConditionStatus.False, "AsExpected", "both ends hear each other", 0, default)],
            new LinkEndStatus("h1", "0000000000000001", 3), new LinkEndStatus("h2", "0000000000000002", 4), state, true,
            new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero), 2));
}
