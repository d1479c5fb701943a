namespace Dwcp.Sdn.Tests.Architecture;

public class SoakTests
{
    [Fact]
    public void Whoever_counts_further_in_a_soak_is_run_by_it()
    {
        var counting = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(f => Path.GetFileName(f) != "SoakTests.cs")
            .Select(f => (Name: Path.GetFileName(f), Text: File.ReadAllText(f)))
            .Where(f => f.Text.Contains("\"DWCP_SOAK\"", StringComparison.Ordinal) && f.Name != "Seed.cs")
            .ToList();

        Assert.NotEmpty(counting);
        Assert.Empty(counting.Where(f => !f.Text.Contains("[Trait(\"Category\", \"Soak\")]", StringComparison.Ordinal)).Select(f => f.Name));
    }
}
