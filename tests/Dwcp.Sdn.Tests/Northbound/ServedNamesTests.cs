using System.Net;
using Dwcp.Sdn.Northbound;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Whom a browser on the operator's machine could carry to the API, and who is let in.</summary>
public sealed class ServedNamesTests : RestFixture
{
    internal override NorthboundOptions Options { get; } = new()
    {
        Http = new(IPAddress.Loopback, 0),
        Grpc = new(IPAddress.Loopback, 0),
        HttpNames = ["controller.example.org"],
    };

    [Theory]
    [InlineData("127.0.0.1:8080")]
    [InlineData("[::1]:8080")]
    [InlineData("192.0.2.7")]
    [InlineData("localhost:8080")]
    [InlineData("dwcp.localhost")]
    [InlineData("controller")]
    [InlineData("controller.example.org:8080")]
    [InlineData("Controller.Example.Org")]
    public async Task Addresses_own_names_and_names_that_nobody_elsewhere_can_have_are_answered(string host)
        => Assert.Equal(200, (await SendAsync("GET", "/v1/networks", headers: ("Host", host))).Status);

    [Theory]
    [InlineData("rebound.example.com")]
    [InlineData("rebound.example.com:8080")]
    [InlineData("127.0.0.1.example.com")]
    [InlineData("controller.example.org.example.com")]
    [InlineData("example.org")]
    public async Task Another_name_that_leads_here_is_421_with_the_option_that_allows_it(string host)
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 100}""", headers: ("Host", host));

        Assert.Equal(421, answer.Status);
        Assert.Equal(["Host not-served"], answer.Problems);
        Assert.Contains($"--http-names {host.Split(':')[0]}", answer.Body, StringComparison.Ordinal);
        Assert.Equal(404, (await SendAsync("GET", "/v1/networks/net1")).Status);
        Assert.Equal(200, (await SendAsync("GET", "/healthz", headers: ("Host", host))).Status);
    }

    [Theory]
    [InlineData("https://example.com", 403)]
    [InlineData("null", 403)]
    [InlineData("http://127.0.0.1:1", 403)]
    [InlineData("http://localhost:8080", 201)]
    [InlineData("https://controller.example.org", 201)]
    public async Task A_page_from_elsewhere_that_posts_a_form_changes_nothing(string origin, int status)
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": 100}""", "application/x-www-form-urlencoded", ("Host", "localhost:8080"), ("Origin", origin));

        Assert.Equal(status, answer.Status);
        Assert.Equal(status == 201 ? [] : ["Origin not-served"], status == 201 ? [] : answer.Problems);
        Assert.Equal(status == 201 ? 200 : 404, (await SendAsync("GET", "/v1/networks/net1")).Status);
    }
}
