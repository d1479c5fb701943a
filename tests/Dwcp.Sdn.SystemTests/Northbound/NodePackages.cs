namespace Dwcp.Sdn.SystemTests.Northbound;

/// <summary>What tests of the API's description take from npm, as the lock file names it; installed once.</summary>
internal static class NodePackages
{
    private static readonly Lazy<Task> Installed = new(InstallAsync);

    public static string Folder { get; } = Path.Combine(Checkout.Root, "tests/Dwcp.Sdn.SystemTests/Northbound/Node");

    public static Task InstalledAsync() => Installed.Value;

    private static async Task InstallAsync()
    {
        string[] wanted = ["@redocly/cli", "jsdom"];
        if (!wanted.All(p => Directory.Exists(Path.Combine(Folder, "node_modules", p))))
        {
            (await Command.RunAsync("npm", "ci", "--prefix", Folder, "--ignore-scripts", "--no-audit", "--no-fund")).Succeeded();
        }
    }
}
