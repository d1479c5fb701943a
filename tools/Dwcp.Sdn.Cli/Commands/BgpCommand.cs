using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>The BGP speaker in the words that operators of routers are used to; it shows nothing that get and describe do not have.</summary>
internal sealed partial class BgpCommand : Command
{
    public BgpCommand(CommandLine cli)
        : base("bgp", "Show BGP as routers do: summary, neighbors, routes")
    {
        Add(new Summary(cli));
        Add(new Neighbors(cli));
        Add(new Routes(cli));
        Add(new Explain(cli));
    }

    private static async Task<JsonObject> SpeakerAsync(ControllerClient client, CancellationToken stop)
        => await client.FindAsync(KindCatalogue.BgpSpeaker.ListPath, stop) ?? throw new CliException(ExitCode.Refused, "there is no bgp-speaker", KindCatalogue.BgpSpeaker.WhenMissing);

    private static string AddressOf(JsonObject peer) => peer.Text("address") is { Length: > 0 } address ? address : peer.Text("listenRange");

    private sealed class Summary : CliCommand
    {
        public Summary(CommandLine cli)
            : base(cli, "summary", "Show the speaker, and each session in a line")
        {
            Details = "STATE/PFXRCD is how many paths the neighbor has announced, or the state of a session that does not stand.";
            Examples = [new("dwcpctl bgp summary", "which sessions stand, and for how long")];
        }

        protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            using var client = Connect(parse);
            var speaker = await SpeakerAsync(client, stop);
            var (peers, _) = await client.ListAsync(KindCatalogue.BgpPeers, null, stop);
            var status = speaker["status"]!.AsObject();
            Shell.Out.WriteLine($"BGP router identifier {speaker.Text("routerId")}, local AS number {speaker.Text("localAs")}, {(status.Text("endpoint") is { Length: > 0 } at ? $"listening at {at}" : "not listening")}");
            Shell.Out.WriteLine($"RIB: {status.Text("routes")} routes, {status.Text("paths")} paths; {status.Text("announced")} announced, {status.Text("imported")} imported");
            Shell.Out.WriteLine();
            var table = new Table("NEIGHBOR", "AS", "UP/DOWN", "STATE/PFXRCD", "PEER") { Right = ["AS"] };
            foreach (var peer in peers)
            {
                var verdict = Verdict.Of(peer);
                var sessions = Sessions.Of(peer).ToArray();
                if (sessions.Length == 0)
                {
                    table.Add(AddressOf(peer), peer.Text("remoteAs"), "never", new Cell(Sessions.State(peer), (s, t) => s.Of(verdict.Health, t)), peer.Text("id"));
                }

                foreach (var session in sessions)
                {
                    var stands = session.Text("state") == Sessions.Established;
                    var health = stands ? Health.Good : verdict.Health;
                    table.Add(
                        session.Text("address"), peer.Text("remoteAs"), stands ? Times.Ago(session.Text("establishedAt"), Shell.Clock) : "down",
                        new Cell(stands ? session.Text("routes") : session.Text("state"), (s, t) => s.Of(health, t)), peer.Text("id"));
                }
            }

