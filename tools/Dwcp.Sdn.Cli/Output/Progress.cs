namespace Dwcp.Sdn.Cli.Output;

/// <summary>One line that tells how far a long piece of work is; only on a terminal, and only once it has become long.</summary>
internal sealed class Progress(Shell shell) : IDisposable
{
    private const int BarWidth = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(80);
    private const string Spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

    private readonly long _began = shell.Clock.GetTimestamp();
    private TimeSpan _shownAt;
    private int _turn;
    private bool _shown;

    public void Show(int done, int total, string what)
    {
        var now = shell.Clock.GetElapsedTime(_began);
        if (!shell.ErrorIsTerminal || now < Patience || (_shown && now - _shownAt < Refresh))
        {
            return;
        }

        var bar = total > 1 ? $"{new string('█', BarWidth * done / total).PadRight(BarWidth, '░')} {done}/{total} " : "";
        var line = $"{Spinner[_turn++ % Spinner.Length]} {bar}{what}";
        shell.Error.Write($"\r\e[K{(line.Length < shell.ErrorWidth ? line : line[..(shell.ErrorWidth - 2)] + "…")}");
        shell.Error.Flush();
        (_shown, _shownAt) = (true, now);
    }

    /// <summary>Makes room for what the same terminal is to show.</summary>
    public void Hide()
    {
        if (_shown)
        {
            shell.Error.Write("\r\e[K");
            shell.Error.Flush();
            _shown = false;
        }
    }

    /// <summary>A line of output, whole and above the progress.</summary>
    public void Print(string line)
    {
        Hide();
        shell.Out.WriteLine(line);
        if (shell.OutIsTerminal)
        {
            shell.Out.Flush();
        }
    }

    public void Dispose() => Hide();
}
