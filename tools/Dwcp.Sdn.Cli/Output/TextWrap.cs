namespace Dwcp.Sdn.Cli.Output;

/// <summary>Text broken between words.</summary>
internal static class TextWrap
{
    /// <summary>Text without what a terminal would obey: hosts and callers put into names and labels what they like.</summary>
    public static string Tame(string text) => text.Any(IsOrder) ? string.Concat(text.Select(c => IsOrder(c) ? '\ufffd' : c)) : text;

    /// <summary>Lines of at most that many columns; a word that is longer has a line of its own.</summary>
    public static IReadOnlyList<string> Lines(string text, int width)
    {
        var lines = new List<string>();
        foreach (var paragraph in Tame(text).Split('\n'))
        {
            var line = "";
            foreach (var word in paragraph.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > width)
                {
                    lines.Add(line);
                    line = "";
                }

                line = line.Length == 0 ? word : $"{line} {word}";
            }

            lines.Add(line);
        }

        return lines;
    }

    private static bool IsOrder(char c) => char.IsControl(c) && c != '\n';

    /// <summary>Writes text with each line indented.</summary>
    public static void Write(TextWriter to, string text, int indent, int width)
    {
        foreach (var line in Lines(text, width == int.MaxValue ? width : width - indent))
        {
            to.WriteLine(new string(' ', line.Length == 0 ? 0 : indent) + line);
        }
    }
}
