using System.Text.RegularExpressions;

namespace Dwcp.Sdn.Api;

/// <summary>What the protos say of each service, method, message, field and value. Descriptors carry no comments, so they are read from the sources, which the assembly has.</summary>
public sealed partial class ProtoComments
{
    private static readonly Lazy<ProtoComments> Ours = new(ReadAll);

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    private ProtoComments()
    {
    }

    /// <summary>Those of dwcp.v1.</summary>
    public static ProtoComments Known => Ours.Value;

    /// <summary>The comment above a declaration, in one line; empty when there is none.</summary>
    /// <param name="fullName">As descriptors have it, such as <c>dwcp.v1.Network.vni</c>.</param>
    public string Of(string fullName) => _texts.GetValueOrDefault(fullName, "");

    private static ProtoComments ReadAll()
    {
        var comments = new ProtoComments();
        var assembly = typeof(ProtoComments).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".proto", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            comments.Read(reader.ReadToEnd());
        }

        return comments;
    }

    // One declaration per line, as our protos are written. A oneof names no level of its own.
    private void Read(string proto)
    {
        var scopes = new Stack<string>();
        var package = "";
        var above = new List<string>();
        foreach (var line in proto.Split('\n').Select(l => l.Trim()))
        {
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                above.Add(line[2..].Trim());
                continue;
            }

            if (Package().Match(line) is { Success: true } found)
            {
                scopes.Push(package = found.Groups[1].Value);
            }
            else if (Declaration().Match(line) is { Success: true } declared)
            {
                var name = $"{scopes.Peek()}.{declared.Groups["name"].Value}";
                if (above.Count > 0)
                {
                    _texts[name] = string.Join(' ', above);
                }

                if (line.EndsWith('{'))
                {
                    scopes.Push(line.StartsWith("oneof", StringComparison.Ordinal) ? scopes.Peek() : name);
                }
            }
            else if (line == "}")
            {
                scopes.Pop();
            }
            else if (line.EndsWith('{'))
            {
                scopes.Push(scopes.Peek());
            }

            above.Clear();
        }
    }

    [GeneratedRegex(@"^package ([\w.]+);$")]
    private static partial Regex Package();

    [GeneratedRegex(@"^(?:(?:message|enum|service|oneof|rpc) (?<name>\w+)|(?:optional |repeated )?(?:map<[^>]*>|[\w.]+) (?<name>\w+) = \d+;|(?<name>[A-Z_0-9]+) = \d+;)")]
    private static partial Regex Declaration();
}
