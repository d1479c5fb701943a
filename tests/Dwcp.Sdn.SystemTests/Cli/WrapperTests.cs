using System.Xml.Linq;

namespace Dwcp.Sdn.SystemTests;

/// <summary>tools/dwcpctl of a checkout: it runs what is built, and builds what is missing or old; the SDK is one that only says what it was asked.</summary>
public sealed class WrapperTests : IDisposable
{
    private const string Program = """
        #!/bin/sh
        echo "$(basename "$(dirname "$0")"):$DOTNET_ROOT" "$@"
        exit 7
        """;

    /// <summary>What dwcpctl is built of: its project and those that it refers to, and so on.</summary>
    private static readonly SortedSet<string> Projects = BuiltOf("tools/Dwcp.Sdn.Cli");

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("dwcpctl-wrapper-");

    public WrapperTests()
    {
        foreach (var name in Projects.Append("tools/lib").Append("bin"))
        {
            _root.CreateSubdirectory(name);
        }

        foreach (var file in new[] { "tools/dwcpctl", "tools/lib/common.sh", "tools/lib/dotnet.sh", "Directory.Build.props", "Directory.Packages.props" })
        {
            File.Copy(Path.Combine(Checkout.Root, file), At(file));
        }

        Write("bin/dotnet", $"""
            #!/bin/sh
            [ "$1" != --list-sdks ] || exec echo "10.0.100 [/sdk]"
            echo "$1" >> {At("asked")}
            [ ! -e {At("no-")}$1 ] || exit 1
            out={At("tools/Dwcp.Sdn.Cli/bin/Release/net10.0")}
            [ "$1" != publish ] || out=$out/linux-x64/publish
            mkdir -p $out && cp {At("program")} $out/dwcpctl
            """);
        Write("program", Program);
    }

    private string Asked => File.Exists(At("asked")) ? File.ReadAllText(At("asked")) : "";

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task What_is_missing_is_built_once_and_run_with_its_arguments_and_exit_code()
    {
        var first = await RunAsync("get", "a b");
        var second = await RunAsync("version");

        Assert.Equal((7, $"publish:{At("bin")} get a b\n", "building dwcpctl\n"), (first.ExitCode, first.Out, first.Error));
        Assert.Equal((7, $"publish:{At("bin")} version\n", ""), (second.ExitCode, second.Out, second.Error));
        Assert.Equal("publish\n", Asked);
    }

    [Fact]
    public async Task What_is_older_than_its_sources_is_built_anew()
    {
        await RunAsync("version");
        foreach (var project in Projects)
        {
            await Task.Delay(20);
            Write($"{project}/New.cs", "");
            Assert.Equal((project, "building dwcpctl\n"), (project, (await RunAsync("version")).Error));
        }

        Assert.Equal(Projects.Count + 1, Asked.Count(c => c == '\n'));
    }

    [Fact]
    public async Task Where_it_cannot_be_compiled_ahead_it_works_all_the_same_and_where_it_cannot_be_built_that_is_said()
    {
        Write("no-publish", "");
        Assert.Equal($"net10.0:{At("bin")} version\n", (await RunAsync("version")).Out);

        await Task.Delay(20);
        Write("no-build", "");
        Write("tools/Dwcp.Sdn.Cli/New.cs", "");
        var failed = await RunAsync("version");
        Assert.Equal((1, ""), (failed.ExitCode, failed.Out));
        Assert.Contains("tools/dwcpctl: dwcpctl does not build", failed.Error);
    }

    private Task<CommandResult> RunAsync(params string[] words)
        => Command.RunAsync("env", ["-u", "DOTNET_ROOT", $"PATH={At("bin")}:{Environment.GetEnvironmentVariable("PATH")}", At("tools/dwcpctl"), .. words]);

    private static SortedSet<string> BuiltOf(string project)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal) { project };
        foreach (var reference in XDocument.Load(Directory.GetFiles(Path.Combine(Checkout.Root, project), "*.csproj").Single()).Descendants("ProjectReference"))
        {
            var path = Path.Combine(Checkout.Root, project, Path.GetDirectoryName(reference.Attribute("Include")!.Value.Replace('\\', '/'))!);
            found.UnionWith(BuiltOf(Path.GetRelativePath(Checkout.Root, Path.GetFullPath(path))));
        }

        return found;
    }

    private string At(string name) => Path.Combine(_root.FullName, name);

    private void Write(string name, string text)
    {
        File.WriteAllText(At(name), text);
        File.SetUnixFileMode(At(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
