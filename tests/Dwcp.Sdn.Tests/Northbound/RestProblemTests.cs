using System.Net;
using System.Net.Sockets;
using System.Text;
using Dwcp.Sdn.Northbound;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>What is wrong with a request is said as RFC 9457 problems, all of it at once.</summary>
public sealed class RestProblemTests : RestFixture
{
    [Fact]
    public async Task Trailer_fields_that_are_no_text_are_400()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Server.HttpEndPoint);
        await socket.SendAsync(Encoding.Latin1.GetBytes("PUT /v1/networks/net1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: \xff\xfe\r\n\r\n"));
        var buffer = new byte[4096];

        Assert.StartsWith("HTTP/1.1 400", Encoding.Latin1.GetString(buffer, 0, await socket.ReceiveAsync(buffer)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_problem_of_a_request_is_named_with_its_remedy()
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1?validateonly=true", """
            {"vni": 99999999, "vrf": "blue", "mtu": 5, "arpSupression": true, "type": "TUNNEL", "importTargets": "65000:1", "labels": {"a": 1}, "status": {"colour": 1}}
            """);

        Assert.Equal(400, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal("urn:dwcp:problem:invalid", answer["type"].GetString());
        Assert.Equal(
            [
                "arpSupression unknown-field",
                "importTargets invalid",
                "labels.a invalid",
                "mtu out-of-range",
                "status.colour unknown-field",
                "type invalid",
                "validateonly unknown-parameter",
                "vni out-of-range",
                "vrf not-supported-yet",
            ],
            answer.Problems);
        Assert.All(answer["errors"].EnumerateArray(), e => Assert.NotEmpty(e.GetProperty("remedy").GetString()!));
        Assert.All(answer["errors"].EnumerateArray(), e => Assert.NotEmpty(e.GetProperty("message").GetString()!));
        Assert.Contains("Did you mean arpSuppression?", answer.Body, StringComparison.Ordinal);
        Assert.Contains("OVERLAY, VLAN, MACVLAN, BRIDGE", answer.Body, StringComparison.Ordinal);
        Assert.Equal(404, (await SendAsync("GET", "/v1/networks/net1")).Status);
    }

    [Fact]
    public async Task A_field_that_cannot_be_read_is_not_reported_as_missing_too()
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", """{"vni": "many"}""");

        Assert.Equal(["vni invalid"], answer.Problems);
        Assert.Equal("urn:dwcp:problem:invalid", answer["type"].GetString());
    }

    [Theory]
    [InlineData("""{"vni": -1}""", "vni invalid")]
    [InlineData("""{"vni": 4294967296}""", "vni invalid")]
    [InlineData("""{"vni": 1.5}""", "vni invalid")]
    [InlineData("""{"vni": true}""", "vni invalid")]
    [InlineData("""{"vni": [1]}""", "vni invalid")]
    [InlineData("""{"vni": 1, "vni": 2}""", "vni invalid")]
    [InlineData("""{"vni": 1, "arpSuppression": "true"}""", "arpSuppression invalid")]
    [InlineData("""{"vni": 1, "type": 9}""", "type invalid")]
    [InlineData("""{"vni": 1, "importTargets": [1]}""", "importTargets[0] invalid")]
    [InlineData("""{"vni": 1, "importTargets": ["1:1", null]}""", "importTargets[1] invalid")]
    [InlineData("""{"vni": 1, "labels": []}""", "labels invalid")]
    [InlineData("""{"vni": 1, "labels": {"a": "1", "a": "2"}}""", "labels.a invalid")]
    [InlineData("""{"vni": 1, "id": "net2"}""", "id invalid")]
    [InlineData("""{"vni": 1, "status": 5}""", "status invalid")]
    public async Task A_value_of_the_wrong_kind_is_named(string body, string problem)
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", body);

        Assert.Equal(400, answer.Status);
        Assert.Equal([problem], answer.Problems);
    }

    [Theory]
    [InlineData("""{"vni": 1e3}""")]
    [InlineData("""{"vni": 1000.0}""")]
    [InlineData("""{"vni": "1000"}""")]
    [InlineData("""{"vni": 1000, "mtu": null, "type": 0, "arp_suppression": true}""")]
    public async Task What_the_protobuf_mapping_also_allows_is_taken(string body)
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", body);

        Assert.Equal(201, answer.Status);
        Assert.Equal(1000, answer["vni"].GetInt32());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("{\"vni\": 1} trailing")]
    [InlineData("{\"labels\": {\"a\": \"\\ud800\"}}")]
    public async Task A_body_that_is_no_json_object_is_400(string body)
    {
        var answer = await SendAsync("PUT", "/v1/networks/net1", body);

        Assert.Equal(400, answer.Status);
        Assert.NotEmpty(answer.Problems);
    }

    [Fact]
    public async Task A_body_that_is_not_utf8_or_nests_too_deep_is_400()
    {
        using var latin1 = new ByteArrayContent([.. "{\"labels\":{\"a\":\""u8, 0xe9, .. "\"}}"u8]);
        latin1.Headers.ContentType = new("application/json");

        Assert.Equal(400, (int)(await Client.PutAsync("/v1/networks/net1", latin1)).StatusCode);
        Assert.Equal(400, (await SendAsync("PUT", "/v1/networks/net1", string.Concat(Enumerable.Repeat("{\"status\":", 100)))).Status);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1")]
    [InlineData("/v1/nets")]
    [InlineData("/v1/networks/")]
    [InlineData("/v1/networks/a/b")]
    [InlineData("/v2/networks/a")]
    public async Task A_path_that_is_not_there_is_404(string path)
    {
        var answer = await SendAsync("GET", path);

        Assert.Equal(404, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
    }

    [Fact]
    public async Task What_contradicts_other_objects_is_named_beside_what_is_wrong_in_itself()
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");

        var answer = await SendAsync("PUT", "/v1/networks/net2", """{"vni": 5001, "mtuu": 1, "type": "TUNNEL"}""");
        var absent = await SendAsync("PATCH", "/v1/networks/net3", """{"mtuu": 1}""");

        Assert.Equal(400, answer.Status);
        Assert.Equal(["mtuu unknown-field", "type invalid", "vni conflict"], answer.Problems);
        Assert.Equal(400, absent.Status);
        Assert.Equal(["id not-found", "mtuu unknown-field"], absent.Problems);
    }

    [Theory]
    [InlineData("GET", "/v1/networks/net1?watch=true", "watch unknown-parameter")]
    [InlineData("PUT", "/v1/networks/net1?watch=true", "watch unknown-parameter")]
    [InlineData("GET", "/v1/switches/h1/flows?watch=true", "watch unknown-parameter")]
    [InlineData("GET", "/v1/networks?watch=yes", "watch invalid")]
    [InlineData("GET", "/v1/networks?watch=true&watch=true", "watch invalid")]
    public async Task A_watch_where_there_is_none_is_refused(string method, string path, string problem)
    {
        await SendAsync("PUT", "/v1/networks/net1", """{"vni": 5001}""");

        var answer = await SendAsync(method, path, method == "PUT" ? """{"vni": 5001}""" : null);

        Assert.Equal(400, answer.Status);
        Assert.Equal([problem], answer.Problems);
        Assert.Equal(200, (await SendAsync("GET", "/v1/networks?watch=false")).Status);
    }

    [Fact]
    public async Task A_body_that_is_encoded_is_refused_with_what_is_taken()
    {
        using var content = new ByteArrayContent([0x1f, 0x8b, 8]);
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await Client.PutAsync(new Uri("/v1/networks/net1", UriKind.Relative), content);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal("identity", Assert.Single(response.Headers.GetValues("Accept-Encoding")));
        Assert.Contains("Content-Encoding", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/v1/networks", "GET, HEAD")]
    [InlineData("POST", "/v1/networks/net1", "DELETE, GET, HEAD, PATCH, PUT")]
    [InlineData("WATCH", "/v1/networks", "GET, HEAD")]
    [InlineData("PUT", "/v1/events/1", "GET, HEAD")]
    [InlineData("DELETE", "/healthz", "GET, HEAD")]
    public async Task A_method_that_is_not_possible_is_405_and_says_which_are(string method, string path, string allow)
    {
        var answer = await SendAsync(method, path);

        Assert.Equal(405, answer.Status);
        Assert.Equal(allow, answer.Allow);
        Assert.Equal("urn:dwcp:problem:method-not-allowed", answer["type"].GetString());
    }

    [Fact]
    public async Task A_request_that_is_no_http_costs_only_its_connection()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(Client.BaseAddress!.Host, Client.BaseAddress.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes("\u0016\u0003\u0001 nonsense\r\n\r\n"));
        var buffer = new byte[4096];
        var text = Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));

        Assert.StartsWith("HTTP/1.1 400", text, StringComparison.Ordinal);
        Assert.Equal(200, (await SendAsync("GET", "/healthz")).Status);
    }

    [Fact]
    public void Listening_for_strangers_without_tls_needs_to_be_asked_for()
    {
        Assert.Empty(new NorthboundOptions().Problems());
        Assert.Empty(new NorthboundOptions { Http = new(IPAddress.IPv6Loopback, 8080) }.Problems());
        Assert.Equal("http", Assert.Single(new NorthboundOptions { Http = new(IPAddress.Any, 8080) }.Problems()).Field);
        Assert.Empty(new NorthboundOptions { Http = new(IPAddress.Any, 8080), InsecureHttp = true }.Problems());
    }
}
