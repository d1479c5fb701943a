using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Names controllers, and chooses the one that is meant.</summary>
internal static class ContextCommand
{
    public static Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var contexts = Contexts.Read(call.Terminal);
        switch (call.Required(0, "list, use, set or remove"))
        {
            case "list":
                call.TakesAtMost(1);
                if (contexts.Servers.Count == 0)
                {
                    call.Out.WriteLine("There are no contexts; make one with dwcpctl context set NAME URL.");
                }
                else
                {
                    Table.Write(call.Out, ["NAME", "SERVER", "CURRENT"], contexts.Servers.Select(s => new[] { s.Key, s.Value, s.Key == contexts.Current ? "yes" : "" }));
                }

                return Task.FromResult(ExitCode.Done);
            case "set":
                call.TakesAtMost(3);
                var name = call.Required(1, "NAME");
                contexts.Servers[name] = Contexts.Parse(call.Required(2, "URL")).GetLeftPart(UriPartial.Authority);
                contexts.Current ??= name;
                break;
            case "use":
                call.TakesAtMost(2);
                contexts.Current = Known(contexts, call.Required(1, "NAME"));
                break;
            case "remove":
                call.TakesAtMost(2);
                contexts.Servers.Remove(Known(contexts, call.Required(1, "NAME")));
                contexts.Current = contexts.Current == call.Arguments[1] ? null : contexts.Current;
                break;
            case var other:
                throw new UsageException($"'{other}' is not list, use, set or remove");
        }

        contexts.Write(call.Terminal);
        return Task.FromResult(ExitCode.Done);
    }

    private static string Known(Contexts contexts, string name)
        => contexts.Servers.ContainsKey(name) ? name : throw new UsageException($"There is no context '{name}'; see dwcpctl context list");
}
