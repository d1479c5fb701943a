using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Files;
using Dwcp.Sdn.Cli.Output;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pki;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>The authority on a controller's files: who may be which host and which switch. It needs no controller, but the files of one.</summary>
internal sealed class PkiCommand : Command
{
    private const string DefaultData = "/var/lib/dwcp";

    public PkiCommand(CommandLine cli)
        : base("pki", "Issue and revoke the certificates of hosts and switches: init, issue, list, revoke")
    {
        Add(new Init(cli));
        Add(new Issue(cli));
        Add(new List(cli));
        Add(new Revoke(cli));
    }

    private static Option<string> Data() => new("--data") { HelpName = "DIR", Description = $"The controller's data directory [DWCP_DATA, or {DefaultData}]" };

    /// <summary>A command on the authority's files.</summary>
    private abstract class PkiVerb : CliCommand
    {
        private readonly Option<string> _data = Data();

        protected PkiVerb(CommandLine cli, string name, string description)
            : base(cli, name, description)
        {
            Add(_data);
        }

        protected string DirectoryOf(ParseResult parse) => Authority.DirectoryOf(parse.GetValue(_data) ?? Shell.Variable("DWCP_DATA") ?? DefaultData);

        protected override Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            try
            {
                Run(parse);
                return Task.FromResult(ExitCode.Done);
            }
            catch (PkiException e)
            {
                throw new CliException(ExitCode.Refused, e.Message, e.Remedy);
            }
        }

