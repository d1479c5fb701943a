using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>Where a command reads and writes.</summary>
/// <param name="IsScreen">Whether a person looks at the error output, so that progress helps.</param>
internal sealed record Terminal(TextReader In, TextWriter Out, TextWriter Error, Func<string, string?> Environment, bool IsScreen);

/// <summary>A command with what was said to it.</summary>
internal sealed class Call(Command command, IReadOnlyDictionary<string, List<string>> options, IReadOnlyList<string> arguments, Terminal terminal)
{
    public Command Command { get; } = command;

    public IReadOnlyList<string> Arguments { get; } = arguments;

    public Terminal Terminal { get; } = terminal;

    public TextWriter Out => Terminal.Out;

    public bool Has(Option option) => options.ContainsKey(option.Name);

    public string? Value(Option option) => options.TryGetValue(option.Name, out var values) ? values[^1] : null;

    public IReadOnlyList<string> Values(Option option) => options.TryGetValue(option.Name, out var values) ? values : [];

    /// <summary>The argument at a place.</summary>
    /// <exception cref="UsageException">It is missing.</exception>
    public string Required(int at, string name) => at < Arguments.Count ? Arguments[at] : throw new UsageException($"{name} is missing");

    /// <exception cref="UsageException">More arguments were given.</exception>
    public void TakesAtMost(int count)
    {
        if (Arguments.Count > count)
        {
            throw new UsageException($"'{Arguments[count]}' is one argument too many");
        }
    }

    /// <summary>The controller that options, environment and contexts name.</summary>
    public IRemote Connect()
    {
        var address = Contexts.AddressFor(this);
        return address.Scheme switch
        {
            "http" => new RestRemote(address),
            "grpc" => new GrpcRemote(address),
            _ => throw new UsageException($"'{address}' begins with neither http:// nor grpc://"),
        };
    }
}
