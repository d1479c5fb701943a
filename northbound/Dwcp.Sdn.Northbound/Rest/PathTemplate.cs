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

    public IReadOnlyList<string> Variables { get; }

    public static string[] Split(string path) => path.Length > 0 && path[0] == '/' ? path[1..].Split('/') : [path];

    /// <summary>The values of the variables, in their order, or null when the path is another one.</summary>
    public string[]? Match(ReadOnlySpan<string> path)
    {
        if (path.Length != _segments.Length)
        {
            return null;
        }

        var values = new string[Variables.Count];
        var found = 0;
        for (var i = 0; i < path.Length; i++)
        {
            if (IsVariable(_segments[i]))
            {
                if (path[i].Length == 0)
                {
                    return null;
                }

                values[found++] = path[i];
            }
            else if (_segments[i] != path[i])
            {
                return null;
            }
        }

        return values;
    }

    private static bool IsVariable(string segment) => segment.StartsWith('{') && segment.EndsWith('}');

    private static string NameOf(string variable) => variable[1..^1];
}
