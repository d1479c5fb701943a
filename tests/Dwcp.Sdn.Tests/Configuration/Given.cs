using Dwcp.Sdn.Controller.Configuration;

namespace Dwcp.Sdn.Tests.Configuration;

/// <summary>What an operator gives: arguments, variables and a file; what becomes of it.</summary>
internal sealed class Given(params string[] args)
{
    public const string File = "/etc/dwcp.yaml";

    public Dictionary<string, string> Environment { get; init; } = [];

    public string? Yaml { get; init; }

    public Loaded Load() => ControllerOptions.Load(
        Yaml is null ? args : [.. args, "--config", File],
        Environment,
        path => path == File && Yaml is not null ? Yaml : throw new FileNotFoundException($"Could not find file '{path}'."));

    public ControllerOptions Options() => Load() switch
    {
        Loaded.Ready ready => ready.Options,
        Loaded.Refused refused => throw new InvalidOperationException(refused.Text),
        var other => throw new InvalidOperationException($"{other}"),
    };

    public string[] Problems() => [.. Assert.IsType<Loaded.Refused>(Load()).Problems.Select(p => p.ToString())];
}
