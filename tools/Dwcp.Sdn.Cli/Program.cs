using System.Runtime.InteropServices;
using System.Text;
using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli;

/// <summary>dwcpctl: the command line of the controller.</summary>
internal static class Program
{
    private const int Interrupted = 130;

    public static async Task<int> Main(string[] args)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        await using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
        return await RunAsync(args, new(Console.In, output, Console.Error, Environment.GetEnvironmentVariable, !Console.IsErrorRedirected), stop.Token);
    }

    /// <summary>Carries out one command line. Returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> words, Terminal terminal, CancellationToken stop)
    {
        try
        {
            if (words is [Completion.Verb, ..])
            {
                foreach (var candidate in await Completion.CandidatesAsync([.. words.Skip(1)], terminal, stop))
                {
                    terminal.Out.WriteLine(candidate);
                }

                return ExitCode.Done;
            }

            var call = Parser.Parse(words, terminal);
            if (call.Has(CommandTable.HelpFlag))
            {
                terminal.Out.Write(call.Command == CommandTable.Help ? HelpText.Overview() : HelpText.Of(call.Command));
                return ExitCode.Done;
            }

            return await call.Command.RunAsync(call, stop);
        }
        catch (UsageException e)
        {
            terminal.Error.WriteLine($"dwcpctl: {e.Message}");
            terminal.Error.WriteLine("See dwcpctl help.");
            return ExitCode.Usage;
        }
        catch (RemoteException e)
        {
            Printer.WriteProblem(terminal.Error, "dwcpctl", e.Details);
            return ExitCode.Refused;
        }
        catch (UnreachableException e)
        {
            terminal.Error.WriteLine($"dwcpctl: {e.Message}");
            terminal.Error.WriteLine("Is it running? Name another with --server or DWCP_SERVER.");
            return ExitCode.Unreachable;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Interrupted;
        }
        finally
        {
            await terminal.Out.FlushAsync(CancellationToken.None);
        }
    }
}
