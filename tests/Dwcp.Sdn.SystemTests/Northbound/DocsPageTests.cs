using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.SystemTests.Northbound;

/// <summary>What /docs shows when its script runs, in jsdom.</summary>
public sealed class DocsPageTests
{
    private const string Opened = "Networks_Put";

    [Fact]
    public async Task The_page_shows_every_operation_and_every_schema_and_loads_nothing_from_elsewhere()
    {
        await using var controller = await ControllerProcess.StartAsync();
        await NodePackages.InstalledAsync();
        var api = (await controller.Http.GetFromJsonAsync<JsonNode>("/openapi.json"))!;
        var server = controller.Http.BaseAddress!;

        var page = await ShownAsync(new(server, $"/docs#{Opened}"));

        Assert.Null(page.Error);
        Assert.Empty(page.Errors);
        Assert.Equal(["/docs", "/docs/docs.css", "/docs/docs.js", "/openapi.json"], page.Fetched.Select(u => server.MakeRelativeUri(new(u))).Select(u => $"/{u}").Order());
        Assert.Equal([.. api["tags"]!.AsArray().Select(t => Text(t!["name"])), "Schemas"], page.Index);
        Assert.Empty(page.Dangling);
        Assert.Equal([.. OperationsOf(api).Order()], page.Operations.Select(Line).Order());
        Assert.Equal([Opened], page.Operations.Where(o => o.Open && o.Shown).Select(o => o.Id));
        Assert.Contains(page.Operations.Single(o => o.Id == Opened).Examples, e => e.Contains("\"vni\"", StringComparison.Ordinal));
        Assert.Equal(
            api["components"]!["schemas"]!.AsObject().Select(s => $"{s.Key}: {string.Join(' ', KeysOf(s.Value!["properties"]))}"),
            page.Schemas.Select(s => $"{s.Name}: {string.Join(' ', s.Fields)}"));
    }

    [Fact]
    public async Task The_page_says_why_when_there_is_no_description()
    {
        await using var controller = await ControllerProcess.StartAsync();
        await NodePackages.InstalledAsync();

        var page = await ShownAsync(new(controller.Http.BaseAddress!, "/docs"), "/openapi.json=/nothing.json");

        Assert.Equal("The description cannot be shown: HTTP 404", page.Error);
        Assert.Empty(page.Operations);
    }

    private static async Task<Page> ShownAsync(Uri address, params string[] instead)
    {
        var shown = await Command.RunAsync("node", [Path.Combine(NodePackages.Folder, "docs-page.js"), address.ToString(), .. instead]);
        return JsonSerializer.Deserialize<Page>(shown.Succeeded(), JsonSerializerOptions.Web)!;
    }

    private static IEnumerable<string> OperationsOf(JsonNode api) =>
        from path in api["paths"]!.AsObject()
        from verb in path.Value!.AsObject()
        let o = verb.Value!
        select Line(new(
            Text(o["operationId"]), false, false, verb.Key.ToUpperInvariant(), path.Key, Text(o["summary"]),
            [.. (o["parameters"]?.AsArray() ?? []).Select(p => Text(p!["name"]))], KeysOf(o["responses"]), []));

    private static string Line(Operation o) => $"{o.Id}: {o.Verb} {o.Path} ({string.Join(' ', o.Parameters)}) {string.Join(' ', o.Answers)} {o.Summary}";

    private static string[] KeysOf(JsonNode? node) => [.. node?.AsObject().Select(p => p.Key) ?? []];

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private sealed record Page(string[] Fetched, string[] Errors, string? Error, string[] Index, string[] Dangling, Operation[] Operations, Schema[] Schemas);

    private sealed record Operation(string Id, bool Open, bool Shown, string Verb, string Path, string Summary, string[] Parameters, string[] Answers, string[] Examples);

    private sealed record Schema(string Name, string[] Fields);
}
