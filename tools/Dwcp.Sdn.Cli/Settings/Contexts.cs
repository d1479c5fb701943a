using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Dwcp.Sdn.Cli.Settings;

/// <summary>A controller by a name of the user's choice.</summary>
internal sealed record Context(string Name, string Server);

/// <summary>The user's configuration file: contexts, and which of them is in use. It need not exist.</summary>
internal sealed class Contexts
{
    private const string CurrentKey = "current-context";
    private const string ListKey = "contexts";

    private Contexts(string file) => File = file;

    public string File { get; }

    public string? Current { get; private set; }

    public List<Context> All { get; } = [];

    /// <exception cref="CliException">The file is there and cannot be understood.</exception>
    public static Contexts Load(Shell shell)
    {
        var contexts = new Contexts(Path.Combine(shell.Variable("XDG_CONFIG_HOME") ?? Path.Combine(shell.Variable("HOME") ?? "/", ".config"), "dwcp", "config.yaml"));
        if (System.IO.File.Exists(contexts.File))
        {
            contexts.Read();
        }

        return contexts;
    }

    /// <exception cref="CliException">There is none of that name.</exception>
    public Context Find(string name) => All.FirstOrDefault(c => c.Name == name) ?? throw new CliException(
        ExitCode.Usage,
        $"there is no context '{name}' in {File}",
        All.Count == 0 ? "Make it: dwcpctl config set-context NAME --server URL" : $"There is {string.Join(", ", All.Select(c => c.Name))}");

    /// <summary>Makes a context, or changes its server; the first one is in use at once.</summary>
    public void Set(string name, string server)
    {
        var at = All.FindIndex(c => c.Name == name);
        if (at < 0)
        {
            All.Add(new(name, server));
        }
        else
        {
            All[at] = new(name, server);
        }

        Current ??= name;
        Save();
    }

    public void Use(string name)
    {
        Current = Find(name).Name;
        Save();
    }

    public void Delete(string name)
    {
        All.Remove(Find(name));
        Current = Current == name ? null : Current;
        Save();
    }

    private void Read()
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(System.IO.File.ReadAllText(File)));
            if (yaml.Documents.Count == 0)
            {
                return;
            }

            foreach (var (key, value) in Mapping(yaml.Documents[0].RootNode).Children)
            {
                switch ((key as YamlScalarNode)?.Value)
                {
                    case CurrentKey:
                        Current = (value as YamlScalarNode)?.Value;
                        break;
                    case ListKey when value is YamlSequenceNode list:
                        All.AddRange(list.Children.Select(ReadContext));
                        break;
                    default:
                        throw Fault(key, $"there is no {key} here", $"Write {CurrentKey}: NAME and {ListKey}: [{{name: NAME, server: URL}}]");
                }
            }
        }
        catch (YamlException e)
        {
            throw new CliException(ExitCode.Usage, $"{File}:{e.Start.Line}: this is no YAML: {e.Message}", "Correct it, or delete the file");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CliException(ExitCode.Usage, $"{File} cannot be read: {e.Message}");
        }
    }

    private Context ReadContext(YamlNode node)
    {
        var (name, server) = (Value("name"), Value("server"));
        return new(name, server);

        string Value(string key) => Mapping(node).Children.FirstOrDefault(c => (c.Key as YamlScalarNode)?.Value == key).Value is YamlScalarNode { Value: { Length: > 0 } value }
            ? value
            : throw Fault(node, $"a context has no {key}", "A context is {name: NAME, server: URL}");
    }

    private YamlMappingNode Mapping(YamlNode node) => node as YamlMappingNode ?? throw Fault(node, "a mapping belongs here", $"Write {CurrentKey}: NAME and {ListKey}: [{{name: NAME, server: URL}}]");

    private CliException Fault(YamlNode node, string message, string remedy) => new(ExitCode.Usage, $"{File}:{node.Start.Line}: {message}", remedy);

    /// <exception cref="CliException">The file cannot be written.</exception>
    private void Save()
    {
        var contexts = new System.Text.Json.Nodes.JsonObject();
        if (Current is not null)
        {
            contexts[CurrentKey] = Current;
        }

        contexts[ListKey] = new System.Text.Json.Nodes.JsonArray([.. All.Select(c => new System.Text.Json.Nodes.JsonObject { ["name"] = c.Name, ["server"] = c.Server })]);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            System.IO.File.WriteAllText(File, Output.YamlText.Of(contexts));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Refused, $"{File} cannot be written: {e.Message}");
        }
    }
}
