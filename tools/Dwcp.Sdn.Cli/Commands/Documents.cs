using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;
using YamlDotNet.Core;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>An object as a file asks for it.</summary>
/// <param name="Place">File and line, for messages.</param>
internal sealed record Document(Kind Kind, string Id, JsonObject Body, string Place)
{
    public string Subject => $"{Kind.Name}/{Id}";
}

/// <summary>Reads the files of -f: YAML or JSON, several documents, lists as <c>get -o yaml</c> writes them, folders, and - for the input.</summary>
internal static class Documents
{
    // What the controller says and nobody asks for.
    private static readonly string[] Outputs = ["kind", "id", "resourceVersion", "generation", "status"];

    /// <exception cref="UsageException">A file cannot be read, or a document does not say what it is.</exception>
    public static List<Document> Read(Call call)
    {
        var names = call.Values(CommandTable.Files);
        var documents = names.SelectMany(FilesOf).SelectMany(name => ReadFile(name, call.Terminal)).ToList();
        var twice = documents.GroupBy(d => d.Subject).FirstOrDefault(g => g.Count() > 1);
        return twice is null
            ? documents
            : throw new UsageException($"{twice.Last().Place}: {twice.Key} was asked for before, in {twice.First().Place}");
    }

    private static IEnumerable<string> FilesOf(string name)
        => !Directory.Exists(name) ? [name]
        : Directory.EnumerateFiles(name).Where(f => Path.GetExtension(f) is ".yaml" or ".yml" or ".json").Order(StringComparer.Ordinal);

    private static List<Document> ReadFile(string name, Terminal terminal)
    {
        try
        {
            using var file = name == "-" ? null : new StreamReader(name);
            return [.. YamlText.Read(file ?? terminal.In).SelectMany(d => Of(d.Document, $"{name}:{d.Line}"))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException(e.Message);
        }
        catch (YamlException e)
        {
            throw new UsageException($"{name}:{e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    private static IEnumerable<Document> Of(JsonNode? node, string place) => node switch
    {
        null => [],
        JsonObject list when list["items"] is JsonArray items => items.SelectMany(i => Of(i, place)),
        JsonArray items => items.SelectMany(i => Of(i, place)),
        JsonObject item => [One(item, place)],
        _ => throw new UsageException($"{place}: a document is an object with kind and id"),
    };

    private static Document One(JsonObject item, string place)
    {
        var kind = item["kind"]?.ToString() ?? throw new UsageException($"{place}: kind is missing; it is one of {string.Join(", ", Kind.Writable.Select(k => k.Name))}");
        var id = item["id"]?.ToString() ?? throw new UsageException($"{place}: id is missing");
        var found = Kind.Writable.FirstOrDefault(k => k.Name == kind || k.Plural == kind)
            ?? throw new UsageException($"{place}: '{kind}' is not one of {string.Join(", ", Kind.Writable.Select(k => k.Name))}");
        return new(found, id, new(item.Where(p => !Outputs.Contains(p.Key)).Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))), place);
    }
}
