using System.Text.Json;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Api;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Tests.Store;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>The description of the API, and the page that shows it.</summary>
public sealed partial class OpenApiTests : RestFixture
{
    private readonly MemoryStateStore _store = new();
    private readonly RunningConfiguration _running = new(fromApi => ControllerOptions.Load([], new Dictionary<string, string>(), _ => "", fromApi));

    public OpenApiTests() => _running.Start(_store, new(0, []), ((Loaded.Ready)_running.Load()).Options, why => Assert.Fail(why));

    internal override RunningConfiguration Configuration => _running;

    [Fact]
    public async Task Every_path_is_described_with_its_verbs()
    {
        var paths = (await SendAsync("GET", "/openapi.json"))["paths"];
        Assert.Equal(201, (await SendAsync("PUT", "/v1/bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.9"}""")).Status);

        Assert.Equal(
            ["delete", "get", "patch", "put"],
            paths.GetProperty("/v1/networks/{id}").EnumerateObject().Select(o => o.Name).Order(StringComparer.Ordinal));
        foreach (var path in paths.EnumerateObject().Where(p => !p.Name.Contains('{')))
        {
            Assert.Equal(200, (await SendAsync("GET", path.Name)).Status);
        }
    }

    [Fact]
    public async Task Every_reference_leads_to_a_schema_and_every_schema_is_referred_to()
    {
        var document = (await SendAsync("GET", "/openapi.json")).Body;

        var referred = Reference().Matches(document).Select(m => m.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);

        Assert.Equal(JsonDocument.Parse(document).RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(s => s.Name), referred);
    }

    [Fact]
    public async Task Every_example_of_a_request_is_taken_as_it_stands()
    {
        var tried = 0;
        foreach (var path in (await SendAsync("GET", "/openapi.json"))["paths"].EnumerateObject())
        {
            if (path.Value.TryGetProperty("put", out var put))
            {
                tried++;
                var example = put.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("example").GetRawText();
                Assert.Equal(path.Name == "/v1/configuration" ? 200 : 201, (await SendAsync("PUT", path.Name.Replace("{id}", "x"), example)).Status);
            }
        }

        Assert.Equal(9, tried);
    }

    [Fact]
    public async Task The_parameters_of_a_list_are_those_that_it_takes()
    {
        var parameters = (await SendAsync("GET", "/openapi.json"))["paths"].GetProperty("/v1/networks").GetProperty("get").GetProperty("parameters");

        Assert.Equal(["pageSize", "pageToken", "filter", "watch", "resourceVersion"], parameters.EnumerateArray().Select(p => p.GetProperty("name").GetString()));
        Assert.All(parameters.EnumerateArray(), p => Assert.NotEqual("", p.GetProperty("description").GetString()));
    }

    [Fact]
    public void Comments_are_found_by_the_names_of_descriptors()
    {
        Assert.Equal("Required: 1 to 16777215.", ProtoComments.Known.Of(Network.Descriptor.FindFieldByName("vni").FullName));
        Assert.Equal("Layer 2 segments.", ProtoComments.Known.Of(Networks.Descriptor.FullName));
        Assert.Equal("What happens to a frame for a MAC address that nobody is known to have.", ProtoComments.Known.Of("dwcp.v1.Network.UnknownUnicast"));
        Assert.Equal("No host carries the port.", ProtoComments.Known.Of("dwcp.v1.PortStatus.State.UNBOUND"));
        Assert.StartsWith("Makes the object", ProtoComments.Known.Of(Networks.Descriptor.Methods.Single(m => m.Name == "Put").FullName));
        Assert.Equal("", ProtoComments.Known.Of("dwcp.v1.GetNetworkRequest.id"));
    }

    [Theory]
    [InlineData("/docs", "text/html")]
    [InlineData("/docs/docs.js", "text/javascript")]
    [InlineData("/docs/docs.css", "text/css")]
    public async Task The_page_loads_nothing_from_elsewhere(string path, string type)
    {
        var page = await SendAsync("GET", path);

        Assert.Equal(200, page.Status);
        Assert.StartsWith(type, page.ContentType);
        Assert.DoesNotContain("//", page.Body.Replace("// Renders", "", StringComparison.Ordinal));
    }

    [GeneratedRegex("#/components/schemas/([A-Za-z0-9]+)")]
    private static partial Regex Reference();
}
