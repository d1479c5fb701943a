using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Dwcp.Sdn.Cli.Files;

/// <summary>A parser of YAML that refuses what is nested deeper than any object, before whoever follows it down runs out of stack.</summary>
internal sealed class ShallowParser(TextReader text) : IParser
{
    private const int Deepest = 32;

    private readonly Parser _parser = new(text);
    private int _depth;

    public ParsingEvent? Current => _parser.Current;

    /// <exception cref="YamlException">What follows is no YAML, or too deep.</exception>
    public bool MoveNext()
    {
        var more = _parser.MoveNext();
        _depth += more ? Current!.NestingIncrease : 0;
        return _depth <= Deepest ? more : throw new YamlException(Current!.Start, Current.End, $"It is nested deeper than {Deepest}");
    }
}
