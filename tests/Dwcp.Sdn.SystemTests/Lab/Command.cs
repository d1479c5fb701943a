using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Dwcp.Sdn.SystemTests;

/// <summary>What a command that has ended printed.</summary>
internal sealed record CommandResult(string Command, int ExitCode, string Out, string Error)
{
    /// <summary>The output of a command that had to succeed.</summary>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public string Succeeded() => ExitCode == 0
        ? Out
        : throw new InvalidOperationException($"{Command} ended with {ExitCode}\n{Error}{Out}");
}

/// <summary>A process of a test: it is ended with the test, and what it prints is kept.</summary>
internal sealed partial class Command : IAsyncDisposable
{
    private const int Sigint = 2;
    private const int Sigterm = 15;

    private readonly Process _process;
    private readonly string _line;
    private readonly StringBuilder _out = new();
    private readonly StringBuilder _error = new();

    private Command(string file, string[] arguments)
    {
        _line = $"{Path.GetFileName(file)} {string.Join(' ', arguments)}";
        _process = new Process
        {
            StartInfo = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        // The apphost looks for the runtime in one place only unless told.
        _process.StartInfo.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        _process.OutputDataReceived += (_, e) => Keep(_out, e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(_error, e.Data);
    }

    public int Pid => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>All that it has printed so far, errors last.</summary>
    public string Printed => Read(_out) + Read(_error);

    public static Command Start(string file, params string[] arguments)
    {
        var command = new Command(file, arguments);
        command._process.Start();
        command._process.BeginOutputReadLine();
        command._process.BeginErrorReadLine();
        return command;
    }

    /// <summary>Runs a command to its end, whatever its exit code.</summary>
    /// <exception cref="TimeoutException">It takes more than a minute.</exception>
    public static async Task<CommandResult> RunAsync(string file, params string[] arguments)
    {
        await using var command = Start(file, arguments);
        return await command.EndedAsync(TimeSpan.FromMinutes(1));
    }

    /// <exception cref="TimeoutException">It has not ended by itself within that time.</exception>
    public async Task<CommandResult> EndedAsync(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{_line} has not ended after {within.TotalSeconds:0} s\n{Printed}");
        }

        return new(_line, _process.ExitCode, Read(_out), Read(_error));
    }

    /// <summary>Ctrl-C: what ping and tcpdump take as the order to print their summary.</summary>
    public Task<CommandResult> InterruptAsync() => SignalAsync(Sigint);

    public Task<CommandResult> TerminateAsync() => SignalAsync(Sigterm);

    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    public void Signal(int signal)
    {
        if (!_process.HasExited && Kill(_process.Id, signal) != 0)
        {
            throw new Win32Exception();
        }
    }

    private Task<CommandResult> SignalAsync(int signal)
    {
        Signal(signal);
        return EndedAsync(TimeSpan.FromSeconds(30));
    }

    private static void Keep(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
