using System.Text.RegularExpressions;
using Dwcp.Sdn.Tests.Architecture;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Programs rely on the names of events, so the documentation has all of them, and none that there is not.</summary>
public sealed partial class EventNameTests
{
    [Fact]
    public void The_documentation_names_every_event_and_no_other()
    {
        var sources = new[] { "controller/Dwcp.Sdn.Fabric", "controller/Dwcp.Sdn.Controller/Loops" }
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(Repository.Root, f), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal));
        var told = sources.SelectMany(f => Told().Matches(File.ReadAllText(f))).Select(m => m.Groups["name"].Value).Distinct().Order(StringComparer.Ordinal);
        var section = File.ReadAllText(Path.Combine(Repository.Root, "docs/api.md")).Split("## Events\n")[1].Split("\n## ")[0];
        var documented = Row().Matches(section).Select(m => m.Groups["name"].Value).Order(StringComparer.Ordinal);

        Assert.Equal(told, documented);
    }

    // An event that is added, trouble that becomes one, or a row of those that a peer's session tells.
    [GeneratedRegex("""((?<![A-Za-z])Happened\(|happened\.Add\(\(|(?<![A-Za-z])Trouble\([^;"]*(\$"[^"]*",)?[^;"]*("bgp-speaker", SpeakerRef, )?|BgpEvent\.[^;"]*=> \()"(?<name>[A-Z][A-Za-z]+)"|PeerHappened\([^;"]*"(?<name>[A-Z][A-Za-z]+)"|_ => \("(?<name>Peer[A-Za-z]+)",""")]
    private static partial Regex Told();

    [GeneratedRegex(@"^\| `(?<name>[A-Z][A-Za-z]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
