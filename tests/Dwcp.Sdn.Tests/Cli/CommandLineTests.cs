using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Api;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Cli;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Documents;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Tests.Store;
using Google.Api;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Tests.Cli;

public sealed class CommandLineTests : CliFixture
{
    [Theory]
    [InlineData("'gte' is not known here", "Did you mean dwcpctl get?", "gte")]
    [InlineData("there is no kind 'netwroks'", "Did you mean networks?", "get", "netwroks")]
    [InlineData("Required argument missing for command: 'get'", "dwcpctl get --help shows what there is", "get")]
    [InlineData("--timeout: 'soon' is no duration", "Write a whole number and its unit: 500ms, 30s, 5m, 1h", "get", "ports", "--wait", "--timeout", "soon")]
    [InlineData("there is no output 'xml'", "Use one of table|wide|json|yaml|name|jsonpath=TEMPLATE", "get", "ports", "-o", "xml")]
    [InlineData("--server: 'here' is no URL of a controller", "Write it as http://127.0.0.1:8080", "get", "ports", "--server", "here")]
    [InlineData("nothing is named", "Write dwcpctl delete KIND ID…, or dwcpctl delete -f FILE", "delete")]
    [InlineData("--last: -1 is no number of events", "Give 1 or more", "events", "--last", "-1")]
    [InlineData("'app' selects nothing", "Write NAME=VALUE", "get", "ports", "-l", "app")]
    [InlineData("--last: 'x' is no whole number", "dwcpctl events --help shows what there is", "events", "--last", "x")]
    [InlineData("--table: '2000000000000' is no whole number", "dwcpctl flows --help shows what there is", "flows", "h1", "--table", "2000000000000")]
    [InlineData("Argument 'tcsh' not recognized. Must be one of: 'bash' 'zsh' 'fish'", "dwcpctl completion --help shows what there is", "completion", "tcsh")]
    [InlineData("--filename: the name of the file is empty", "Name a file that is there and can be read", "apply", "-f", "")]
    [InlineData("--filename: /etc is a directory", "Name a file that is there and can be read", "delete", "-f", "/etc")]
    [InlineData("FILE: the name of the file is empty", "Name a file that is there and can be read", "decode", "--protocol", "openflow", "")]
    [InlineData("--pcap: the name of the file is empty", "Name a file that is there and can be read", "decode", "--protocol", "bgp", "--pcap", "")]
    [InlineData("--type: 'foo' is no route type", "Use ead, macip, multicast, es, prefix, or the number of a route type", "bgp", "routes", "--type", "foo")]
    [InlineData("a context needs a name without control characters", "Write dwcpctl config set-context NAME --server URL", "config", "set-context", "", "--server", "http://127.0.0.1:1")]
    public async Task A_wrong_command_line_ends_with_2_and_the_way_out(string error, string remedy, params string[] words)
        => Assert.Equal(new(2, "", $"dwcpctl: {error}\n  {remedy}\n"), await RunAsync(words));

    [Fact]
    public async Task Without_a_controller_it_ends_with_3_and_says_where_it_looked()
    {
        using var silent = Silent();
        var run = await RunAsync("get", "ports", "--server", $"http://{silent.LocalEndPoint}");

        Assert.Equal((3, ""), (run.Exit, run.Out));
        Assert.Matches(@"^dwcpctl: no controller answers at http://127\.0\.0\.1:\d+: Connection refused\n  Is it running\?", run.Error);
    }

    [Fact]
    public async Task What_answers_and_is_no_controller_counts_as_none()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var run = RunAsync("get", "ports", "--server", $"http://{other.LocalEndpoint}");
        using var client = await other.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"u8.ToArray());

        Assert.Equal(3, (await run).Exit);
        Assert.Contains("is no dwcp-controller: 404 Not Found to /v1/ports", (await run).Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_breaks_off_or_stands_still_counts_as_none(bool breaksOff)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var clock = new ManualTime();
        using var client = new ControllerClient(new($"http://{other.LocalEndpoint}"), clock);
        var asking = client.GetAsync("/v1/ports", CancellationToken.None);
        using var connection = await other.AcceptTcpClientAsync();
        await connection.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\": ["u8.ToArray());
        if (breaksOff)
        {
            connection.Close();
        }

        // The clock is moved until the answer, and no longer its header alone, is what is waited for.
        for (var i = 0; i < 500 && !asking.IsCompleted; i++)
        {
            await Task.Delay(10);
            clock.Advance(TimeSpan.FromSeconds(breaksOff ? 0 : 1));
        }

