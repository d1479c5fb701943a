namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>Where a value comes from, the lightest first.</summary>
internal enum SettingSource
{
    Default,
    Api,
    File,
    Environment,
    CommandLine,
}

/// <summary>A value as somebody gave it, before it is read.</summary>
/// <param name="Place">What to call it in a message: <c>--http</c>, <c>DWCP_HTTP</c> or <c>/etc/dwcp.yaml:4: http</c>.</param>
internal sealed record Setting(Option Option, string Text, SettingSource Source, string Place);

/// <summary>The value that an option has in the end, and who gave it.</summary>
internal sealed record EffectiveOption(string Name, string Value, SettingSource Source, string Place);

/// <summary>Something wrong with what the operator gave: where it stands, what is wrong, what would help.</summary>
internal sealed record ConfigurationProblem(string Place, string Message, string Remedy)
{
    public ConfigurationProblem(string place, Fault fault)
        : this(place, fault.Message, fault.Remedy)
    {
    }

    public override string ToString() => $"{Place}: {Message}. {Remedy}.".Replace("?.", "?", StringComparison.Ordinal);
}
