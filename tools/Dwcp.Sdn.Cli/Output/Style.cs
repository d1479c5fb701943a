namespace Dwcp.Sdn.Cli.Output;

/// <summary>Colour for terminals, nothing elsewhere. Meaning never rests on it alone.</summary>
internal readonly struct Style(bool on)
{
    public string Good(string text) => Wrap("32", text);

    public string Waiting(string text) => Wrap("33", text);

    public string Bad(string text) => Wrap("31", text);

    public string Strong(string text) => Wrap("1", text);

    public string Faint(string text) => Wrap("2", text);

    public string Of(Health health, string text) => health switch
    {
        Health.Good => Good(text),
        Health.Waiting => Waiting(text),
        _ => Bad(text),
    };

    private string Wrap(string code, string text) => on && text.Length > 0 ? $"\e[{code}m{text}\e[0m" : text;
}
