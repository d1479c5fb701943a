namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Lists: their shape, pages and filters.</summary>
public sealed class RestListTests : RestFixture
{
    [Fact]
    public async Task An_empty_list_has_all_three_fields()
    {
        var answer = await SendAsync("GET", "/v1/networks");

        Assert.Equal(200, answer.Status);
        Assert.Equal(0, answer["items"].GetArrayLength());
        Assert.Equal("", answer["nextPageToken"].GetString());
        Assert.StartsWith("0.", answer["resourceVersion"].GetString());
    }

    [Fact]
    public async Task Pages_together_hold_every_object_once_in_order()
    {
        for (var i = 0; i < 7; i++)
        {
            await SendAsync("PUT", $"/v1/networks/net{i}", $$"""{"vni": {{100 + i}}}""");
        }

        var (pages, token) = (new List<string[]>(), "");
        do
        {
            var page = await SendAsync("GET", $"/v1/networks?pageSize=3&pageToken={token}");
            pages.Add([.. Ids(page)]);
            token = page["nextPageToken"].GetString();
            await SendAsync("DELETE", $"/v1/networks/{pages[^1][^1]}"); // Objects that come and go do not shift the pages.
        }
        while (token is not "");

        Assert.Equal([["net0", "net1", "net2"], ["net3", "net4", "net5"], ["net6"]], pages);
    }

    [Fact]
    public async Task A_page_that_ends_with_the_last_object_has_no_next()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 1}""");

        Assert.Equal("", (await SendAsync("GET", "/v1/networks?pageSize=1"))["nextPageToken"].GetString());
    }

    [Theory]
    [InlineData("label.env=prod", "vm1,vm3")]
    [InlineData("label.env=prod,network=b", "vm3")]
    [InlineData("label.a.b/c=x", "vm2")]
    [InlineData("network=a", "vm1,vm2")]
    [InlineData("portSecurity=false", "vm3")]
    [InlineData("addresses=10.0.0.2", "vm2")]
    [InlineData("allowedPairs.address=10.0.0.9", "vm3")]
    [InlineData("status.state=UNBOUND", "vm1,vm2,vm3")]
    [InlineData("status.host=h1", "")]
    [InlineData("id=vm2", "vm2")]
    [InlineData("status.conditions.type=Accepted", "vm1,vm2,vm3")]
    public async Task A_filter_takes_what_meets_all_its_terms(string filter, string expected)
    {
        await SendAsync("PUT", "/v1/ports/vm1", """{"network": "a", "labels": {"env": "prod"}}""");
        await SendAsync("PUT", "/v1/ports/vm2", """{"network": "a", "labels": {"a.b/c": "x"}, "addresses": ["10.0.0.1", "10.0.0.2"]}""");
        await SendAsync("PUT", "/v1/ports/vm3", """{"network": "b", "labels": {"env": "prod"}, "portSecurity": false, "allowedPairs": [{"address": "10.0.0.9"}]}""");

        var answer = await SendAsync("GET", $"/v1/ports?filter={filter}");

        Assert.Equal(expected, string.Join(',', Ids(answer)));
    }

    [Fact]
    public async Task Pages_of_a_filter_count_what_it_takes()
    {
        for (var i = 0; i < 6; i++)
        {
            await SendAsync("PUT", $"/v1/ports/vm{i}", $$"""{"network": "{{(i % 2 == 0 ? "a" : "b")}}"}""");
        }

        var first = await SendAsync("GET", "/v1/ports?filter=network=a&pageSize=2");
        var second = await SendAsync("GET", $"/v1/ports?filter=network=a&pageSize=2&pageToken={first["nextPageToken"].GetString()}");

        Assert.Equal(["vm0", "vm2"], Ids(first));
        Assert.Equal(["vm4"], Ids(second));
        Assert.Equal("", second["nextPageToken"].GetString());
    }

    [Theory]
    [InlineData("pageSize=-1", "pageSize out-of-range")]
    [InlineData("pageSize=x", "pageSize invalid")]
    [InlineData("pageSize=1&pageSize=2", "pageSize invalid")]
    [InlineData("pageToken=!!", "pageToken invalid")]
    [InlineData("pageToken=/w==", "pageToken invalid")]
    [InlineData("pageToken=bmV0MQ==", "pageToken invalid")]
    [InlineData("filter=nothing", "filter invalid")]
    [InlineData("filter=colour=red", "filter unknown-field")]
    [InlineData("filter=vni=many", "filter invalid")]
    [InlineData("filter=status=x", "filter invalid")]
    [InlineData("watch=maybe", "watch invalid")]
    [InlineData("labelSelector=a", "labelSelector unknown-parameter")]
    public async Task A_question_that_cannot_be_answered_is_refused(string query, string problem)
    {
        var answer = await SendAsync("GET", $"/v1/networks?{query}");

        Assert.Equal(400, answer.Status);
        Assert.Equal([problem], answer.Problems);
    }

    [Fact]
    public async Task A_token_goes_on_the_list_that_gave_it_and_no_other()
    {
        foreach (var path in new[] { "/v1/networks/a", "/v1/networks/b" })
        {
            await SendAsync("PUT", path, $$"""{"vni": {{(int)path[^1]}}}""");
        }

        var token = (await SendAsync("GET", "/v1/networks?pageSize=1"))["nextPageToken"].GetString();

        Assert.Equal(["b"], Ids(await SendAsync("GET", $"/v1/networks?pageToken={token}")));
        Assert.Equal(["pageToken invalid"], (await SendAsync("GET", $"/v1/ports?pageToken={token}")).Problems);
    }

    [Fact]
    public async Task All_faults_of_a_question_are_named()
        => Assert.Equal(
            ["filter invalid", "pageSize out-of-range", "pageToken invalid"],
            (await SendAsync("GET", "/v1/networks?pageSize=10001&pageToken=!&filter=x")).Problems);

    private static IEnumerable<string> Ids(Answer list) => list["items"].EnumerateArray().Select(i => i.GetProperty("id").GetString()!);
}
