using System.Collections.Immutable;
using System.Reflection;
using Dwcp.Sdn.Cli.Commands;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.CommandLine;

/// <summary>All commands and options. Parser, help, completion and man page read this table and nothing else.</summary>
internal static class CommandTable
{
    public static readonly Option Server = new("server", "URL", "The controller, as http://HOST:PORT or grpc://HOST:PORT [http://127.0.0.1:8080]") { Short = 's' };
    public static readonly Option Context = new("context", "NAME", "The controller of that name, see dwcpctl context");
    public static readonly Option HelpFlag = new("help", null, "Print help and exit") { Short = 'h' };

    public static readonly Option Output = new("output", "FORMAT", "table, wide, json, yaml, name or jsonpath=TEMPLATE [table]") { Short = 'o', Choices = ["table", "wide", "json", "yaml", "name", "jsonpath="] };
    public static readonly Option Label = new("label", "KEY=VALUE", "Only objects with that label") { Short = 'l', Repeats = true };
    public static readonly Option Filter = new("filter", "FIELD=VALUE", "Only objects whose field has that value, such as status.state=UP") { Repeats = true };
    public static readonly Option Files = new("filename", "FILE", "A YAML or JSON file with one object or several, a folder of such, or - for the input") { Short = 'f', Repeats = true };
    public static readonly Option DryRun = new("dry-run", null, "Say what would happen and change nothing");
    public static readonly Option Wait = new("wait", "CONDITION", "Wait until that condition is true of everything that was applied [Programmed]") { Bare = "Programmed", Choices = ["Programmed", "Accepted", "Bound"] };
    public static readonly Option Timeout = new("timeout", "DURATION", "How long --wait waits, such as 30s or 5m [60s]");
    public static readonly Option Follow = new("follow", null, "Go on with what happens next");
    public static readonly Option Last = new("last", "COUNT", "Only the last so many [50]");

    public static ImmutableArray<Option> GlobalOptions { get; } = [Server, Context, HelpFlag];

    public static Option[] Global { get; } = [.. GlobalOptions];

    public static Command Help { get; } = new("help", "[COMMAND]", "Show what there is, or what a command does", "", [], HelpAsync) { Arguments = [Argument.Word] };

    public static ImmutableArray<Command> All { get; } = [.. Commands()];

    public static string Version { get; } = typeof(CommandTable).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <exception cref="UsageException">There is none.</exception>
    public static Command Find(string name) => All.FirstOrDefault(c => c.Name == name) ?? throw new UsageException($"'{name}' is no command");

    private static IEnumerable<Command> Commands()
    {
        yield return new("status", "", "The whole fabric on one screen",
            "A line for each kind of object: OK, or what is wrong and the command that tells more.", [], StatusCommand.RunAsync);
        yield return new("get", "KIND [ID]...", "Show objects",
            "KIND is a kind in singular or plural, or the beginning of it: network, subnets, po.\nThe output of -o yaml can be given back to apply.",
            [Output, Label, Filter], GetCommand.RunAsync)
        {
            Arguments = [Argument.Kind, Argument.Id],
            Examples =
            [
                ("get ports -l tenant=blue -o wide", "The ports of a tenant with all columns"),
                ("get port p1 -o jsonpath={.status.host}", "The host that carries a port"),
            ],
        };
        yield return new("describe", "KIND ID", "Show one object with what is true of it and what happened to it", "", [], DescribeCommand.RunAsync)
        {
            Arguments = [Argument.Kind, Argument.Id],
        };
        yield return new("apply", "-f FILE...", "Make objects, or change them, as files say",
            "Each document of a file has kind, id and the fields of the object; dwcpctl explain KIND lists them. "
            + "What is applied twice changes nothing. All documents are tried, and everything that is wrong is told.\n"
            + "With --wait it returns when the condition is true of all of them as applied; Programmed is true when each switch that matters has confirmed it.",
            [Files, DryRun, Wait, Timeout], ApplyCommand.ApplyAsync)
        {
            Examples = [("apply -f fabric.yaml --wait --timeout 30s", "Apply a file and wait until every switch has it")],
        };
        yield return new("diff", "-f FILE...", "Show what apply would change",
            "Lines that would go begin with a minus, lines that would come with a plus. The exit code is 1 when something differs.", [Files], ApplyCommand.DiffAsync);
        yield return new("delete", "KIND ID... | -f FILE...", "Delete objects",
            "What is not there is no error. The objects of files are deleted in reverse order.", [Files, DryRun], ApplyCommand.DeleteAsync)
        {
            Arguments = [Argument.Kind, Argument.Id],
        };
        yield return new("watch", "KIND [ID]", "Show objects, and every change as it comes",
            "It goes on until it is interrupted, also when the controller restarts in between. -o json writes one change per line.",
            [Output, Label, Filter], GetCommand.WatchAsync)
        {
            Arguments = [Argument.Kind, Argument.Id],
        };
        yield return new("events", "[KIND/ID]", "Show what happened, to everything or to one object", "", [Follow, Last, Output], GetCommand.EventsAsync);
        yield return new("explain", "KIND[.FIELD]...", "Say what a kind or a field means", "It needs no controller.", [], ExplainCommand.RunAsync)
        {
            Arguments = [Argument.Field],
            Examples = [("explain subnet.dhcp", "The fields of DHCP")],
        };
        yield return new("context", "list | use NAME | set NAME URL | remove NAME", "Name controllers, and choose the one that is meant",
            "What names the controller, by weight: --server, --context, DWCP_SERVER, the context in use, http://127.0.0.1:8080.", [], ContextCommand.RunAsync)
        {
            Arguments = [Argument.Word],
            Words = ["list", "use", "set", "remove"],
        };
        yield return new("completion", "bash | zsh | fish", "Print the completion script of a shell",
            "For bash: source <(dwcpctl completion bash). For fish: dwcpctl completion fish | source.", [], CompletionAsync)
        {
            Arguments = [Argument.Word],
            Words = ["bash", "zsh", "fish"],
        };
        yield return new("man", "", "Print the man page", "To read it: dwcpctl man | man -l -", [], ManAsync);
        yield return new("version", "", "Print the version", "", [], VersionAsync);
        yield return Help;
    }

    private static Task<int> HelpAsync(Call call, CancellationToken stop)
    {
        call.Out.Write(call.Arguments.Count == 0 ? HelpText.Overview() : HelpText.Of(Find(call.Arguments[0])));
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<int> CompletionAsync(Call call, CancellationToken stop)
    {
        call.TakesAtMost(1);
        call.Out.Write(Completion.Script(call.Required(0, "bash, zsh or fish")));
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<int> ManAsync(Call call, CancellationToken stop)
    {
        call.Out.Write(ManPage.Text(Version));
        return Task.FromResult(ExitCode.Done);
    }

    private static Task<int> VersionAsync(Call call, CancellationToken stop)
    {
        call.Out.WriteLine($"dwcpctl {Version}");
        return Task.FromResult(ExitCode.Done);
    }
}
