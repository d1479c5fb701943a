namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>What may be said to a command.</summary>
/// <param name="Value">What stands for its value in the help; null for one that has none.</param>
internal sealed record Option(string Name, string? Value, string Help)
{
    public char? Short { get; init; }

    /// <summary>The values to choose from, for completion.</summary>
    public string[] Choices { get; init; } = [];

    public bool Repeats { get; init; }

    /// <summary>What it means without a value, where it may stand without.</summary>
    public string? Bare { get; init; }

    /// <summary>As the help shows it, such as <c>-o, --output FORMAT</c>.</summary>
    public string Usage => $"{(Short is { } c ? $"-{c}, " : "")}--{Name}{(Value is null ? "" : Bare is null ? $" {Value}" : $"[={Value}]")}";
}

/// <summary>What stands for an argument of a command, for completion.</summary>
internal enum Argument
{
    Kind,
    Id,
    Field,
    Word,
}

/// <summary>One command, as parser, help, completion and man page know it.</summary>
/// <param name="Usage">Its arguments, such as <c>KIND [ID]...</c>.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Details">What one must know beyond that, in paragraphs.</param>
internal sealed record Command(string Name, string Usage, string Summary, string Details, Option[] Options, Func<Call, CancellationToken, Task<int>> RunAsync)
{
    public Argument[] Arguments { get; init; } = [];

    /// <summary>What the words of its last argument are, for completion.</summary>
    public string[] Words { get; init; } = [];

    public (string Line, string Does)[] Examples { get; init; } = [];
}