        Assert.Equal(3, (await Assert.ThrowsAsync<CliException>(() => asking.WaitAsync(TimeSpan.FromSeconds(10)))).ExitCode);
    }

    [Theory]
    [InlineData(32, 0, "")]
    [InlineData(28, 1, "dwcpctl: no room\n")]
    public async Task Output_that_cannot_be_written_is_a_failure_unless_its_reader_has_seen_enough(int error, int exit, string said)
    {
        using var full = new StreamWriter(new FullStream(error)) { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };

        Assert.Equal(exit, await new CommandLine(ShellOf("", full, errors)).RunAsync(["explain", "network"]));
        Assert.Equal(said, errors.ToString());
    }

    [Fact]
    public async Task A_configuration_file_that_cannot_be_written_is_a_failure()
    {
        var file = FileOf("");
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };

        Assert.Equal(1, await new CommandLine(ShellOf("", output, error, int.MaxValue, ("XDG_CONFIG_HOME", file))).RunAsync(["config", "set-context", "a", "--server", Server]));
        Assert.StartsWith($"dwcpctl: {file}/dwcp/config.yaml cannot be written: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Contexts_are_kept_by_name_and_weigh_less_than_the_environment()
    {
        Assert.Equal(new(0, $"context a: {Server}\n", ""), await WithoutServerAsync("config", "set-context", "a", "--server", Server));
        await WithoutServerAsync("config", "set-context", "b", "--server", "http://192.0.2.1:8080");

        Assert.Equal($"   NAME  SERVER\n*  a     {Server}\n   b     http://192.0.2.1:8080\n", (await WithoutServerAsync("config", "get-contexts")).Out);
        Assert.Equal(0, (await WithoutServerAsync("get", "networks")).Exit);
        Assert.Equal("the current context is b: http://192.0.2.1:8080\n", (await WithoutServerAsync("config", "use-context", "b")).Out);
        Assert.Equal(0, (await RunAsync("get", "networks")).Exit);
        Assert.Equal(0, (await WithoutServerAsync("get", "networks", "--context", "a")).Exit);
        Assert.Equal(2, (await WithoutServerAsync("config", "use-context", "c")).Exit);
        Assert.Equal($"current-context: b\ncontexts:\n- name: a\n  server: {Server}\n- name: b\n  server: http://192.0.2.1:8080\n", File.ReadAllText(Path.Combine(Home, ".config/dwcp/config.yaml")));
    }

    [Fact]
    public async Task A_faulty_configuration_file_is_told_with_its_line()
    {
        Directory.CreateDirectory(Path.Combine(Home, ".config/dwcp"));
        File.WriteAllText(Path.Combine(Home, ".config/dwcp/config.yaml"), "current-context: a\ncontext: []\n");

        Assert.Equal(new(2, "", $"dwcpctl: {Home}/.config/dwcp/config.yaml:2: there is no context here\n  Write current-context: NAME and contexts: [{{name: NAME, server: URL}}]\n"), await WithoutServerAsync("get", "ports"));
    }

    [Theory]
    [InlineData("dwcpctl ", "status get describe apply diff delete watch events flows bgp set unset explain decode pki config completion man version")]
    [InlineData("dwcpctl ex", "explain")]
    [InlineData("dwcpctl get s", "subnets switches")]
    [InlineData("dwcpctl get networks ", "blue red")]
    [InlineData("dwcpctl describe network b", "blue")]
    [InlineData("dwcpctl get networks --wa", "--wait")]
    [InlineData("dwcpctl get networks --wait=Pro", "Programmed")]
    [InlineData("dwcpctl get networks -o ", "json jsonpath= name table wide yaml")]
    [InlineData("dwcpctl config u", "use-context")]
    [InlineData("dwcpctl completion ", "bash fish zsh")]
    public async Task Words_are_completed(string line, string expected)
    {
        await ApplyAsync("kind: Network\nid: blue\nvni: 7\n---\nkind: Network\nid: red\nvni: 8\n");
        var completed = (await RunAsync("__complete", line)).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')[0]).Order(StringComparer.Ordinal);

        Assert.Equal(expected.Split(' ').Order(StringComparer.Ordinal), completed);
    }

    [Fact]
    public async Task Completion_is_silent_without_a_controller()
    {
        using var silent = Silent();
        Assert.Equal(new(0, "", ""), await RunAsync("__complete", $"dwcpctl --server http://{silent.LocalEndPoint} get networks "));
    }

    [Fact]
    public async Task A_field_is_explained_in_the_words_of_the_api()
    {
        Assert.Equal("""
            Subnet  /v1/subnets/{id}
            A range of addresses on a network.

            Fields
              id  string
                  The caller's choice: up to 63 of a-z, 0-9, -, . and _, beginning with a
                  letter or digit.
            """, string.Join('\n', (await RunAsync("", 80, "explain", "subnet")).Out.Split('\n')[..7]));
        Assert.Equal("""
            dhcp  object
                What DHCP tells the hosts; none means no DHCP.

            Fields
              enabled  true|false, default false
                  Default false.
              dns  list of string
                  The addresses of name servers.
              routes  list of string
                  Routes to announce, RFC 3442.
              leaseSeconds  integer, default 86400
                  Default 86400.
              ranges  list of string
                  Where addresses are taken from; none means all of the subnet.

            """, (await RunAsync("explain", "subnet.dhcp")).Out);
        Assert.Equal("""
            unknownUnicast  DROP|FLOOD, default DROP
                What happens to a frame for a MAC address that nobody is known to have.
                DROP
                FLOOD

            """, (await RunAsync("explain", "network.unknownUnicast")).Out);
        Assert.Equal(new(2, "", "dwcpctl: there is no field bindngs in Port\n  Did you mean bindings?\n"), await RunAsync("explain", "port.bindngs"));
    }

    [Fact]
    public async Task What_is_explained_as_an_example_can_be_applied()
    {
        foreach (var kind in KindCatalogue.All.Where(k => k.IsWritable))
        {
            var text = (await RunAsync("explain", kind.Singular)).Out;
            var example = string.Join('\n', text[(text.IndexOf("\nExample\n", StringComparison.Ordinal) + 9)..].Split('\n').Select(l => l.Length > 2 ? l[2..] : l));

            Assert.Equal(new(0, $"{kind.Ref($"my-{kind.Singular}")} {(kind.IsLasting ? "changed" : "created")}\n", ""), await RunAsync(example, int.MaxValue, "apply", "-f", "-"));
        }
    }

    [Fact]
    public void Every_service_of_the_api_is_a_kind()
    {
        var files = typeof(Network).Assembly.GetTypes().Where(t => t.Namespace == typeof(Network).Namespace).Select(t => t.GetProperty("Descriptor")?.GetValue(null)).OfType<FileDescriptor>();
        var kinds = files.SelectMany(f => f.Services).SelectMany(s => s.Methods).Where(m => m.Name.StartsWith("Get", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(kinds);
        Assert.Equal(kinds.Select(TraitsOf).Order(StringComparer.Ordinal), KindCatalogue.All.Select(k => $"{k.ListPath} {k.Name} {k.Message.Name} {k.Traits}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_field_that_a_caller_sees_says_what_it_is()
    {
        var silent = KindCatalogue.All.SelectMany(k => FieldsOf(k.Message, [])).Where(f => FieldFacts.Of(f).Comment.Length == 0).Select(f => f.FullName);

        Assert.Empty(silent);
    }

    [Fact]
    public async Task Help_of_every_command_fits_eighty_columns_and_says_how_to_use_it()
    {
        using var nowhere = new StringWriter();
        foreach (var command in new CommandFacts(new CommandLine(ShellOf("", nowhere, nowhere)).Root).Leaves)
        {
            var run = await RunAsync("", 80, [.. command.Path.Split(' ')[1..], "--help"]);

            Assert.Equal((0, ""), (run.Exit, run.Error));
            Assert.Contains($"Usage\n  {command.Usage}\n", run.Out);
            Assert.All(run.Out.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
            Assert.All(command.Options, o => Assert.Contains($"  {o.Term}", run.Out));
        }
    }

    private async Task<Run> WithoutServerAsync(params string[] words)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var exit = await new CommandLine(ShellOf("", output, error, int.MaxValue, ("DWCP_SERVER", ""))).RunAsync(words);
        return new(exit, output.ToString(), error.ToString());
    }

    private static string TraitsOf(MethodDescriptor get)
    {
        var (service, what) = (get.Service, get.Name["Get".Length..]);
        var rule = get.GetOptions().GetExtension(AnnotationsExtensions.Http).Get;
        var traits = (service.FindMethodByName($"Put{what}") is null ? KindTraits.None : KindTraits.Writable)
            | (service.FindMethodByName($"Watch{what}") is null ? KindTraits.None : KindTraits.Watchable)
            | (get.OutputType.FindFieldByName("status") is null ? KindTraits.None : KindTraits.Judged)
            | (service.FindMethodByName($"Delete{what}") is null && service.FindMethodByName($"Put{what}") is not null ? KindTraits.Lasting : KindTraits.None)
            | (rule.EndsWith("{id}", StringComparison.Ordinal) ? KindTraits.None : KindTraits.Single)
            | (service.FindMethodByName($"List{what}") is { } list && list.InputType.FindFieldByName("filter") is null ? KindTraits.Held : KindTraits.None);
        return $"{rule.Replace("/{id}", "", StringComparison.Ordinal)} {get.OutputType.Name} {get.OutputType.Name} {traits}";
    }

    private static IEnumerable<FieldDescriptor> FieldsOf(MessageDescriptor message, HashSet<MessageDescriptor> seen)
        => message.File.Package != "dwcp.v1" || !seen.Add(message)
            ? []
            : message.Fields.InDeclarationOrder().SelectMany(f => f is { FieldType: FieldType.Message, IsMap: false } ? [f, .. FieldsOf(f.MessageType, seen)] : new[] { f });

    /// <summary>What a full disk, or a pipe without a reader, is to a writer.</summary>
    private sealed class FullStream(int error) : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("no room", error);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromException(new IOException("no room", error));
    }

    /// <summary>Has a port, so that nobody else gets it, and does not listen there.</summary>
    private static Socket Silent()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
