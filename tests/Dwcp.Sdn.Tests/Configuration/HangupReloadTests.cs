using System.Runtime.InteropServices;
using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Controller.Logging;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Configuration;

/// <summary>Signals are handled by a pool of threads that the tests of this assembly keep busy: they run without others.</summary>
[Collection("Timed")]
public partial class HangupReloadTests
{
    private readonly LoggingTests.Written log = new(new TerminalLines(colour: false), LogLevel.Information);

    [Fact]
    public void A_new_level_in_the_file_is_taken_over()
    {
        Reload(new Given { Yaml = "log: info" }, new Given { Yaml = "log: debug" });

        Assert.Equal(LogLevel.Debug, log.Level.Level);
        Assert.EndsWith("info  HangupReload: configuration: the log level is now Debug, from /etc/dwcp.yaml:1: log", log.Lines.Single());
    }

    [Fact]
    public void The_command_line_keeps_its_weight_and_the_log_says_so()
    {
        Reload(new Given("--log", "info") { Yaml = "log: info" }, new Given("--log", "info") { Yaml = "log: debug" });

        Assert.Equal(LogLevel.Information, log.Level.Level);
        Assert.EndsWith("the log level stays Information, from --log", log.Lines.Single());
    }

    [Fact]
    public void What_needs_a_restart_is_named_and_what_is_the_same_is_not()
    {
        Reload(
            new Given { Yaml = "http: 127.0.0.1:1\nopenflow-advertise: 192.0.2.1:6653\ndata: /x" },
            new Given { Yaml = "http: 127.0.0.1:2\n\ndata: /x" });

        Assert.Equal(3, log.Lines.Length);
        Assert.EndsWith("http is now 127.0.0.1:2 (/etc/dwcp.yaml:1: http); it has no effect before a restart", log.Lines[1]);
        Assert.EndsWith("openflow-advertise is now unset (no longer given); it has no effect before a restart", log.Lines[2]);
    }

    [Fact]
    public void A_broken_file_changes_nothing_and_is_told()
    {
        Reload(new Given { Yaml = "log: info" }, new Given { Yaml = "log: debug\nhtp: x\ndata:" });

        Assert.Equal(LogLevel.Information, log.Level.Level);
        Assert.Equal(2, log.Lines.Count(l => l.Contains("warn  HangupReload: configuration: read again and not taken over: /etc/dwcp.yaml:")));
    }

    [Fact]
    public void SIGHUP_reads_again_and_does_not_end_the_process()
    {
        const int SigHup = 1;
        var reload = new HangupReload(new Given().Options(), log.Level, new Given("--log", "error").Load, log.For<HangupReload>());
        using var listening = reload.Listen();

        Assert.Equal(0, Kill(Environment.ProcessId, SigHup));

        Assert.True(SpinWait.SpinUntil(() => log.Level.Level == LogLevel.Error, TimeSpan.FromSeconds(10)));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);

    private void Reload(Given before, Given after) =>
        new HangupReload(before.Options(), log.Level, after.Load, log.For<HangupReload>()).Reload();
}