        protected abstract void Run(ParseResult parse);
    }

    private sealed class Init : PkiVerb
    {
        public Init(CommandLine cli)
            : base(cli, "init", "Make an authority, unless there is one")
        {
            Details = "A controller with --openflow-tls or --ovsdb-tls makes one by itself; this is for those who issue certificates before its first start.";
            Examples = [new("dwcpctl pki init --data /var/lib/dwcp", "before the first start of the controller")];
        }

        protected override void Run(ParseResult parse)
        {
            var authority = Authority.OpenOrCreate(DirectoryOf(parse), Shell.Clock, out var created);
            Shell.Out.WriteLine($"{(created ? "made" : "there is already")} {authority.Certificate.Subject[3..]} in {DirectoryOf(parse)}, good until {Day(authority.Certificate.NotAfter)}");
        }
    }

    private sealed class Issue : PkiVerb
    {
        private const int MostDays = 36_500;

        private readonly Argument<string> _name = new("NAME") { Description = "What to call the certificate, and its files" };
        private readonly Option<string?> _host = new("--host") { HelpName = "SYSTEM-ID", Description = "For the host with this external_ids:system-id, and the br-int that the controller makes there" };
        private readonly Option<string[]> _dpid = new("--dpid") { HelpName = "ID", Description = "For the switch with this datapath id, in 16 hexadecimal digits; may be given several times" };
        private readonly Option<bool> _controller = new("--controller") { Description = "For a controller" };
        private readonly Option<string?> _csr = new("--csr") { HelpName = "FILE", Description = "Take the key of this request, as ovs-pki req makes it, instead of making one" };
        private readonly Option<string> _out = new("--out") { HelpName = "DIR", Description = "Where to write NAME.crt, NAME.key and ca.crt [.]", DefaultValueFactory = _ => "." };
        private readonly Option<int?> _days = CommonOptions.Number(new("--days") { HelpName = "N", Description = "How long it is good [365]", DefaultValueFactory = _ => (int)Authority.DefaultValidity.TotalDays });
        private readonly Option<string> _address = new("--address") { HelpName = "ADDR", Description = "The controller's address, for the lines that are printed", DefaultValueFactory = _ => "CONTROLLER" };
        private readonly Option<string> _on = new("--on") { HelpName = "DIR", Description = "Where the files will be on the host, for the lines that are printed [/etc/openvswitch]", DefaultValueFactory = _ => "/etc/openvswitch" };

        public Issue(CommandLine cli)
            : base(cli, "issue", "Issue a certificate, and say what to type on the host")
        {
            new Option[] { _host, _dpid, _controller, _csr, _out, _days, _address, _on }.ToList().ForEach(Add);
            Add(_name);
            Details = "The key is written beside the certificate, for its owner alone, and kept nowhere else: copy it to the host and remove it. A host whose br-int was there before the controller needs its datapath id as well (ovs-vsctl get bridge br-int datapath_id).";
            Examples =
            [
                new("dwcpctl pki issue h1 --host h1 --address 192.0.2.10", "a host that joins over TLS"),
                new("dwcpctl pki issue h2 --host h2 --dpid 0000525400a1b2c3", "one whose br-int is adopted"),
                new("dwcpctl pki issue sw7 --dpid 0000000000000007", "a switch that only speaks OpenFlow"),
                new("dwcpctl pki issue h3 --host h3 --csr h3-req.pem", "the key was made on the host and stays there"),
            ];
        }

        protected override void Run(ParseResult parse)
        {
            var (name, use) = (parse.GetValue(_name)!, UseOf(parse));
            var authority = Authority.Open(DirectoryOf(parse), Shell.Clock);
            var to = parse.GetValue(_out) is { Length: > 0 } given ? given : throw new CliException(ExitCode.Usage, "--out: the name of the directory is empty", "Give a directory, such as .");
            var days = ValidityOf(parse);
            var issued = parse.GetValue(_csr) is { } csr ? authority.Sign(name, use, days, NamedFile.Read("--csr", csr, File.ReadAllText)) : authority.Issue(name, use, days);
            var (key, certificate, ca) = (Path.Combine(to, $"{name}.key"), Path.Combine(to, $"{name}.crt"), Path.Combine(to, "ca.crt"));
            try
            {
                Directory.CreateDirectory(to);
                PkiFiles.Write(certificate, Encoding.ASCII.GetBytes(issued.CertificatePem), PkiFiles.Public);
                if (issued.KeyPem is { } pem)
                {
                    // Last of the two: Open vSwitch looks at the certificate only when it finds another key, and then not again.
                    PkiFiles.Write(key, Encoding.ASCII.GetBytes(pem), PkiFiles.Private);
                }

                PkiFiles.Write(ca, Encoding.ASCII.GetBytes(authority.Certificate.ExportCertificatePem() + "\n"), PkiFiles.Public);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                authority.Revoke(name, issued.Certificate.SerialNumber);
                throw new CliException(ExitCode.Refused, $"{to}: {e.Message.TrimEnd('.')}; what was issued is revoked again", "Give a directory that can be written with --out");
            }

            Shell.Out.WriteLine($"issued {name} for {use}, serial number {issued.Certificate.SerialNumber}, good until {Day(issued.Certificate.NotAfter)}");
            Shell.Out.WriteLine($"  {(issued.KeyPem is null ? "" : $"{key}, ")}{certificate}, {ca}");
            Tell(parse, use, name, issued.KeyPem is null);
        }

        private void Tell(ParseResult parse, CertificateUse use, string name, bool keyIsThere)
        {
            var (on, address) = (parse.GetValue(_on)!.TrimEnd('/'), parse.GetValue(_address)!);
            if (use.IsController)
            {
                Shell.Out.WriteLine($"on the controller: --tls-certificate {name}.crt --tls-key {name}.key --tls-ca ca.crt");
                return;
            }

            var key = keyIsThere ? "KEY" : $"{on}/{name}.key";
            Shell.Out.WriteLine($"copy {(keyIsThere ? "" : $"{name}.key, ")}{name}.crt and ca.crt to {on} on the host, and there{(keyIsThere ? ", with KEY where its key is" : "")}:");
            Shell.Out.WriteLine($"  ovs-vsctl set-ssl {key} {on}/{name}.crt {on}/ca.crt");
            Shell.Out.WriteLine(use.Host is not null
                ? $"  ovs-vsctl set-manager ssl:{address}:6640"
                : $"  ovs-vsctl set-controller BRIDGE ssl:{address}:6653");
        }

        private CertificateUse UseOf(ParseResult parse)
        {
            var datapaths = (parse.GetValue(_dpid) ?? []).Select(DatapathOf).ToList();
            var host = parse.GetValue(_host);
            if (parse.GetValue(_controller))
            {
                return host is null && datapaths.Count == 0
                    ? CertificateUse.Controller
                    : throw new CliException(ExitCode.Usage, "a controller is neither a host nor a switch", "Give --controller alone, or --host and --dpid");
            }

            return host is not null ? CertificateUse.OfHost(host, datapaths)
                : datapaths.Count > 0 ? CertificateUse.OfSwitch(datapaths)
                : throw new CliException(ExitCode.Usage, "whom is the certificate for?", "Give --host SYSTEM-ID, --dpid ID or --controller");
        }

        // As ovs-vsctl and ovs-ofctl write it, with and without what they put around it.
        private static DatapathId DatapathOf(string text)
        {
            var digits = text.Trim('"').Replace(":", "", StringComparison.Ordinal);
            digits = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? digits[2..] : digits;
            return digits.Length is > 0 and <= 16 && DatapathId.TryParse(digits.PadLeft(16, '0'), out var id)
                ? id
                : throw new CliException(ExitCode.Usage, $"--dpid: '{text}' is no datapath id", "Write 16 hexadecimal digits; ovs-vsctl get bridge BRIDGE datapath_id shows them");
        }

        private TimeSpan ValidityOf(ParseResult parse) => parse.GetValue(_days) is var days && days is >= 0 and <= MostDays
            ? TimeSpan.FromDays(days.Value)
            : throw new CliException(ExitCode.Usage, $"--days: {days} is not from 1 to {MostDays}", "Give a number of days");
    }

    private sealed class List : PkiVerb
    {
        private readonly Option<string?> _output = CommonOptions.Output();

        public List(CommandLine cli)
            : base(cli, "list", "Show the certificates that were issued")
        {
            Add(_output);
            Examples = [new("dwcpctl pki list", "who has a certificate, and until when"), new("dwcpctl pki list -o json", "for programs")];
        }

        protected override void Run(ParseResult parse)
        {
            var format = OutputFormat.Parse(parse.GetValue(_output));
            var now = Shell.Clock.GetUtcNow();
            var entries = Authority.Open(DirectoryOf(parse), Shell.Clock).List();
            var items = new JsonArray([.. entries.Select(e => ItemOf(e, now))]);
            switch (format.Form)
            {
                case OutputForm.Table or OutputForm.Wide when entries.IsEmpty:
                    Shell.Error.WriteLine("no certificates");
                    break;
                case OutputForm.Table or OutputForm.Wide:
                    Print(entries, now);
                    break;
                case OutputForm.Yaml:
                    Shell.Out.Write(YamlText.Of(items));
                    break;
                case OutputForm.Json:
                    Shell.Out.WriteLine(JsonText.Pretty(new JsonObject { ["items"] = items }));
                    break;
                case OutputForm.JsonPath:
                    Shell.Out.WriteLine(format.Path!.Evaluate(new JsonObject { ["items"] = items }));
                    break;
                default:
                    entries.Select(e => e.Name).Distinct().ToList().ForEach(Shell.Out.WriteLine);
                    break;
            }
        }

        private static JsonObject ItemOf(IssuedEntry e, DateTimeOffset now)
        {
            var item = new JsonObject { ["name"] = e.Name, ["state"] = e.StateAt(now), ["subject"] = e.Subject, ["serial"] = e.Serial };
            if (e.Use.IsController)
            {
                item["controller"] = true;
            }

            if (e.Use.Host is { } host)
            {
                item["host"] = host;
            }

            if (!e.Use.Datapaths.IsEmpty)
            {
                item["datapaths"] = new JsonArray([.. e.Use.Datapaths.Select(d => (JsonNode)d.ToString())]);
            }

            (item["issuedAt"], item["expiresAt"]) = (Time(e.IssuedAt), Time(e.ExpiresAt));
            if (e.RevokedAt is { } at)
            {
                item["revokedAt"] = Time(at);
            }

            return item;
        }

        private void Print(IEnumerable<IssuedEntry> entries, DateTimeOffset now)
        {
            var table = new Table("NAME", "STATE", "UNTIL", "SERIAL", "FOR") { Overflow = Overflow.Wrap };
            foreach (var e in entries)
            {
                var state = e.StateAt(now);
                var datapaths = e.Use.Host is null ? "" : $" ({string.Join(", ", e.Use.Datapaths)})";
                table.Add(e.Name, new Cell(state, (s, t) => s.Of(state == "VALID" ? Health.Good : Health.Bad, t)), Day(e.ExpiresAt.UtcDateTime), e.Serial, $"{e.Use}{datapaths}");
            }

            table.WriteTo(Shell.Out, Shell.Width, new(Shell.HasColours));
        }
    }

    private sealed class Revoke : PkiVerb
    {
        private readonly Argument<string> _name = new("NAME") { Description = "The certificate's name" };
        private readonly Option<string?> _serial = new("--serial") { HelpName = "NUMBER", Description = "Only the one with this serial number, such as the one before a renewal" };

        public Revoke(CommandLine cli)
            : base(cli, "revoke", "Take back the certificates of a name")
        {
            Add(_name);
            Add(_serial);
            Details = "A controller on the same data directory ends their connections within seconds and takes no new ones.";
            Examples = [new("dwcpctl pki revoke h1", "the host's key may be in the wrong hands"), new("dwcpctl pki revoke h1 --serial 5A0C…", "the old one, after the host has its new one")];
        }

        protected override void Run(ParseResult parse)
        {
            var name = parse.GetValue(_name)!;
            var taken = Authority.Open(DirectoryOf(parse), Shell.Clock).Revoke(name, parse.GetValue(_serial));
            foreach (var entry in taken)
            {
                Shell.Out.WriteLine($"revoked {name}, serial number {entry.Serial}, for {entry.Use}");
            }

            if (taken.IsEmpty)
            {
                Shell.Out.WriteLine($"{name} is revoked already");
            }
        }
    }

    private static string Day(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
