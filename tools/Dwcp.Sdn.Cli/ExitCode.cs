namespace Dwcp.Sdn.Cli;

/// <summary>How dwcpctl ends; scripts rely on the numbers.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Refused = 1;
    public const int Usage = 2;
    public const int NoController = 3;
    public const int TimedOut = 4;

    /// <summary>What a shell gives a command that Ctrl-C has ended.</summary>
    public const int Interrupted = 130;

    public static readonly (int Code, string Meaning)[] Meanings =
    [
        (Done, "done"),
        (Refused, "refused, or not found; with --exit-code also: differences, or something is wrong"),
        (Usage, "the command line or the configuration file is wrong"),
        (NoController, "no controller answers"),
        (TimedOut, "what --wait waits for has not come true in time"),
    ];
}

/// <summary>The end of a command that could not be done: what is wrong, what helps, and how to exit.</summary>
internal sealed class CliException(int exitCode, string message, params string[] remedies) : Exception(message)
{
    public int ExitCode => exitCode;

    public IReadOnlyList<string> Remedies => remedies;
}