            table.WriteTo(Shell.Out, Shell.Width, new(Shell.HasColours));
            var down = peers.Count(p => Verdict.Of(p).Health == Health.Bad);
            Shell.Out.WriteLine($"\nTotal number of neighbors {peers.Count}{(down > 0 ? $", {down} down" : "")}");
            return ExitCode.Done;
        }
    }

    private sealed class Neighbors : CliCommand
    {
        private readonly Argument<string[]> _ids = new("NEIGHBOR") { Description = "Ids of peers or addresses of neighbors; none means all", Arity = ArgumentArity.ZeroOrMore };

        public Neighbors(CommandLine cli)
            : base(cli, "neighbors", "Show all about each session")
        {
            Add(_ids);
            Examples = [new("dwcpctl bgp neighbors 192.0.2.1", "one of them, by its address"), new("dwcpctl bgp neighbors leaf1", "or by its id")];
        }

        protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            using var client = Connect(parse);
            var speaker = await SpeakerAsync(client, stop);
            var (peers, _) = await client.ListAsync(KindCatalogue.BgpPeers, null, stop);
            var wanted = parse.GetValue(_ids)!;
            if (wanted.Where(w => !peers.Any(p => IsCalled(p, w))).ToArray() is { Length: > 0 } missing)
            {
                throw new CliException(ExitCode.Refused, $"there is no neighbor {string.Join(", no ", missing)}", "dwcpctl bgp summary shows which there are");
            }

            foreach (var peer in peers.Where(p => wanted.Length == 0 || wanted.Any(w => IsCalled(p, w))))
            {
                Print(peer, speaker);
            }

            return ExitCode.Done;
        }

        private static bool IsCalled(JsonObject peer, string word)
            => peer.Text("id") == word || AddressOf(peer) == word || Sessions.Of(peer).Any(s => s.Text("address") == word);

        private void Print(JsonObject peer, JsonObject speaker)
        {
            var style = new Style(Shell.HasColours);
            var verdict = Verdict.Of(peer);
            var local = peer.Text("localAs") is { Length: > 0 } own ? own : speaker.Text("localAs");
            var remote = peer.Text("remoteAs");
            Shell.Out.WriteLine(style.Strong($"BGP neighbor is {AddressOf(peer)}, remote AS {remote}, local AS {local}, {(local == remote ? "internal" : "external")} link"));
            Shell.Out.WriteLine($"  Peer {peer.Text("id")}: {style.Of(verdict.Health, verdict.Word)}{(verdict.Message.Length > 0 ? $": {verdict.Message}" : "")}");
            Shell.Out.WriteLine($"  Hold time {peer.Text("holdTimeSeconds")} s{(peer.Text("routeReflectorClient") == "true" ? ", route reflector client" : "")}{(peer.Text("passive") == "true" ? ", passive" : "")}");
            foreach (var session in Sessions.Of(peer))
            {
                var up = session.Text("establishedAt") is { Length: > 0 } since ? $", up for {Times.Ago(since, Shell.Clock)}, remote router ID {session.Text("routerId")}" : "";
                Shell.Out.WriteLine($"  {session.Text("address")}: BGP state = {session.Text("state")}{up}");
                Shell.Out.WriteLine($"    {session.Text("routes")} paths accepted, {session.Text("malformed")} malformed{(session.Text("stale") == "true" ? ", stale while it restarts" : "")}");
                Line("Address families", session.Text("families").Replace(",", ", ", StringComparison.Ordinal));
                if (session["bfd"] is JsonObject bfd)
                {
                    Line("BFD", $"{bfd.Text("state")}, remote {bfd.Text("remoteState")}, detection after {bfd.Text("detectionMilliseconds")} ms");
                }

                Line("Last error", session.Text("lastError"));
            }

            Shell.Out.WriteLine();
        }

        private void Line(string name, string value)
        {
            if (value.Length > 0)
            {
                TextWrap.Write(Shell.Out, $"{name}: {value}", 4, Shell.Width);
            }
        }
    }

    private sealed class Routes : CliCommand
    {
        private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
        {
            ["ead"] = "1",
            ["a-d"] = "1",
            ["macip"] = "2",
            ["macadv"] = "2",
            ["multicast"] = "3",
            ["es"] = "4",
            ["esi"] = "4",
            ["prefix"] = "5",
        };

        private readonly Option<string?> _type = new("--type") { HelpName = "TYPE", Description = "ead, macip, multicast, es, prefix, or the number of a route type" };
        private readonly Option<string?> _vni = new("--vni") { HelpName = "VNI", Description = "Only those of a VNI" };
        private readonly Option<string?> _mac = new("--mac") { HelpName = "MAC", Description = "Only those of a MAC address" };
        private readonly Option<string?> _prefix = new("--prefix") { HelpName = "ADDRESS", Description = "Only those of an address, or of a prefix that has it" };
        private readonly Option<string?> _neighbor = new("--neighbor") { HelpName = "PEER", Description = "Only those that a peer has announced, by its id" };
        private readonly Option<bool> _best = new("--best") { Description = "Only the paths that were chosen" };
        private readonly Option<string?> _output = CommonOptions.Output();

        public Routes(CommandLine cli)
            : base(cli, "routes", "Show the routes that the speaker holds, with all their paths")
        {
            _type.CompletionSources.Add("ead", "macip", "multicast", "es", "prefix");
            _neighbor.CompletionSources.Add(context => CommonOptions.IdsOf(cli, context.ParseResult, KindCatalogue.BgpPeers).Select(i => new System.CommandLine.Completions.CompletionItem(i)));
            new Option[] { _type, _vni, _mac, _prefix, _neighbor, _best, _output }.ToList().ForEach(Add);
            Details = "> is the path that was chosen, S one that is kept while its peer restarts.";
            Examples = [new("dwcpctl bgp routes --type macip --vni 10100", "the hosts of a network"), new("dwcpctl bgp routes --neighbor leaf1", "what a peer has announced")];
        }

        protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            var format = OutputFormat.Parse(parse.GetValue(_output));
            var type = parse.GetValue(_type) is not { } word ? null
                : Types.TryGetValue(word, out var number) ? number
                : byte.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? word
                : throw new CliException(ExitCode.Usage, $"--type: '{word}' is no route type", "Use ead, macip, multicast, es, prefix, or the number of a route type");
            (string Name, string? Value)[] asked =
            [
                ("type", type), ("vni", parse.GetValue(_vni)), ("mac", parse.GetValue(_mac)), ("prefix", parse.GetValue(_prefix)),
                ("peer", parse.GetValue(_neighbor)), ("bestOnly", parse.GetValue(_best) ? "true" : null),
            ];
            using var client = Connect(parse);
            var (paths, _) = await client.ListAsync(KindCatalogue.EvpnRoutes.ListPath, asked, stop);
            if (format.Form is not (OutputForm.Table or OutputForm.Wide))
            {
                format.Write(Shell, KindCatalogue.EvpnRoutes, paths, isList: true);
            }
            else if (paths.Count == 0)
            {
                Shell.Error.WriteLine("no routes");
            }
            else
            {
                Print(paths, format.Form == OutputForm.Wide);
            }

            return ExitCode.Done;
        }

        private void Print(List<JsonObject> paths, bool wide)
        {
            string[] further = wide ? ["TARGETS", "DECIDED"] : [];
            var table = new Table(["", "NETWORK", "NEXT-HOP", "FROM", .. further, "PATH"]);
            foreach (var path in paths)
            {
                var status = path["status"]!.AsObject();
                Cell[] more = wide ? [path.Text("exportTargets"), status.Text("decided")] : [];
                table.Add([Mark(status), status.Text("text"), path.Text("nextHop"), status.Text("origin"), .. more, status.Text("asPath")]);
            }

            table.WriteTo(Shell.Out, Shell.Width, new(Shell.HasColours));
        }
    }

    private sealed partial class Explain : CliCommand
    {
        private readonly Argument<string> _what = new("MAC|ADDRESS") { Description = "A MAC address, or an address or prefix" };

        public Explain(CommandLine cli)
            : base(cli, "explain", "Say for each path to an address why it was chosen or not")
        {
            Add(_what);
            Examples = [new("dwcpctl bgp explain 02:00:00:00:00:11", "where a host is, and who else says that it has it"), new("dwcpctl bgp explain 10.1.0.5", "by which route an address is reached")];
        }

        protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
        {
            var what = parse.GetValue(_what)!;
            using var client = Connect(parse);
            var (paths, _) = await client.ListAsync(KindCatalogue.EvpnRoutes.ListPath, [(Mac().IsMatch(what) ? "mac" : "prefix", what)], stop);
            if (paths.Count == 0)
            {
                throw new CliException(ExitCode.Refused, $"the speaker holds no route to {what}", "dwcpctl bgp routes shows which there are", "dwcpctl bgp summary shows whether its sessions stand");
            }

            var style = new Style(Shell.HasColours);
            foreach (var route in paths.GroupBy(KeyOf))
            {
                Shell.Out.WriteLine(style.Strong($"{route.Key}: {(route.Count() == 1 ? "1 path" : $"{route.Count()} paths")}"));
                foreach (var path in route.OrderByDescending(p => p["status"]!.AsObject().Text("best") == "true"))
                {
                    var status = path["status"]!.AsObject();
                    Shell.Out.WriteLine($"  {Mark(status),-2} {path.Text("nextHop")} from {status.Text("origin")}{(status.Text("asPath") is { Length: > 0 } through ? $", AS path {through}" : "")}");
                    var best = status.Text("best") == "true";
                    var step = status.Text("decided");
                    TextWrap.Write(Shell.Out, SelectionWords.Of(step, best), 5, Shell.Width);
                }
            }

            return ExitCode.Done;
        }

        // Labels differ from path to path of one route, and are part of its text.
        private static string KeyOf(JsonObject path) => path.Text("type") switch
        {
            "2" => $"macip {path.Text("mac")}{(path.Text("ip") is { Length: > 0 } ip ? $" {ip}" : "")}, RD {path.Text("rd")}, tag {path.Text("ethernetTag")}",
            "5" => $"prefix {path.Text("prefix")}, RD {path.Text("rd")}, tag {path.Text("ethernetTag")}",
            _ => path["status"]!.AsObject().Text("text"),
        };

        [GeneratedRegex("^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$")]
        private static partial Regex Mac();
    }

    private static string Mark(JsonObject status) => $"{(status.Text("stale") == "true" ? "S" : "*")}{(status.Text("best") == "true" ? ">" : "")}";
}
