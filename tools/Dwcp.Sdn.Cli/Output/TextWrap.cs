namespace Dwcp.Sdn.Cli.Output;

/// <summary>Text broken between words.</summary>
internal static class TextWrap
{
    /// <summary>Lines of at most that many columns; a word that is longer has a line of its own.</summary>
    public static IReadOnlyList<string> Lines(string text, int width)
    {
        var lines = new List<string>();
        foreach (var paragraph in text.Split('\n'))
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

    /// <summary>Writes text with each line indented.</summary>
    public static void Write(TextWriter to, string text, int indent, int width)
    {
        foreach (var line in Lines(text, width == int.MaxValue ? width : width - indent))
        {
            to.WriteLine(new string(' ', line.Length == 0 ? 0 : indent) + line);
        }
    }
}
