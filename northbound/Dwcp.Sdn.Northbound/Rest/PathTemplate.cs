namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>A path of google.api.http: literals and variables of one segment each, such as /v1/networks/{id}.</summary>
internal sealed class PathTemplate
{
    private readonly string[] _segments;

    public PathTemplate(string text)
    {
        _segments = Split(text);
        Variables = [.. _segments.Where(IsVariable).Select(NameOf)];
        Text = text;
    }

    public string Text { get; }

    public ReadOnlySpan<string> Segments => _segments;

    public IReadOnlyList<string> Variables { get; }

    public static string[] Split(string path) => path.Length > 0 && path[0] == '/' ? path[1..].Split('/') : [path];

    public static bool IsVariable(string segment) => segment.StartsWith('{') && segment.EndsWith('}');

    /// <summary>The values of the variables, in their order, in a path of this form.</summary>
    public string[] ValuesIn(ReadOnlySpan<string> path)
    {
        var values = new string[Variables.Count];
        var found = 0;
        for (var i = 0; i < path.Length; i++)
        {
            if (IsVariable(_segments[i]))
            {
                values[found++] = path[i];
            }
        }

        return values;
    }

    private static string NameOf(string variable) => variable[1..^1];
}
