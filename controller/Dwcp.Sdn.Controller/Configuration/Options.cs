using System.Collections.Immutable;
using System.Net;
using Dwcp.Sdn.Core;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What to do with a switch that connects and that no announced host owns.</summary>
internal enum UnknownSwitches
{
    /// <summary>It is shown and not touched.</summary>
    Observed,

    /// <summary>It forwards as a learning switch.</summary>
    Learning,
}

/// <summary>Every option of the controller. A new option is a new row, and a property of <see cref="ControllerOptions"/>.</summary>
internal static class Options
{
    public static readonly Option<string> Config = new("config", TextForms.Path("FILE"), null,
        "Read further options from this YAML file")
    { InFile = false };

    public static readonly Option<string> Data = new("data", TextForms.Path("DIR"), "/var/lib/dwcp",
        "Where the store is kept; made with mode 0700 when it is missing");

    public static readonly Option<IPEndPoint> OpenFlow = new("openflow", TextForms.Listener, "127.0.0.1:6653",
        "Listen here for switches that speak OpenFlow 1.3");

    public static readonly Option<IPEndPoint> OpenFlowTls = new("openflow-tls", TextForms.Listener, null,
        "Listen here for switches that speak OpenFlow 1.3 over TLS and show a certificate");

    public static readonly Option<IPEndPoint> Ovsdb = new("ovsdb", TextForms.Listener, "127.0.0.1:6640",
        "Listen here for hosts whose ovsdb-server connects to its manager");

    public static readonly Option<EquatableArray<string>> OvsdbConnect = new("ovsdb-connect", TextForms.OvsdbTargets, null,
        "Connect to these hosts' ovsdb-servers, which listen themselves: tcp:ADDR:PORT, ssl:ADDR:PORT or unix:PATH, with commas between them");

    public static readonly Option<IPEndPoint> OvsdbTls = new("ovsdb-tls", TextForms.Listener, null,
        "Listen here for hosts whose ovsdb-server connects to its manager over TLS and shows a certificate");

    public static readonly Option<string> TlsCertificate = new("tls-certificate", TextForms.Path("FILE"), null,
        "Show this certificate over TLS, with those between it and its authority after it in PEM, instead of one of the authority under --data");

    public static readonly Option<string> TlsKey = new("tls-key", TextForms.Path("FILE"), null,
        "The private key of --tls-certificate in PEM");

    public static readonly Option<string> TlsCa = new("tls-ca", TextForms.Path("FILE"), null,
        "Believe the certificates of these authorities in PEM, and no others, instead of those of the authority under --data");

    public static readonly Option<string> TlsCrl = new("tls-crl", TextForms.Path("FILE"), null,
        "What the authorities of --tls-ca have revoked, in PEM; read again whenever it changes");

    public static readonly Option<int> TlsIdsPerCertificate = new("tls-ids-per-certificate", TextForms.Count(1, 1_000_000), "8",
        "Let whoever shows a certificate that names none be so many switches, and so many hosts, by its first use");

    public static readonly Option<IPEndPoint> Bgp = new("bgp", TextForms.Listener, "127.0.0.1:179",
        "Listen here for BGP peers, once the API has been told of a speaker");

    public static readonly Option<IPEndPoint> Http = new("http", TextForms.Listener, "127.0.0.1:8080",
        "Serve REST, health and metrics here");

    public static readonly Option<IPEndPoint> Grpc = new("grpc", TextForms.Listener, "127.0.0.1:8081",
        "Serve gRPC here");

    public static readonly Option<IPEndPoint> OpenFlowAdvertise = new("openflow-advertise", TextForms.Destination, null,
        "Tell joining hosts to connect here, instead of to the address that their OVSDB session reached and the port of --openflow")
    { InApi = true };

    public static readonly Option<IPEndPoint> OpenFlowTlsAdvertise = new("openflow-tls-advertise", TextForms.Destination, null,
        "Tell hosts that join over TLS to connect here, instead of to the address that their OVSDB session reached and the port of --openflow-tls")
    { InApi = true };

    public static readonly Option<UnknownSwitches> OpenFlowUnknown = new("openflow-unknown", TextForms.Word<UnknownSwitches>(), "OBSERVED",
        "What to do with a switch that no announced host owns: only show it, or make it a learning switch")
    { InApi = true };

    public static readonly Option<bool> InsecureHttp = new("insecure-http", TextForms.Flag, "false",
        "Allow --http and --grpc on other addresses than loopback, although nothing protects them there");

    public static readonly Option<EquatableArray<string>> HttpNames = new("http-names", TextForms.HostNames, null,
        "Answer HTTP requests to these names too; addresses, localhost, this machine's name and names without a dot always are answered");

    public static readonly Option<LogLevel> Log = new("log", TextForms.Level, "information",
        "The least level that is logged: trace, debug, information, warning, error or critical")
    { ChangesWhileRunning = true, InApi = true };

    public static readonly Option<TimeSpan> ReconcileAudit = new("reconcile-audit", TextForms.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)), "1m",
        "Read every switch back and compare at least this often, even when nothing has changed")
    { InApi = true };

    public static readonly Option<TimeSpan> EventsKept = new("events-kept", TextForms.Duration(TimeSpan.FromMinutes(1), TimeSpan.FromDays(30)), "24h",
        "Keep events so long, though never more than 10,000 of them")
    { ChangesWhileRunning = true, InApi = true };

    public static readonly Option<int> MaxRequests = new("max-requests", TextForms.Count(1, 1_000_000), "1024",
        "Refuse REST requests when so many are under way, watches apart")
    { ChangesWhileRunning = true, InApi = true };

    public static readonly Option<int> MaxWatches = new("max-watches", TextForms.Count(1, 1_000_000), "4096",
        "Refuse watches over HTTP when so many are open")
    { ChangesWhileRunning = true, InApi = true };

    public static readonly Option<int> MaxCalls = new("max-calls", TextForms.Count(1, 1_000_000), "16384",
        "Refuse gRPC calls when so many are under way, watches among them")
    { ChangesWhileRunning = true, InApi = true };

    public static readonly ImmutableArray<Option> All =
    [
        Config, Data, OpenFlow, OpenFlowTls, Ovsdb, OvsdbConnect, OvsdbTls, TlsCertificate, TlsKey, TlsCa, TlsCrl, TlsIdsPerCertificate, Bgp, Http, Grpc,
        OpenFlowAdvertise, OpenFlowTlsAdvertise, OpenFlowUnknown, InsecureHttp, HttpNames, Log, ReconcileAudit, EventsKept, MaxRequests, MaxWatches, MaxCalls,
    ];
}
