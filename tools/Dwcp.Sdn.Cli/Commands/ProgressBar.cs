using Dwcp.Sdn.Cli.CommandLine;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>How far long work is, on the screen of a person; nothing where none looks.</summary>
internal sealed class ProgressBar(Terminal terminal, int total) : IDisposable
{
    private const int Width = 40;
    private int _done;
    private int _drawn = -1;

    private bool IsShown => total > 0 && terminal.IsScreen;

    public void Advance()
    {
        _done++;
        Draw();
    }

    /// <summary>Writes something else without leaving half a bar behind.</summary>
    public void Aside(Action write)
    {
        Clear();
        write();
        _drawn = -1;
        Draw();
    }

    public void Dispose()
    {
        Clear();
        total = 0;
    }

    private void Draw()
    {
        var filled = IsShown ? _done * Width / total : -1;
        if (filled != _drawn)
        {
            _drawn = filled;
            terminal.Error.Write($"\r[{new string('#', filled)}{new string('.', Width - filled)}] {_done}/{total}");
        }
    }

    private void Clear()
    {
        if (IsShown && _drawn >= 0)
        {
            terminal.Error.Write("\r\u001b[K");
        }
    }
}
