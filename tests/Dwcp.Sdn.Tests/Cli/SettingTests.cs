namespace Dwcp.Sdn.Tests.Cli;

/// <summary>The controller's options, set while it runs and taken back.</summary>
public sealed class SettingTests : CliFixture
{
    [Fact]
    public async Task Options_are_set_shown_and_taken_back()
    {
        Assert.Equal(new(0, "log: debug\nmax-watches: 7\nreconcile-audit: 30s after a restart of the controller, until then 1m\n", ""), await RunAsync("set", "log=debug", "max-watches=7", "reconcile-audit=30s"));

        var shown = (await RunAsync("get", "configuration")).Out.Split('\n').Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        Assert.Equal("NAME VALUE SOURCE AFTER-RESTART", shown[0]);
        Assert.Contains("log debug API", shown);
        Assert.Contains("reconcile-audit 1m DEFAULT 30s", shown);
        Assert.Equal("kind: Configuration\nsettings:\n  log: debug\n  max-watches: \"7\"\n  reconcile-audit: 30s\n", (await RunAsync("get", "configuration", "-o", "yaml")).Out.Split("resourceVersion")[0]);

        Assert.Equal(new(0, "log: information (default)\nreconcile-audit: 1m (default)\n", ""), await RunAsync("unset", "log", "reconcile-audit"));
        Assert.Equal("max-watches=7\n", (await RunAsync("get", "configuration", "-o", "jsonpath={.settings}")).Out);
    }

    [Fact]
    public async Task What_is_no_option_cannot_be_taken_back_and_then_nothing_is()
    {
        await RunAsync("set", "log=debug");

        Assert.Equal(new(1, "", "dwcpctl: max-watch: No such option\n  Did you mean max-watches?\n"), await RunAsync("unset", "log", "max-watch"));
        Assert.Equal("log=debug\n", (await RunAsync("get", "configuration", "-o", "jsonpath={.settings}")).Out);
    }

    [Fact]
    public async Task What_the_command_line_says_weighs_more_and_that_is_told()
    {
        Arguments.AddRange(["--log", "warning"]);

        Assert.Equal(new(0, "log: still warning: the command line weighs more\n", ""), await RunAsync("set", "log=debug"));
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_and_nothing_is_set()
    {
        var refused = await RunAsync("set", "log=loud", "max-request=1", "max-calls=5");

        Assert.Equal((1, ""), (refused.Exit, refused.Out));
        Assert.Contains("dwcpctl: log: ", refused.Error, StringComparison.Ordinal);
        Assert.Contains("dwcpctl: max-request: No such option\n  Did you mean max-requests?\n", refused.Error, StringComparison.Ordinal);
        Assert.Equal("", (await RunAsync("get", "configuration", "-o", "jsonpath={.settings}")).Out);
        Assert.Equal(new(2, "", "dwcpctl: 'log' sets nothing\n  Write NAME=VALUE; dwcpctl unset NAME takes a setting back\n"), await RunAsync("set", "log"));
    }

    [Fact]
    public async Task A_file_sets_them_too_and_cannot_delete_what_is_always_there()
    {
        const string file = "kind: Configuration\nsettings: {log: debug}\n";

        Assert.Equal(new(0, "configuration changed\n", ""), await RunAsync(file, int.MaxValue, "apply", "-f", "-"));
        Assert.Equal(new(0, "configuration unchanged\n", ""), await RunAsync(file, int.MaxValue, "apply", "-f", "-"));
        Assert.Equal(new(0, "configuration\n  settings:\n-   log: debug\n+   log: error\n0 new, 1 changed, 0 unchanged\n", ""), await RunAsync(file.Replace("debug", "error", StringComparison.Ordinal), int.MaxValue, "diff", "-f", "-"));
        Assert.Equal(new(2, "", "dwcpctl: the configuration is always there\n  dwcpctl unset NAME takes a setting back\n"), await RunAsync("delete", "configuration"));
        Assert.Equal(new(0, "", ""), await RunAsync(file, int.MaxValue, "delete", "-f", "-"));
    }

    [Fact]
    public async Task The_names_of_options_are_completed()
    {
        var found = (await RunAsync("__complete", "dwcpctl set max-w")).Out;

        Assert.StartsWith("max-watches=\t", found, StringComparison.Ordinal);
        Assert.StartsWith("log\t", (await RunAsync("__complete", "dwcpctl unset lo")).Out, StringComparison.Ordinal);
        Assert.Equal("", (await RunAsync("__complete", "dwcpctl set htt")).Out);
    }
}
