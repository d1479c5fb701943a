using Dwcp.Sdn.Controller.Configuration;
using Dwcp.Sdn.Core.Net;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller;

/// <summary>What the process itself tells the operator; events 1000 to 1999, the first hundred about its configuration.</summary>
internal static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "configuration: {Warning}")]
    public static partial void ConfigurationWarning(this ILogger log, string warning);

    [LoggerMessage(1002, LogLevel.Debug, "configuration: {Option} is {Value}, from {Place}")]
    public static partial void EffectiveOption(this ILogger log, string option, string value, string place);

    [LoggerMessage(1003, LogLevel.Information, "configuration: the log level is now {Level}, from {Place}")]
    public static partial void LevelChanged(this ILogger log, LogLevel level, string place);

    [LoggerMessage(1004, LogLevel.Information, "configuration: read again, the log level stays {Level}, from {Place}")]
    public static partial void LevelKept(this ILogger log, LogLevel level, string place);

    [LoggerMessage(1005, LogLevel.Warning, "configuration: {Option} is now {Value} ({Place}); it has no effect before a restart")]
    public static partial void NeedsRestart(this ILogger log, string option, string value, string place);

    [LoggerMessage(1006, LogLevel.Warning, "configuration: read again and not taken over: {Problem}")]
    public static partial void ReloadRefused(this ILogger log, ConfigurationProblem problem);

    [LoggerMessage(1007, LogLevel.Warning, "configuration: what was set through the API is ignored, for it is no longer possible: {Why}")]
    public static partial void SettingsIgnored(this ILogger log, string why);

    [LoggerMessage(1008, LogLevel.Information, "configuration: changed while running")]
    public static partial void SettingsChanged(this ILogger log);

    [LoggerMessage(1100, LogLevel.Information, "controller: started with {Data} at revision {Revision}; OpenFlow on {OpenFlow}, OVSDB on {Ovsdb}, HTTP on {Http}")]
    public static partial void Started(this ILogger log, string data, long revision, object openFlow, object ovsdb, object http);

    [LoggerMessage(1101, LogLevel.Information, "controller: ended")]
    public static partial void Ended(this ILogger log);

    [LoggerMessage(1102, LogLevel.Critical, "controller: cannot run: {Reason}")]
    public static partial void CannotRun(this ILogger log, string reason);

    [LoggerMessage(1103, LogLevel.Information, "controller: it may open {Limit} files and so keeps fewer connections than it could, at most: OpenFlow {OpenFlow}, OVSDB {Ovsdb} for each listener, HTTP {Http}, gRPC {Grpc}; LimitNOFILE= of systemd or ulimit -n raises it, {Enough} is enough for all")]
    public static partial void ConnectionsLimited(this ILogger log, long limit, int openFlow, int ovsdb, int http, int grpc, long enough);

    [LoggerMessage(1110, LogLevel.Information, "tls: made an authority in {Directory}; issue certificates to switches with dwcpctl pki issue")]
    public static partial void AuthorityMade(this ILogger log, string directory);

    [LoggerMessage(1111, LogLevel.Information, "tls: issued a certificate for this controller, good until {Until:yyyy-MM-dd HH:mm} UTC")]
    public static partial void OwnCertificateIssued(this ILogger log, DateTime until);

    [LoggerMessage(1112, LogLevel.Information, "tls: certificates and revocation list read again; {Ended} connections ended for it")]
    public static partial void CredentialsRead(this ILogger log, int ended);

    [LoggerMessage(1113, LogLevel.Error, "tls: what has changed is not taken over: {Reason}")]
    public static partial void CredentialsNotRead(this ILogger log, string reason);

    [LoggerMessage(1114, LogLevel.Warning, "tls: the certificate {Path} is good until {Until:yyyy-MM-dd HH:mm} UTC and has to be renewed")]
    public static partial void CertificateEnds(this ILogger log, string path, DateTime until);

    [LoggerMessage(1115, LogLevel.Information, "tls: {Ended} connections ended whose certificates are from none of the authorities any more")]
    public static partial void UncoveredEnded(this ILogger log, int ended);

    [LoggerMessage(1200, LogLevel.Information, "{Subject}: {Name}: {What}")]
    public static partial void Happened(this ILogger log, string subject, string name, string what);

    [LoggerMessage(1201, LogLevel.Error, "store: a commit failed and nothing was changed: {Reason}")]
    public static partial void CommitFailed(this ILogger log, string reason);

    [LoggerMessage(1202, LogLevel.Error, "store: a commit was refused: {Reason}")]
    public static partial void CommitConflict(this ILogger log, string reason);

    [LoggerMessage(1300, LogLevel.Information, "{Switch}: {Changes}")]
    public static partial void SwitchChanged(this ILogger log, DatapathId @switch, string changes);

    [LoggerMessage(1301, LogLevel.Warning, "{Switch}: it refused its rules: {Reason}")]
    public static partial void SwitchRefused(this ILogger log, DatapathId @switch, string reason);

    [LoggerMessage(1302, LogLevel.Error, "{Switch}: its loop failed and the connection is closed")]
    public static partial void SwitchLoopFailed(this ILogger log, Exception fault, DatapathId @switch);

    [LoggerMessage(1303, LogLevel.Information, "topology: the spanning tree is another: {Switches} learning switches changed, {Blocked} ports are blocked")]
    public static partial void TreeChanged(this ILogger log, int switches, int blocked);

    [LoggerMessage(1304, LogLevel.Warning, "{Switch}: it does not tell its flows: {Reason}")]
    public static partial void FlowsRefused(this ILogger log, DatapathId @switch, string reason);

    [LoggerMessage(1400, LogLevel.Information, "{Host}: changed: {Changes}")]
    public static partial void HostChanged(this ILogger log, string host, string changes);

    [LoggerMessage(1402, LogLevel.Warning, "{Target}: no OVSDB session, trying again: {Reason}")]
    public static partial void HostNotReached(this ILogger log, string target, string reason);

    [LoggerMessage(1401, LogLevel.Error, "{Host}: its loop failed and the session is closed")]
    public static partial void HostLoopFailed(this ILogger log, Exception fault, string host);

    [LoggerMessage(1500, LogLevel.Information, "bgp: the speaker of AS {Asn} runs as {RouterId}")]
    public static partial void SpeakerStarted(this ILogger log, Asn asn, IpAddress routerId);

    [LoggerMessage(1501, LogLevel.Information, "bgp: the speaker has ended")]
    public static partial void SpeakerEnded(this ILogger log);
}
