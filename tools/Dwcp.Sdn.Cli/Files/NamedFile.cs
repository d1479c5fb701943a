namespace Dwcp.Sdn.Cli.Files;

/// <summary>Files that the command line names.</summary>
internal static class NamedFile
{
    /// <summary>What is read from a file.</summary>
    /// <param name="option">The option that names it.</param>
    /// <exception cref="CliException">It cannot be read.</exception>
    public static T Read<T>(string option, string file, Func<string, T> read)
    {
        try
        {
            return read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            var why = file.Length == 0 ? "the name of the file is empty" : Directory.Exists(file) ? $"{file} is a directory" : $"{file} cannot be read: {e.Message.TrimEnd('.')}";
            throw new CliException(ExitCode.Usage, $"{option}: {why}", "Name a file that is there and can be read");
        }
    }
}
