using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pki;

namespace Dwcp.Sdn.Tests.Cli;

/// <summary>dwcpctl pki on files, without a controller.</summary>
public sealed class PkiTests : CliFixture
{
    private string Data => Path.Combine(Home, "data");

    private string Out => Path.Combine(Home, "out");

    [Fact]
    public async Task An_authority_is_made_once()
    {
        Assert.StartsWith("made Dwcp.Sdn authority ", (await PkiAsync("init")).Out, StringComparison.Ordinal);
        Assert.StartsWith("there is already Dwcp.Sdn authority ", (await PkiAsync("init")).Out, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
    }

    [Fact]
    public async Task Issue_writes_what_a_host_needs_and_says_what_to_type_there()
    {
        await PkiAsync("init");
        var run = await IssueAsync("h1", "--host", "h1", "--dpid", "0x7", "--address", "192.0.2.10");

        Assert.Equal((0, ""), (run.Exit, run.Error));
        var lines = run.Out.Split('\n');
        Assert.Equal("copy h1.key, h1.crt and ca.crt to /etc/openvswitch on the host, and there:", lines[2]);
        Assert.Equal("  ovs-vsctl set-ssl /etc/openvswitch/h1.key /etc/openvswitch/h1.crt /etc/openvswitch/ca.crt", lines[3]);
        Assert.Equal("  ovs-vsctl set-manager ssl:192.0.2.10:6640", lines[4]);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Out, "h1.key")));
        using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(Out, "h1.crt"), Path.Combine(Out, "h1.key"));
        Assert.Equal(new[] { DatapathId.OfHost("h1"), new DatapathId(7) }, CertificateUse.Of(certificate).Datapaths.Items.ToArray());
        Assert.DoesNotContain(File.ReadAllLines(Path.Combine(Out, "h1.key"))[1], run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issue_writes_the_key_when_its_certificate_is_there_since_Open_vSwitch_looks_at_both_when_the_key_is_another()
    {
        await PkiAsync("init");
        using var written = new FileSystemWatcher(Directory.CreateDirectory(Out).FullName);
        var order = new List<string>();
        var last = new TaskCompletionSource();
        written.Renamed += (_, e) =>
        {
            order.Add(e.Name!);
            if (e.Name == "ca.crt")
            {
                last.SetResult();
            }
        };
        written.EnableRaisingEvents = true;

        await IssueAsync("h1", "--host", "h1");

        await last.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(["h1.crt", "h1.key", "ca.crt"], order);
    }

    [Fact]
    public async Task A_switch_without_a_host_is_told_of_its_controller()
    {
        await PkiAsync("init");
        Assert.Contains("  ovs-vsctl set-controller BRIDGE ssl:CONTROLLER:6653\n", (await IssueAsync("sw7", "--dpid", "\"0000000000000007\"")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_is_signed_and_no_key_is_written()
    {
        await PkiAsync("init");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var csr = FileOf(new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256).CreateSigningRequestPem());

        var run = await IssueAsync("h3", "--host", "h3", "--csr", csr);
        Assert.Equal(0, run.Exit);
        Assert.Equal(["ca.crt", "h3.crt"], Directory.GetFiles(Out).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal));
        Assert.Contains("set-ssl KEY /etc/openvswitch/h3.crt", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_shows_what_was_issued_and_what_became_of_it()
    {
        await PkiAsync("init");
        await IssueAsync("h1", "--host", "h1");
        await IssueAsync("sw7", "--dpid", "7");
        Assert.StartsWith("revoked h1, serial number ", (await PkiAsync("revoke", "h1")).Out, StringComparison.Ordinal);
        Assert.Equal("h1 is revoked already\n", (await PkiAsync("revoke", "h1")).Out);

        var table = (await PkiAsync("list")).Out.Split('\n');
        Assert.StartsWith("NAME  STATE    UNTIL", table[0], StringComparison.Ordinal);
        Assert.EndsWith($"host h1 ({DatapathId.OfHost("h1")})", table[1], StringComparison.Ordinal);
        Assert.EndsWith("switch 0000000000000007", table[2], StringComparison.Ordinal);
        var items = JsonDocument.Parse((await PkiAsync("list", "-o", "json")).Out).RootElement.GetProperty("items");
        Assert.Equal(("REVOKED", "VALID"), (items[0].GetProperty("state").GetString(), items[1].GetProperty("state").GetString()));
        Assert.Contains("name: sw7", (await PkiAsync("list", "-o", "yaml")).Out, StringComparison.Ordinal);
        Assert.Equal("h1\nsw7\n", (await PkiAsync("list", "-o", "name")).Out);
    }

    [Theory]
    [InlineData(2, "whom is the certificate for?", "issue", "h1")]
    [InlineData(2, "'nonsense' is no datapath id", "issue", "h1", "--dpid", "nonsense")]
    [InlineData(2, "a controller is neither a host nor a switch", "issue", "h1", "--controller", "--host", "h1")]
    [InlineData(2, "--csr", "issue", "h1", "--host", "h1", "--csr", "/does/not/exist")]
    [InlineData(1, "cannot be the name of a certificate", "issue", "../h1", "--host", "h1")]
    [InlineData(1, "cannot be a host's system-id", "issue", "h1", "--host", "H1")]
    [InlineData(1, "over at once", "issue", "h1", "--host", "h1", "--days", "0")]
    [InlineData(2, "--days: 999999999 is not from 1 to 36500", "issue", "h1", "--host", "h1", "--days", "999999999")]
    [InlineData(2, "--csr: the name of the file is empty", "issue", "h1", "--host", "h1", "--csr", "")]
    [InlineData(2, "--out: the name of the directory is empty", "issue", "h1", "--host", "h1", "--out", "")]
    [InlineData(1, "there is no certificate 'nobody'", "revoke", "nobody")]
    public async Task What_cannot_be_is_told_and_nothing_is_issued(int exit, string why, params string[] words)
    {
        await PkiAsync("init");
        var run = await PkiAsync(words);

        Assert.Equal(exit, run.Exit);
        Assert.Contains(why, run.Error, StringComparison.Ordinal);
        Assert.Equal("no certificates\n", (await PkiAsync("list")).Error);
    }

    [Fact]
    public async Task Without_an_authority_nothing_is_issued_nor_made()
    {
        var run = await IssueAsync("h1", "--host", "h1");

        Assert.Equal(1, run.Exit);
        Assert.Contains("there is no authority in", run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Data));
    }

    [Fact]
    public async Task What_cannot_be_written_is_revoked_again()
    {
        await PkiAsync("init");
        File.WriteAllText(Out, "a file where the directory should be");

        Assert.Contains("what was issued is revoked again", (await IssueAsync("h1", "--host", "h1")).Error, StringComparison.Ordinal);
        Assert.Contains("REVOKED", (await PkiAsync("list")).Out, StringComparison.Ordinal);
    }

    private Task<Run> PkiAsync(params string[] words) => RunAsync(["pki", .. words, "--data", Data]);

    private Task<Run> IssueAsync(params string[] words) => PkiAsync(["issue", .. words, "--out", Out]);
}
