using Dwcp.Sdn.Cli.CommandLine;
using Dwcp.Sdn.Cli.Remote;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Dwcp.Sdn.Cli;

/// <summary>Names for controllers, and which of them is meant when none is named: a YAML file of the user.</summary>
internal sealed class Contexts
{
    private const string Default = "http://127.0.0.1:8080";

    public string? Current { get; set; }

    /// <summary>Addresses by name.</summary>
    public SortedDictionary<string, string> Servers { get; set; } = new(StringComparer.Ordinal);

    /// <summary>The address by weight: --server, --context, the environment, the current context, this machine.</summary>
    /// <exception cref="UsageException">The address is none, or there is no such context.</exception>
    public static Uri AddressFor(Call call)
    {
        var text = call.Value(CommandTable.Server);
        if (text is null && call.Value(CommandTable.Context) is { } name)
        {
            text = Read(call.Terminal).Servers.GetValueOrDefault(name) ?? throw new UsageException($"There is no context '{name}'; see dwcpctl context list");
        }

        text ??= call.Terminal.Environment("DWCP_SERVER");
        if (text is null)
        {
            var contexts = Read(call.Terminal);
            text = contexts.Current is { } current ? contexts.Servers.GetValueOrDefault(current) : null;
        }

        return Parse(text ?? Default);
    }

    /// <exception cref="UsageException">It is no address of a controller.</exception>
    public static Uri Parse(string text)
    {
        var full = text.Contains("://", StringComparison.Ordinal) ? text : $"http://{text}";
        return Uri.TryCreate(full, UriKind.Absolute, out var address) && address.Scheme is "http" or "grpc" && address.Port > 0
            ? address
            : throw new UsageException($"'{text}' is no address of a controller; write http://HOST:PORT or grpc://HOST:PORT");
    }

    public static Contexts Read(Terminal terminal)
    {
        var file = FileOf(terminal);
        if (!File.Exists(file))
        {
            return new();
        }

        try
        {
            return new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build().Deserialize<Contexts?>(File.ReadAllText(file)) ?? new();
        }
        catch (YamlException e)
        {
            throw new UsageException($"{file}, line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}");
        }
    }

    public void Write(Terminal terminal)
    {
        var file = FileOf(terminal);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, new SerializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build().Serialize(this));
    }

    private static string FileOf(Terminal terminal)
    {
        var folder = terminal.Environment("XDG_CONFIG_HOME") is { Length: > 0 } given ? given : Path.Combine(terminal.Environment("HOME") ?? "/", ".config");
        return Path.Combine(folder, "dwcpctl", "contexts.yaml");
    }
}
