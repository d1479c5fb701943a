namespace Dwcp.Sdn.SystemTests.Northbound;

/// <summary>What /openapi.json says, judged by the linter of others.</summary>
public sealed class OpenApiLintTests
{
    [Fact]
    public async Task The_description_is_valid_and_so_are_its_examples()
    {
        await using var controller = await ControllerProcess.StartAsync();
        await NodePackages.InstalledAsync();
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, await controller.Http.GetStringAsync("/openapi.json"));
            var judged = await Command.RunAsync(
                "env", "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true",
                "node", Path.Combine(NodePackages.Folder, "node_modules/@redocly/cli/bin/cli.js"), "lint", "--config", Path.Combine(NodePackages.Folder, "redocly.yaml"), file);
            judged.Succeeded();
        }
        finally
        {
            File.Delete(file);
        }
    }
}
