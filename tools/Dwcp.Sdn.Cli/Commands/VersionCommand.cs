using System.CommandLine;
using System.Reflection;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows the versions of dwcpctl and of the controller.</summary>
internal sealed class VersionCommand : CliCommand
{
    private readonly Option<bool> _client = new("--client") { Description = "Only that of dwcpctl, without asking the controller" };
    private readonly Option<string?> _output = new("--output", "-o") { HelpName = "FORM", Description = "json" };

    public VersionCommand(CommandLine cli)
        : base(cli, "version", "Show the versions of dwcpctl and of the controller")
    {
        _output.CompletionSources.Add("json");
        Add(_client);
        Add(_output);
    }

    public static string Own => typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var versions = new JsonObject { ["client"] = Own };
        if (!parse.GetValue(_client))
        {
            using var client = Connect(parse);
            versions["controller"] = await client.GetAsync("/version", stop);
        }

        if (OutputFormat.Parse(parse.GetValue(_output)).Form == OutputForm.Json)
        {
            Shell.Out.WriteLine(JsonText.Pretty(versions));
            return ExitCode.Done;
        }

        Shell.Out.WriteLine($"dwcpctl          {Own}");
        if (versions["controller"] is JsonObject controller)
        {
            Shell.Out.WriteLine($"dwcp-controller  {controller.Text("version").Split('+')[0]}, API {controller.Text("api")}, {controller.Text("runtime")}");
        }

        return ExitCode.Done;
    }
}
