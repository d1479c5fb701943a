using System.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Settings;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Keeps the names of controllers in the user's configuration file.</summary>
internal sealed class ConfigCommand : Command
{
    public ConfigCommand(CommandLine cli)
        : base("config", "Keep controllers by name, in ~/.config/dwcp/config.yaml")
    {
        Add(new GetContexts(cli));
        Add(new UseContext(cli));
        Add(new SetContext(cli));
        Add(new DeleteContext(cli));
    }

    private static Argument<string> NameOf(CommandLine cli)
    {
        var name = new Argument<string>("NAME") { Description = "The context's name" };
        name.CompletionSources.Add(_ => Contexts.Load(cli.Shell).All.Select(c => c.Name));
        return name;
    }

    private sealed class GetContexts(CommandLine cli) : CliCommand(cli, "get-contexts", "Show the contexts; * is the current one")
    {
        protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            var contexts = Contexts.Load(Shell);
            if (contexts.All.Count == 0)
            {
                Shell.Error.WriteLine($"no contexts in {contexts.File}; the controller is {CommandLine.DefaultServer}, unless --server or DWCP_SERVER says otherwise");
                return Task.FromResult(ExitCode.Done);
            }

            var table = new Table("", "NAME", "SERVER");
            contexts.All.ForEach(c => table.Add(c.Name == contexts.Current ? "*" : "", c.Name, c.Server));
            table.WriteTo(Shell.Out, Shell.Width, new(Shell.HasColours));
            return Task.FromResult(ExitCode.Done);
        }
    }

    private sealed class UseContext : CliCommand
    {
        private readonly Argument<string> _name;

        public UseContext(CommandLine cli)
            : base(cli, "use-context", "Make a context the current one") => Add(_name = NameOf(cli));

        protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            var contexts = Contexts.Load(Shell);
            contexts.Use(parse.GetValue(_name)!);
            Shell.Out.WriteLine($"the current context is {contexts.Current}: {contexts.Find(contexts.Current!).Server}");
            return Task.FromResult(ExitCode.Done);
        }
    }

    private sealed class SetContext : CliCommand
    {
        private readonly Argument<string> _name;

        public SetContext(CommandLine cli)
            : base(cli, "set-context", "Make a context, or change its server")
        {
            Add(_name = NameOf(cli));
            Examples = [new("dwcpctl config set-context lab --server http://192.0.2.10:8080", "a controller by name")];
        }

        protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            var server = Cli.GivenServer(parse) ?? throw new CliException(ExitCode.Usage, "which server?", "Write dwcpctl config set-context NAME --server URL");
            if (parse.GetValue(_name) is not { Length: > 0 } name || name.Any(char.IsControl))
            {
                throw new CliException(ExitCode.Usage, "a context needs a name without control characters", "Write dwcpctl config set-context NAME --server URL");
            }

            var contexts = Contexts.Load(Shell);
            contexts.Set(name, server.OriginalString);
            Shell.Out.WriteLine($"context {name}: {server.OriginalString}");
            return Task.FromResult(ExitCode.Done);
        }
    }

    private sealed class DeleteContext : CliCommand
    {
        private readonly Argument<string> _name;

        public DeleteContext(CommandLine cli)
            : base(cli, "delete-context", "Forget a context") => Add(_name = NameOf(cli));

        protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            Contexts.Load(Shell).Delete(parse.GetValue(_name)!);
            Shell.Out.WriteLine($"context {parse.GetValue(_name)} deleted");
            return Task.FromResult(ExitCode.Done);
        }
    }
}
