using System.Collections.Immutable;

namespace Dwcp.Sdn.Tests.Architecture;

public class LayerTests
{
    private static readonly ImmutableArray<ProjectFile> Projects = ProjectFile.OfRepository();

    [Fact]
    public void References_point_down_and_packages_stay_at_home() => Assert.Empty(Layers.Violations(Projects));

    [Theory]
    [InlineData("Core", """<ProjectReference Include="..\..\dataplane\Dwcp.Sdn.Pipeline\Dwcp.Sdn.Pipeline.csproj" />""", "Dwcp.Sdn.Core refers to Dwcp.Sdn.Pipeline")]
    [InlineData("Southbound", """<ProjectReference Include="../../controller/Dwcp.Sdn.Bgp/Dwcp.Sdn.Bgp.csproj" />""", "Dwcp.Sdn.Southbound refers to Dwcp.Sdn.Bgp")]
    [InlineData("Store", """<ProjectReference Include="../Dwcp.Sdn.Fabric/Dwcp.Sdn.Fabric.csproj" />""", "Dwcp.Sdn.Store refers to Dwcp.Sdn.Fabric")]
    [InlineData("Fabric", """<PackageReference Include="Serilog" />""", "Dwcp.Sdn.Fabric names Serilog")]
    [InlineData("Controller", """<PackageReference Include="Newtonsoft.Json" />""", "Dwcp.Sdn.Controller names Newtonsoft.Json")]
    [InlineData("Pipeline", """<FrameworkReference Include="Microsoft.AspNetCore.App" />""", "Dwcp.Sdn.Pipeline names Microsoft.AspNetCore.App")]
    [InlineData("Helpers", "", "Dwcp.Sdn.Helpers has no row in the table of layers")]
    public void A_wrong_arrow_is_found(string project, string item, string violation)
    {
        var wrong = ProjectFile.Parse($"x/Dwcp.Sdn.{project}.csproj", $"<Project><ItemGroup>{item}</ItemGroup></Project>");

        Assert.Equal([violation], Layers.Violations([.. Projects.Where(p => p.Name != wrong.Name), wrong]));
    }

    [Fact]
    public void A_row_without_a_project_is_found() =>
        Assert.Equal(["the table of layers has a row for Bgp, which does not exist"], Layers.Violations([.. Projects.Where(p => p.Name != "Dwcp.Sdn.Bgp")]));

    [Fact]
    public void Versions_of_packages_stand_in_one_place() => Assert.All(Projects, p => Assert.Empty(p.OwnVersions));

    [Theory]
    [InlineData("""<PackageReference Include="A" Version="1.0" />""")]
    [InlineData("""<PackageReference Include="A" VersionOverride="1.0" />""")]
    [InlineData("""<PackageReference Include="A"><Version>1.0</Version></PackageReference>""")]
    [InlineData("""<PackageVersion Include="A" Version="1.0" />""")]
    public void A_version_in_a_project_file_is_found(string item) =>
        Assert.Equal("A", Assert.Single(ProjectFile.Parse("x/X.csproj", $"<Project><ItemGroup>{item}</ItemGroup></Project>").OwnVersions));

    [Fact]
    public void Every_project_has_a_lock_file_and_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Dwcp.Sdn.sln"));

        Assert.All(Projects, p =>
        {
            Assert.True(File.Exists(Path.Combine(p.Folder, "packages.lock.json")), $"{p.Name} has no packages.lock.json");
            Assert.Contains($"{p.Name}.csproj\"", solution);
        });
    }

    [Fact]
    public void The_projects_are_found_at_all() => Assert.Contains(Projects, p => p.Name == "Dwcp.Sdn.Core" && File.Exists(Path.Combine(p.Folder, "Dwcp.Sdn.Core.csproj")));
}
