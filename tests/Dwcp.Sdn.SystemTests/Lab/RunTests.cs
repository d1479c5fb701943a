namespace Dwcp.Sdn.SystemTests;

public sealed class RunTests
{
    [Fact]
    public async Task The_first_command_of_a_new_user_shows_pings_across_the_overlay_and_leaves_nothing_behind()
    {
        var name = Lab.NewName();
        var before = await UntrackedAsync();
        var temporary = Directory.CreateTempSubdirectory("dwcp-run-test-");
        await using var run = Command.Start("env", $"TMPDIR={temporary.FullName}", Path.Combine(Checkout.Root, "tools", "run"), "--once", "--name", name);

        var result = await run.EndedAsync(TimeSpan.FromMinutes(3));

        var picture = result.Succeeded();
        Assert.Equal(3, picture.Split(" 0% packet loss").Length - 1);
        Assert.Contains("VTEP 192.0.2.2", picture);
        Assert.DoesNotContain(name, (await Command.RunAsync("ip", "netns", "list")).Succeeded());
        Assert.DoesNotContain(name, (await Command.RunAsync("ip", "-br", "link")).Succeeded());
        Assert.Empty(temporary.GetFileSystemInfos("dwcp-*"));
        Assert.Equal(before, await UntrackedAsync());
        temporary.Delete(recursive: true);
    }

    private static async Task<string> UntrackedAsync() =>
        (await Command.RunAsync("git", "-C", Checkout.Root, "status", "--porcelain")).Succeeded();
}
