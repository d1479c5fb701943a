using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Dwcp.Sdn.Cli.Files;

/// <summary>The wanted objects of YAML or JSON files: documents with kind, id and the fields of the spec, or lists of such in items.</summary>
internal sealed class Manifest
{
    private const string StandardInput = "-";

    // Beyond any fabric; references within references make that many of a few lines, and without end of a single one.
    private const int MostNodes = 1_000_000;

    public List<ManifestDocument> Documents { get; } = [];

    /// <summary>What is wrong with the files in themselves.</summary>
    public List<FileProblem> Problems { get; } = [];

    /// <exception cref="CliException">A file cannot be read.</exception>
    public static Manifest Read(IEnumerable<string> files, Shell shell)
    {
        var manifest = new Manifest();
        foreach (var file in files)
        {
            manifest.ReadFile(file == StandardInput ? "standard input" : file, file == StandardInput ? shell.In.ReadToEnd() : NamedFile.Read("--filename", file, File.ReadAllText));
        }

        return manifest;
    }

    private void ReadFile(string file, string text)
    {
        var yaml = new YamlStream();
        var parser = new ShallowParser(new StringReader(text));
        try
        {
            yaml.Load(parser);
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException) // The latter for a flow that never ends.
        {
            var (line, what) = e is YamlException yamlFault ? (yamlFault.Start.Line, e.Message) : (parser.Current?.End.Line ?? 1, "something is not closed");
            Problems.Add(new(file, line, "", "", $"this is neither YAML nor JSON: {what}", "Correct it; indent with spaces"));
            return;
        }

        foreach (var document in yaml.Documents.Select(d => d.RootNode))
        {
            if (IsTooLong(document))
            {
                Problems.Add(new(file, document.Start.Line, "", "", "its references (& and *) make the document endless", "Write out what they stand for"));
                continue;
            }

            ReadDocument(file, document);
        }
    }

    private static bool IsTooLong(YamlNode document)
    {
        var open = new Stack<YamlNode>([document]);
        for (var seen = 1; open.TryPop(out var node);)
        {
            IEnumerable<YamlNode> within = node is YamlMappingNode map ? map.Children.SelectMany(c => new[] { c.Key, c.Value }) : node is YamlSequenceNode list ? list.Children : [];
            foreach (var child in within)
            {
                open.Push(child);
                if (++seen > MostNodes)
                {
                    return true;
                }
            }
        }

        return false;
    }

    private void ReadDocument(string file, YamlNode node)
    {
        if (node is YamlScalarNode { Value: null or "" })
        {
            return;
        }

        if (node is YamlMappingNode list && Child(list, "items") is YamlSequenceNode items)
        {
            foreach (var item in items.Children)
            {
                ReadDocument(file, item);
            }
        }
        else if (node is YamlMappingNode map)
        {
            ReadObject(file, map);
        }
        else
        {
            Problems.Add(new(file, node.Start.Line, "", "", "a document is a mapping of names and values", "Begin it with kind: and id:"));
        }
    }

    private void ReadObject(string file, YamlMappingNode map)
    {
        var word = (Child(map, Objects.KindField) as YamlScalarNode)?.Value;
        var kind = word is null ? null : KindCatalogue.TryFind(word);
        var id = kind is { IsSingle: true } ? kind.Singular : (Child(map, "id") as YamlScalarNode)?.Value;
        var before = Problems.Count;
        if (word is null)
        {
            Add(map, "kind", "the document does not say what it is", $"Add kind: and one of {string.Join(", ", Writable.Select(k => k.Name))}");
        }
        else if (kind is null or { IsWritable: false })
        {
            var near = NearestName.Of(word, Writable.Select(k => k.Name)) is { } name ? $"Did you mean {name}?" : $"Use one of {string.Join(", ", Writable.Select(k => k.Name))}";
            Add(Child(map, Objects.KindField)!, "kind", kind is null ? $"there is no kind '{word}'" : $"{kind.Plural} cannot be written", near);
        }

        if (kind is { IsSingle: true } && Child(map, "id") is { } surplus)
        {
            Add(surplus, "id", $"there is one {kind.Singular}, and it has no id", "Leave id out");
        }

        if (string.IsNullOrEmpty(id))
        {
            Add(map, "id", "the document has no id", "Add id: and a name of your choice, such as blue");
        }
        else if (kind is not null && Documents.FirstOrDefault(d => d.Kind == kind && d.Id == id) is { } twin)
        {
            Add(map, "id", $"{kind.Ref(id)} is wanted twice, first in {twin.File}:{twin.Line}", "Keep one of the two");
        }

        if (kind is not null && Child(map, "spec") is { } spec && kind.Message.FindFieldByName("spec") is null)
        {
            Add(spec, "spec", "the fields of an object stand beside kind and id, not under spec", "Move them out, one level up");
        }

        if (Problems.Count > before)
        {
            return;
        }

        var yaml = new YamlJson();
        var body = yaml.Read(map, kind!.Message);
        body.Remove(Objects.KindField);
        body.Remove("id");
        foreach (var field in kind.Message.Fields.InDeclarationOrder().Where(f => Api.FieldFacts.Of(f).ReadOnly))
        {
            body.Remove(field.JsonName);
        }

        Documents.Add(new(file, map.Start.Line, kind, id!, body, yaml.Lines));

        void Add(YamlNode at, string field, string message, string remedy)
            => Problems.Add(new(file, at.Start.Line, kind is not null && id is not null ? kind.Ref(id) : "", field, message, remedy));
    }

    private static IEnumerable<Kind> Writable => KindCatalogue.All.Where(k => k.IsWritable);

    private static YamlNode? Child(YamlMappingNode map, string name)
        => map.Children.FirstOrDefault(c => c.Key is YamlScalarNode key && key.Value == name).Value;
}
