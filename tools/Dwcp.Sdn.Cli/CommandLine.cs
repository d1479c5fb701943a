using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Commands;
using Dwcp.Sdn.Cli.Documents;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Settings;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Cli;

/// <summary>The whole command line: the tree of commands, the options that all of them take, and how each run ends.</summary>
internal sealed class CommandLine
{
    public const string Name = "dwcpctl";
    public const string DefaultServer = "http://127.0.0.1:8080";
    private const int BrokenPipe = 32; // EPIPE
    private static readonly ParserConfiguration Parsing = new() { ResponseFileTokenReplacer = null };

    private readonly Option<string?> _server = new("--server") { Recursive = true, HelpName = "URL", Description = $"The controller [DWCP_SERVER, the context's, or {DefaultServer}]" };
    private readonly Option<string?> _context = new("--context") { Recursive = true, HelpName = "NAME", Description = "The context to use instead of the current one" };

    public CommandLine(Shell shell)
    {
        Shell = shell;
        Root = new(this);
        Root.Options.Clear();
        Root.Options.Add(_server);
        Root.Options.Add(_context);
        Root.Options.Add(new HelpOption("--help", "-h") { Action = new HelpPage(shell), Description = "Say what there is" });
    }

    public Shell Shell { get; }

    public DwcpctlCommand Root { get; }

    public ParseResult Parse(IReadOnlyList<string> words) => Root.Parse(words, Parsing);

    /// <summary>Runs one command; the result is the exit code.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> words, CancellationToken stop = default)
    {
        try
        {
            var exit = await InvokeAsync(words, stop);
            await Shell.Out.FlushAsync(CancellationToken.None);
            return exit;
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            return ExitCode.Done; // Whoever read the pipe has seen enough, as head does.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(ExitCode.Refused, e.Message, []);
        }
    }

    private async Task<int> InvokeAsync(IReadOnlyList<string> words, CancellationToken stop)
    {
        var parse = Parse(words.Count == 0 ? ["--help"] : words);
        try
        {
            return parse.Action is ParseErrorAction
                ? Misused(parse)
                : await parse.InvokeAsync(new() { EnableDefaultExceptionHandler = false, Output = Shell.Out, Error = Shell.Error }, stop);
        }
        catch (CliException e)
        {
            return Fail(e.ExitCode, e.Message, e.Remedies);
        }
        catch (RefusedException e)
        {
            return Fail(ExitCode.Refused, e.Message, [.. e.Problems.Select(p => p.Remedy).Distinct()]);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>A client of the controller that the options, the environment or the configuration file name, in this order.</summary>
    public ControllerClient Connect(ParseResult parse)
    {
        var (server, origin) = ServerOf(parse);
        return new(UrlOf(server, origin), Shell.Clock);
    }

    /// <summary>The URL of --server, when it is given.</summary>
    public Uri? GivenServer(ParseResult parse) => parse.GetValue(_server) is { } given ? UrlOf(given, "--server") : null;

    private static Uri UrlOf(string server, string origin)
        => Uri.TryCreate(server.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new CliException(ExitCode.Usage, $"{origin}: '{server}' is no URL of a controller", $"Write it as {DefaultServer}");

    private (string Server, string Origin) ServerOf(ParseResult parse)
    {
        if (parse.GetValue(_server) is { } given)
        {
            return (given, "--server");
        }

        if (parse.GetValue(_context) is { } name)
        {
            return (Contexts.Load(Shell).Find(name).Server, $"context {name}");
        }

        if (Shell.Variable("DWCP_SERVER") is { } variable)
        {
            return (variable, "DWCP_SERVER");
        }

        var contexts = Contexts.Load(Shell);
        return contexts.Current is { } current ? (contexts.Find(current).Server, $"context {current}") : (DefaultServer, "");
    }

    private int Misused(ParseResult parse)
    {
        // That a command is missing goes without saying when there is a word that is none.
        var command = parse.CommandResult.Command;
        var errors = parse.UnmatchedTokens.Count > 0 ? parse.UnmatchedTokens.Select(t => $"'{t}' is not known here") : parse.Errors.Select(e => e.Message.TrimEnd('.').Replace("\n\t", " ", StringComparison.Ordinal));
        return Fail(ExitCode.Usage, string.Join("; ", errors.Distinct()), [Hint(parse, command)]);
    }

    private static string Hint(ParseResult parse, Command command)
    {
        var near = parse.UnmatchedTokens.Count > 0 ? NearestName.Of(parse.UnmatchedTokens[0], command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)) : null;
        return near is null ? $"{CliCommand.PathOf(command)} --help shows what there is" : $"Did you mean {CliCommand.PathOf(command)} {near}?";
    }

    private int Fail(int exitCode, string message, IReadOnlyList<string> remedies)
    {
        Flush();
        TextWrap.Write(Shell.Error, $"{Name}: {message}", 0, Shell.ErrorWidth);
        foreach (var remedy in remedies.Where(r => r.Length > 0))
        {
            TextWrap.Write(Shell.Error, remedy, 2, Shell.ErrorWidth);
        }

        return exitCode;
    }

    private void Flush()
    {
        try
        {
            Shell.Out.Flush();
        }
        catch (IOException)
        {
            // Nobody reads any more.
        }
    }
}
