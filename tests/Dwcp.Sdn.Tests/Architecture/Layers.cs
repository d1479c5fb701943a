using System.Collections.Immutable;

namespace Dwcp.Sdn.Tests.Architecture;

/// <summary>The tables of docs/adr/0001: which project may refer to which, and where a package or framework has its home.</summary>
internal static class Layers
{
    private const string Prefix = "Dwcp.Sdn.";

    private const string Everything = "*";

    /// <summary>A project and what it may refer to. A project without a row is a violation, and so is a row without a project.</summary>
    public static readonly ImmutableSortedDictionary<string, string[]> References = new Dictionary<string, string[]>
    {
        ["Core"] = [],
        ["Pipeline"] = ["Core"],
        ["Fabric"] = ["Core", "Pipeline"],
        ["Bgp"] = ["Core"],
        ["Southbound"] = ["Core"],
        ["Store"] = ["Core"],
        ["Pki"] = ["Core"],
        ["Grpc"] = [],
        ["Api"] = ["Grpc"],
        ["Northbound"] = ["Core", "Api", "Grpc"],
        ["Controller"] = ["Core", "Pipeline", "Fabric", "Bgp", "Southbound", "Store", "Pki", "Api", "Grpc", "Northbound"],
        ["Cli"] = ["Api", "Core", "Bgp", "Southbound", "Pki"],
        ["Benchmarks"] = [Everything],
        ["Tests"] = [Everything],
        ["SystemTests"] = [Everything],
    }.ToImmutableSortedDictionary();

    /// <summary>A package and the projects that may name it. One home, unless a list says otherwise.</summary>
    public static readonly ImmutableSortedDictionary<string, string[]> PackageHomes = new Dictionary<string, string[]>
    {
        ["Google.Protobuf"] = ["Api", "Grpc", "Northbound", "Cli"],
        ["Grpc.Tools"] = ["Api"],
        ["Serilog"] = ["Controller"],
        ["Serilog.Extensions.Logging"] = ["Controller"],
        ["Serilog.Sinks.Async"] = ["Controller"],
        ["Serilog.Sinks.Console"] = ["Controller"],
        ["System.CommandLine"] = ["Cli"],
        ["YamlDotNet"] = ["Controller", "Cli"],
        ["Microsoft.NET.Test.Sdk"] = ["Tests", "SystemTests"],
        ["xunit"] = ["Tests", "SystemTests"],
        ["xunit.runner.visualstudio"] = ["Tests", "SystemTests"],
    }.ToImmutableSortedDictionary();

    /// <summary>A shared framework and the projects that may name it: adapters and hosts, never what is pure.</summary>
    public static readonly ImmutableSortedDictionary<string, string[]> FrameworkHomes = new Dictionary<string, string[]>
    {
        ["Microsoft.AspNetCore.App"] = ["Bgp", "Southbound", "Store", "Grpc", "Northbound", "Controller", "Benchmarks", "Tests", "SystemTests"],
    }.ToImmutableSortedDictionary();

    /// <summary>Every reference, package and framework that the tables do not allow.</summary>
    public static IEnumerable<string> Violations(ImmutableArray<ProjectFile> projects)
    {
        foreach (var project in projects)
        {
            var name = Short(project.Name);
            if (!References.TryGetValue(name, out var allowed))
            {
                yield return $"{project.Name} has no row in the table of layers";
                continue;
            }

            foreach (var other in project.Projects.Where(p => !allowed.Contains(Everything) && !allowed.Contains(Short(p))))
            {
                yield return $"{project.Name} refers to {other}";
            }

            foreach (var used in NotAtHome(name, project.Packages, PackageHomes).Concat(NotAtHome(name, project.Frameworks, FrameworkHomes)))
            {
                yield return $"{project.Name} names {used}";
            }
        }

        foreach (var row in References.Keys.Where(row => !projects.Any(p => Short(p.Name) == row)))
        {
            yield return $"the table of layers has a row for {row}, which does not exist";
        }
    }

    private static string Short(string project) => project.StartsWith(Prefix, StringComparison.Ordinal) ? project[Prefix.Length..] : project;

    private static IEnumerable<string> NotAtHome(string project, IEnumerable<string> used, ImmutableSortedDictionary<string, string[]> homes) =>
        used.Where(u => !homes.TryGetValue(u, out var at) || !at.Contains(project));
}
