using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;

namespace Dwcp.Sdn.Cli.Files;

/// <summary>Something that is wrong in a file, at a line.</summary>
/// <param name="Subject">The object that the document is about; empty when that is not known.</param>
internal sealed record FileProblem(string File, long Line, string Subject, string Field, string Message, string Remedy);

/// <summary>One wanted object of a file, with the line of each of its fields.</summary>
/// <param name="Body">What is sent: the object without kind and id.</param>
internal sealed record ManifestDocument(string File, long Line, Kind Kind, string Id, JsonObject Body, IReadOnlyDictionary<string, long> Lines)
{
    public string Ref => Kind.Ref(Id);

    public string Path => Kind.PathOf(Id);

    public FileProblem At(Problem problem) => new(File, LineOf(problem.Field), Ref, problem.Field, problem.Message, problem.Remedy);

    /// <summary>The line of a field, or of what it is missing in.</summary>
    public long LineOf(string field)
    {
        while (field.Length > 0)
        {
            if (Lines.TryGetValue(field, out var line))
            {
                return line;
            }

            field = field[..Math.Max(0, field.LastIndexOfAny(['.', '[']))];
        }

        return Line;
    }
}
