using System.Collections.Immutable;
using System.Xml.Linq;

namespace Dwcp.Sdn.Tests.Architecture;

/// <summary>What a project file says of others: projects, packages, frameworks.</summary>
internal sealed record ProjectFile(string Name, string Folder, ImmutableArray<string> Projects, ImmutableArray<string> Packages, ImmutableArray<string> Frameworks, ImmutableArray<string> OwnVersions)
{
    /// <summary>Every project of the checkout.</summary>
    public static ImmutableArray<ProjectFile> OfRepository() =>
    [
        .. Directory.EnumerateFiles(Repository.Root, "*.csproj", new EnumerationOptions { RecurseSubdirectories = true })
            .Where(path => !Path.GetRelativePath(Repository.Root, path).Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal)
            .Select(path => Parse(path, File.ReadAllText(path))),
    ];

    public static ProjectFile Parse(string path, string xml)
    {
        var items = XDocument.Parse(xml).Descendants().ToArray();
        var packages = items.Where(e => e.Name.LocalName == "PackageReference").ToArray();
        return new(
            Path.GetFileNameWithoutExtension(path),
            Path.GetDirectoryName(path)!,
            [.. Includes(items, "ProjectReference").Select(i => Path.GetFileNameWithoutExtension(i.Replace('\\', '/')))],
            [.. Includes(items, "PackageReference")],
            [.. Includes(items, "FrameworkReference")],
            [
                .. items.Where(e => e.Name.LocalName is "PackageVersion").Select(e => Attribute(e, "Include")),
                .. packages
                    .Where(e => e.Attributes().Select(a => a.Name.LocalName).Concat(e.Elements().Select(c => c.Name.LocalName)).Any(n => n is "Version" or "VersionOverride"))
                    .Select(e => Attribute(e, "Include")),
            ]);
    }

    private static IEnumerable<string> Includes(IEnumerable<XElement> items, string kind) =>
        items.Where(e => e.Name.LocalName == kind).Select(e => Attribute(e, "Include"));

    private static string Attribute(XElement element, string name) => element.Attribute(name)?.Value ?? "";
}
