using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Tests.Architecture;

namespace Dwcp.Sdn.Tests.Configuration;

public class OptionTableTests
{
    [Fact]
    public void Every_default_can_be_read() =>
        Assert.All(Options.All.Where(o => o.Default is not null), o => Assert.NotNull(o.Read(o.Default!, out _)));

    [Fact]
    public void Names_are_unique_and_give_the_other_names()
    {
        Assert.Equal(Options.All.Length, Options.All.Select(o => o.Name).Distinct().Count());
        Assert.All(Options.All, o => Assert.Matches("^[a-z]+(-[a-z]+)*$", o.Name));
        Assert.Equal(("--openflow-advertise", "DWCP_OPENFLOW_ADVERTISE"), (Options.OpenFlowAdvertise.Flag, Options.OpenFlowAdvertise.Variable));
    }

    [Fact]
    public void The_documentation_holds_the_table_as_it_is()
    {
        var doc = File.ReadAllText(Path.Combine(Repository.Root, "docs/configuration.md"));

        Assert.True(doc.Contains(Usage.Table(), StringComparison.Ordinal), $"docs/configuration.md should hold:\n{Usage.Table()}");
    }

    [Fact]
    public void The_example_in_the_documentation_is_accepted()
    {
        var doc = File.ReadAllText(Path.Combine(Repository.Root, "docs/configuration.md"));
        var example = doc.Split("```yaml\n")[1].Split("```")[0];

        var options = new Given { Yaml = example }.Options();

        Assert.Equal(example.Split('\n').Count(l => l.Length > 0 && l[0] != '#'), options.Effective.Count(e => e.Source == SettingSource.File));
    }
}
