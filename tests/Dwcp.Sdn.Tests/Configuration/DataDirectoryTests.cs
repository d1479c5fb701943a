using Dwcp.Sdn.Controller.Configuration;

namespace Dwcp.Sdn.Tests.Configuration;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly string place = Directory.CreateTempSubdirectory("dwcp-config-test-").FullName;

    public void Dispose() => Directory.Delete(place, recursive: true);

    [Fact]
    public void A_missing_directory_is_made_for_its_owner_alone()
    {
        var data = Path.Combine(place, "a", "b");

        Assert.Null(DataDirectory.Prepare(new Given("--data", data).Options()));
        Assert.Equal("rwx------", Mode(data));
        Assert.Empty(Directory.EnumerateFileSystemEntries(data));
    }

    [Fact]
    public void An_existing_directory_keeps_its_mode_and_content()
    {
        File.WriteAllText(Path.Combine(place, "kept"), "x");
        File.SetUnixFileMode(place, (UnixFileMode)0b111_101_101);

        Assert.Null(DataDirectory.Prepare(new Given("--data", place).Options()));
        Assert.Equal("rwxr-xr-x", Mode(place));
        Assert.Equal(["kept"], Directory.EnumerateFileSystemEntries(place).Select(Path.GetFileName));
    }

    [Fact]
    public void A_directory_that_cannot_be_is_a_problem_of_the_option()
    {
        var file = Path.Combine(place, "file");
        File.WriteAllText(file, "x");

        Assert.StartsWith($"--data: cannot keep the store in '{file}' (", DataDirectory.Prepare(new Given("--data", file).Options())!.ToString());
        Assert.StartsWith("DWCP_DATA: ", DataDirectory.Prepare(new Given { Environment = { ["DWCP_DATA"] = "/proc/no" } }.Options())!.ToString());
    }

    private static string Mode(string path)
    {
        var mode = (int)File.GetUnixFileMode(path);
        return string.Concat("rwxrwxrwx".Select((c, i) => (mode & (0x100 >> i)) != 0 ? c : '-'));
    }
}
