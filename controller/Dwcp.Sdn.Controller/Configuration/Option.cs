namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>A setting of the process: one row gives its flag, its variable, its key, its check, its help and its line in the docs.</summary>
/// <param name="Name">In lower case with dashes: the key in the file, and the stem of the other names.</param>
/// <param name="Default">As one would write it; null when there is no value unless one is given.</param>
/// <param name="Help">What it does, in one sentence without a full stop.</param>
internal abstract record Option(string Name, string? Default, string Help)
{
    /// <summary>On the command line.</summary>
    public string Flag => "--" + Name;

    /// <summary>In the environment.</summary>
    public string Variable => "DWCP_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>What stands for the value in the help.</summary>
    public abstract string Placeholder { get; }

    /// <summary>Whether the flag alone means true.</summary>
    public abstract bool IsFlag { get; }

    /// <summary>False for what the file cannot say, such as which file to read.</summary>
    public bool InFile { get; init; } = true;

    /// <summary>Whether it can be set through the API, which nobody is to lock himself out of.</summary>
    public bool InApi { get; init; }

    /// <summary>Whether a new value is in force without a restart.</summary>
    public bool ChangesWhileRunning { get; init; }

    /// <summary>Reads a text; the value is null when <paramref name="fault"/> says why not.</summary>
    public abstract object? Read(string text, out Fault fault);
}

/// <summary>An option whose value is a <typeparamref name="T"/>.</summary>
internal sealed record Option<T>(string Name, TextForm<T> Form, string? Default, string Help) : Option(Name, Default, Help)
    where T : notnull
{
    public override string Placeholder => Form.Placeholder;

    public override bool IsFlag => typeof(T) == typeof(bool);

    public override object? Read(string text, out Fault fault) => Form.Read(text, out var value, out fault) ? value : null;
}
