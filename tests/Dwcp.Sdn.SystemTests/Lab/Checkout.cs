namespace Dwcp.Sdn.SystemTests;

/// <summary>Where the checkout is that the tests were built from, and the programs in it.</summary>
internal static class Checkout
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string LabTool { get; } = Path.Combine(Root, "tools", "lab");

    /// <summary>The controller, built in the same configuration as the tests.</summary>
    public static string Controller { get; } = Path.Combine(
        Root, "controller", "Dwcp.Sdn.Controller", "bin", Configuration, "net10.0", "dwcp-controller");

    /// <summary>The load generators, likewise.</summary>
    public static string Benchmarks { get; } = Path.Combine(
        Root, "tools", "Dwcp.Sdn.Benchmarks", "bin", Configuration, "net10.0", "Dwcp.Sdn.Benchmarks");

    /// <summary>The command line, likewise.</summary>
    public static string Dwcpctl { get; } = Path.Combine(Root, "tools", "Dwcp.Sdn.Cli", "bin", Configuration, "net10.0", "dwcpctl");

    private static string Configuration => Directory.GetParent(AppContext.BaseDirectory.TrimEnd('/'))!.Name;

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "Dwcp.Sdn.sln"))
            ? directory
            : Find(Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("the tests run outside a checkout"));
}
