using System.Net;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What the operator wants of this process, checked: nothing checks it again.</summary>
internal sealed record ControllerOptions
{
    /// <summary>The file that was read, or null.</summary>
    public required string? ConfigFile { get; init; }

    /// <summary>The directory of the store; <see cref="DataDirectory"/> makes it.</summary>
    public required string Data { get; init; }

    public required IPEndPoint OpenFlow { get; init; }

    public required IPEndPoint? OpenFlowTls { get; init; }

    public required IPEndPoint Ovsdb { get; init; }

    /// <summary>Hosts to connect to, instead of waiting for them.</summary>
    public required EquatableArray<string> OvsdbConnect { get; init; }

    public required IPEndPoint? OvsdbTls { get; init; }

    /// <summary>Our own certificate in PEM; null means that of the authority under <see cref="Data"/>, as for the next two.</summary>
    public required string? TlsCertificate { get; init; }

    public required string? TlsKey { get; init; }

    public required string? TlsCa { get; init; }

    public required string? TlsCrl { get; init; }

    /// <summary>Switches, and hosts, that a certificate which names none may be; 1 to 1,000,000.</summary>
    public required int TlsIdsPerCertificate { get; init; }

    public required IPEndPoint Bgp { get; init; }

    public required IPEndPoint Http { get; init; }

    public required IPEndPoint Grpc { get; init; }

    /// <summary>What joining hosts are told to connect to; null means the local address of their OVSDB session and the port of <see cref="OpenFlow"/>.</summary>
    public required IPEndPoint? OpenFlowAdvertise { get; init; }

    /// <summary>The same for hosts that join over TLS and the port of <see cref="OpenFlowTls"/>.</summary>
    public required IPEndPoint? OpenFlowTlsAdvertise { get; init; }

    public required UnknownSwitches OpenFlowUnknown { get; init; }

    public required bool InsecureHttp { get; init; }

    /// <summary>By which names HTTP may be asked, besides addresses, the machine's own name and names without a dot.</summary>
    public required EquatableArray<string> HttpNames { get; init; }

    public required LogLevel Log { get; init; }

    /// <summary>The longest time between two comparisons of a switch; 1 second to 24 hours.</summary>
    public required TimeSpan ReconcileAudit { get; init; }

    /// <summary>How long events are kept; 1 minute to 30 days.</summary>
    public required TimeSpan EventsKept { get; init; }

    /// <summary>REST requests that may be under way at once.</summary>
    public required int MaxRequests { get; init; }

    /// <summary>Watches over HTTP that may be open at once.</summary>
    public required int MaxWatches { get; init; }

    /// <summary>gRPC calls that may be under way at once.</summary>
    public required int MaxCalls { get; init; }

    /// <summary>Whether hosts show certificates, who connect or to whom we do.</summary>
    public bool OvsdbIsSecured => OvsdbTls is not null || OvsdbConnect.Items.Any(OvsdbDialer.IsSecure);

    /// <summary>What works, and what the operator should know before it surprises him.</summary>
    public required EquatableArray<string> Warnings { get; init; }

    /// <summary>The value of every option that has one, in the order of the table, and where it comes from.</summary>
    public required EquatableArray<EffectiveOption> Effective { get; init; }

    /// <summary>
    /// Reads command line, environment, file and what was set through the API, in this order of weight, over the defaults. Pure but for <paramref name="readFile"/>,
    /// which is called once with the path of <c>--config</c>, if there is one, and may throw as <see cref="File.ReadAllText(string)"/> does.
    /// </summary>
    public static Loaded Load(IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment, Func<string, string> readFile, IReadOnlyList<Setting>? fromApi = null)
    {
        if (args.Any(a => a is CommandLine.Help or "-h"))
        {
            return new Loaded.Told(Usage.Help());
        }

        if (args.Contains(CommandLine.Version))
        {
            return new Loaded.Told(Usage.Version());
        }

        List<Setting> settings = [.. fromApi ?? []];
        List<ConfigurationProblem> problems = [];
        List<string> warnings = [];
        CommandLine.Read(args, settings, problems);
        EnvironmentVariables.Read(environment, settings, warnings);
        ReadConfigFile(settings, problems, readFile);

        var values = OptionValues.Of(settings, problems);
        OptionRules.Check(values, problems, warnings);
        return problems.Count > 0 ? new Loaded.Refused([.. problems]) : new Loaded.Ready(From(values, warnings));
    }

    private static void ReadConfigFile(List<Setting> settings, List<ConfigurationProblem> problems, Func<string, string> readFile)
    {
        // --config has no entry in the file, so the heaviest setting is known before the file is read.
        if (settings.Where(s => s.Option == Options.Config).MaxBy(s => s.Source) is not { } config)
        {
            return;
        }

        try
        {
            YamlFile.Read(config.Text, readFile(config.Text), settings, problems);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(new(config.Place, $"'{config.Text}' cannot be read ({e.Message.TrimEnd('.')})", "Name a YAML file that this user may read"));
        }
    }

    private static ControllerOptions From(OptionValues values, List<string> warnings) => new()
    {
        ConfigFile = values.Find(Options.Config),
        Data = values.Get(Options.Data),
        OpenFlow = values.Get(Options.OpenFlow),
        OpenFlowTls = values.Find(Options.OpenFlowTls),
        Ovsdb = values.Get(Options.Ovsdb),
        OvsdbConnect = values.Has(Options.OvsdbConnect) ? values.Get(Options.OvsdbConnect) : [],
        OvsdbTls = values.Find(Options.OvsdbTls),
        TlsCertificate = values.Find(Options.TlsCertificate),
        TlsKey = values.Find(Options.TlsKey),
        TlsCa = values.Find(Options.TlsCa),
        TlsCrl = values.Find(Options.TlsCrl),
        TlsIdsPerCertificate = values.Get(Options.TlsIdsPerCertificate),
        Bgp = values.Get(Options.Bgp),
        Http = values.Get(Options.Http),
        Grpc = values.Get(Options.Grpc),
        OpenFlowAdvertise = values.Find(Options.OpenFlowAdvertise),
        OpenFlowTlsAdvertise = values.Find(Options.OpenFlowTlsAdvertise),
        OpenFlowUnknown = values.Get(Options.OpenFlowUnknown),
        InsecureHttp = values.Get(Options.InsecureHttp),
        HttpNames = values.Has(Options.HttpNames) ? values.Get(Options.HttpNames) : [],
        Log = values.Get(Options.Log),
        ReconcileAudit = values.Get(Options.ReconcileAudit),
        EventsKept = values.Get(Options.EventsKept),
        MaxRequests = values.Get(Options.MaxRequests),
        MaxWatches = values.Get(Options.MaxWatches),
        MaxCalls = values.Get(Options.MaxCalls),
        Warnings = [.. warnings],
        Effective = [.. values.Effective],
    };
}
