using System.Net;
using System.Net.Sockets;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.SystemTests;

/// <summary>Hosts whose Open vSwitch speaks TLS, with certificates of the controller's own authority and of others, issued by dwcpctl and by ovs-pki.</summary>
public sealed class TlsTests
{
    private const int Seconds = 20;

    [Fact]
    public async Task Hosts_join_over_TLS_alone_and_their_VMs_reach_one_another()
    {
        await using var site = await Site.SecuredAsync([]);
        await site.NetworkAsync("blue", 1);
        await site.VmAsync("h1", "b1", "blue", "10.1.0.11");
        await site.VmAsync("h2", "b2", "blue", "10.1.0.12");
        await site.ReachesAsync("b1", "10.1.0.12");

        Assert.Equal($"ssl:{site.Lab.Management}:6654", await site.Lab.VsctlAsync("h1", "get-controller", "br-int"));
        await Until.TrueAsync("Open vSwitch says so", TimeSpan.FromSeconds(Seconds), async () => await site.Lab.VsctlAsync("h1", "--bare", "--columns=is_connected", "list", "controller") == "true");
        var key = Path.Combine(site.Controller.DataDirectory, "pki", "ca.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        Assert.DoesNotContain(File.ReadAllLines(key)[1], site.Controller.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_host_is_cut_within_seconds_and_stays_out_until_it_has_another_certificate()
    {
        await using var site = await Site.SecuredAsync([]);
        (await PkiAsync(site, "revoke", "h1")).Succeeded();
        var began = DateTime.UtcNow;

        await Until.TrueAsync("its switch is cut", TimeSpan.FromSeconds(Seconds), async () => !await ConnectedAsync(site, "h1"));
        Assert.InRange(DateTime.UtcNow - began, TimeSpan.Zero, TimeSpan.FromSeconds(20)); // It takes one or two.
        await SaidAsync(site, "CN=h1, serial number");
        Assert.True(await ConnectedAsync(site, "h2"));

        await site.CertifyAsync("h1");
        await Until.TrueAsync("it is back", TimeSpan.FromSeconds(30), () => ConnectedAsync(site, "h1"), () => Task.FromResult(site.Controller.Log));
    }

    [Fact]
    public async Task A_switch_that_says_it_is_another_is_refused_and_the_honest_one_does_not_notice()
    {
        await using var site = await Site.SecuredAsync([]);
        var honest = DatapathId.OfHost("h1").ToString();
        var side = await SwitchSide.WatchAsync(site.Lab, "h1");

        await site.Lab.VsctlAsync(
            "h2", "add-br", "br-evil", "--", "set", "bridge", "br-evil", "datapath_type=netdev", "protocols=OpenFlow13", $"other-config:datapath-id={honest}", "--",
            "set-controller", "br-evil", $"ssl:{site.Lab.Management}:6654");

        var refused = await EventAsync(site, "SwitchRefused", "switches/h1");
        Assert.Contains($"the certificate of host h2 is for {DatapathId.OfHost("h2")}, not for datapath id {honest}", refused);
        Assert.True(await ConnectedAsync(site, "h1"));

        // Nor can it be that switch without TLS.
        await site.Lab.VsctlAsync("h2", "del-br", "br-evil");
        using var plain = await OpenFlow.CrowdTests.JoinAsync(site.Controller, DatapathId.OfHost("h1").Value);
        while (await plain.ReceiveAsync(new byte[4096]).WaitAsync(TimeSpan.FromSeconds(Seconds)) > 0)
        {
            // What it is told before the end.
        }

        await SaidAsync(site, "is not believed without TLS");
        Assert.True(await ConnectedAsync(site, "h1"));
        Assert.False(side.WasGreeted());
    }

    [Fact]
    public async Task Who_has_a_foreign_certificate_or_none_is_refused_with_the_reason()
    {
        await using var site = await Site.SecuredAsync(["--hosts", "1"]);
        var directory = Path.Combine(site.Lab.Directory, "hosts", "h1");
        var elsewhere = Directory.CreateTempSubdirectory("dwcp-elsewhere-").FullName;
        try
        {
            (await Command.RunAsync(Checkout.Dwcpctl, "pki", "init", "--data", elsewhere)).Succeeded();
            (await Command.RunAsync(Checkout.Dwcpctl, "pki", "issue", "foreign", "--host", "h1", "--data", elsewhere, "--out", directory)).Succeeded();

            // It believes the controller, and is not believed.
            File.Copy(Path.Combine(site.Controller.DataDirectory, "pki", "ca.crt"), $"{directory}/ca.crt", overwrite: true);
            await site.Lab.VsctlAsync("h1", "set-ssl", $"{directory}/foreign.key", $"{directory}/foreign.crt", $"{directory}/ca.crt");
            await site.Lab.VsctlAsync("h1", "del-manager", "--", "del-controller", "br-int");
            await Until.TrueAsync("it is out", TimeSpan.FromSeconds(Seconds), async () => !await ConnectedAsync(site, "h1"));
            await site.Lab.VsctlAsync("h1", "set-manager", $"ssl:{site.Lab.Management}:6641");
            await SaidAsync(site, "its certificate (CN=foreign) is not from our authority");
            Assert.False(await ConnectedAsync(site, "h1"));

            // Nobody is spoken to without TLS on this port. It waits for us to speak first, or asks whether we live.
            await site.Lab.VsctlAsync("h1", "set-manager", $"tcp:{site.Lab.Management}:6641");
            await SaidAsync(site, "is its target tcp: instead of ssl:?");
        }
        finally
        {
            Directory.Delete(elsewhere, recursive: true);
        }
    }

    [Theory]
    [InlineData("-tls1_1", false)]
    [InlineData("-tls1_2", true)]
    [InlineData("-tls1_3", true)]
    public async Task OpenSSL_gets_through_with_a_certificate_and_TLS_1_2_or_newer(string version, bool welcome)
    {
        await using var controller = await ControllerProcess.StartAsync("--openflow-tls", "127.0.0.1:0");
        var directory = Path.Combine(controller.DataDirectory, "out");
        (await Command.RunAsync(Checkout.Dwcpctl, "pki", "issue", "sw1", "--dpid", "1", "--data", controller.DataDirectory, "--out", directory)).Succeeded();
        var result = await Command.RunAsync(
            "timeout", "10", "openssl", "s_client", "-connect", $"{controller.OpenFlowTls}", version, "-cipher", "DEFAULT@SECLEVEL=0", "-cert", $"{directory}/sw1.crt",
            "-key", $"{directory}/sw1.key", "-CAfile", $"{directory}/ca.crt", "-verify_return_error", "-brief");

        Assert.Equal(welcome, (result.Out + result.Error).Contains("Verification: OK", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Certificates_of_ovs_pki_are_believed_where_the_operator_brings_them_and_a_switch_stays_who_it_was()
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-ovspki-").FullName;
        try
        {
            await MakeOvsPkiAsync(directory, "ctl controller", "sw1 switch", "sw2 switch");
            await using var controller = await ControllerProcess.StartAsync(
                "--openflow-tls", "127.0.0.1:0", "--tls-certificate", $"{directory}/ctl-cert.pem", "--tls-key", $"{directory}/ctl-privkey.pem", "--tls-ca", $"{directory}/pki/switchca/cacert.pem",
                "--tls-ids-per-certificate", "1");
            Assert.False(Directory.Exists(Path.Combine(controller.DataDirectory, "pki")));
            using var ovs = new OpenFlow.PrivateOvs("00000000000000aa");
            ovs.Vsctl("set-ssl", $"{directory}/sw1-privkey.pem", $"{directory}/sw1-cert.pem", $"{directory}/pki/controllerca/cacert.pem");
            ovs.Vsctl("set-controller", "br0", $"ssl:{controller.OpenFlowTls}", "--", "set", "controller", "br0", "max_backoff=1000");
            var api = new RestApi(controller);
            await Until.TrueAsync("it is connected", TimeSpan.FromSeconds(Seconds), () => ConnectedAsync(api, "00000000000000aa"), () => Task.FromResult(controller.Log));

            // Nor is it a second switch.
            ovs.Vsctl("set", "bridge", "br0", "other-config:datapath-id=00000000000000bb");
            await Until.TrueAsync(
                "it is refused as another",
                TimeSpan.FromSeconds(Seconds),
                () => Task.FromResult(controller.Log.Contains("names no datapath id and is bound to 00000000000000aa already", StringComparison.Ordinal)),
                () => Task.FromResult(controller.Log));
            ovs.Vsctl("set", "bridge", "br0", "other-config:datapath-id=00000000000000aa");
            await Until.TrueAsync("it is back", TimeSpan.FromSeconds(Seconds), () => ConnectedAsync(api, "00000000000000aa"), () => Task.FromResult(controller.Log));

            // Without a restart: an authority that is believed no more covers nobody, and one that is believed again does.
            var believed = File.ReadAllText($"{directory}/pki/switchca/cacert.pem");
            File.Copy($"{directory}/pki/controllerca/cacert.pem", $"{directory}/pki/switchca/cacert.pem", overwrite: true);
            await Until.TrueAsync(
                "it is cut",
                TimeSpan.FromSeconds(Seconds),
                () => Task.FromResult(controller.Log.Contains("disconnected: its certificate is from none of our authorities any more", StringComparison.Ordinal)),
                () => Task.FromResult(controller.Log));
            File.WriteAllText($"{directory}/pki/switchca/cacert.pem", believed);
            await Until.TrueAsync("it is back again", TimeSpan.FromSeconds(Seconds), () => ConnectedAsync(api, "00000000000000aa"), () => Task.FromResult(controller.Log));

            // The other certificate is good as well, but it is another's.
            ovs.Vsctl("set-ssl", $"{directory}/sw2-privkey.pem", $"{directory}/sw2-cert.pem", $"{directory}/pki/controllerca/cacert.pem");
            ovs.Vsctl("del-controller", "br0");
            await Until.TrueAsync("it has gone", TimeSpan.FromSeconds(Seconds), async () => !await ConnectedAsync(api, "00000000000000aa"));
            ovs.Vsctl("set-controller", "br0", $"ssl:{controller.OpenFlowTls}");
            await Until.TrueAsync("it is refused", TimeSpan.FromSeconds(Seconds), () => Task.FromResult(controller.Log.Contains("was seen with the certificate of", StringComparison.Ordinal)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_host_that_listens_itself_is_connected_to_over_TLS()
    {
        await using var lab = await Lab.UpAsync("--hosts", "1");
        var octets = lab.Management.GetAddressBytes();
        await using var controller = await ControllerProcess.StartAsync(
            lab, "--ovsdb-connect", $"ssl:{octets[0]}.{octets[1]}.{octets[2]}.1:6640", "--openflow-tls", $"{lab.Management}:6654");
        var directory = Path.Combine(lab.Directory, "hosts", "h1");
        (await Command.RunAsync(Checkout.Dwcpctl, "pki", "issue", "h1", "--host", "h1", "--data", controller.DataDirectory, "--out", directory)).Succeeded();
        await lab.VsctlAsync("h1", "set-ssl", $"{directory}/h1.key", $"{directory}/h1.crt", $"{directory}/ca.crt");
        await lab.VsctlAsync("h1", "set-manager", "pssl:6640:0.0.0.0");

        await new RestApi(controller).WaitAsync("/v1/switches/h1", "Programmed", "True", 30);
        Assert.StartsWith("ssl:", await lab.VsctlAsync("h1", "get-controller", "br-int"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing.pem", "cannot be read")]
    [InlineData("nonsense.pem", "cannot be used")]
    public async Task A_certificate_that_cannot_be_used_ends_the_process_with_2_before_anything_starts(string file, string why)
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-badtls-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(directory, "nonsense.pem"), "nonsense");
            await using var process = Command.Start(
                Checkout.Controller, "--data", directory, "--openflow-tls", "127.0.0.1:0", "--tls-certificate", $"{directory}/{file}", "--tls-key", $"{directory}/{file}", "--tls-ca", $"{directory}/{file}");
            var result = await process.EndedAsync(TimeSpan.FromSeconds(Seconds));

            Assert.Equal(2, result.ExitCode);
            Assert.Contains($"--tls-certificate: '{directory}/{file}' {why}", result.Error, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(directory, "state.db")));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<CommandResult> PkiAsync(Site site, params string[] words) => Command.RunAsync(Checkout.Dwcpctl, ["pki", .. words, "--data", site.Controller.DataDirectory]);

    private static Task<bool> ConnectedAsync(Site site, string id) => ConnectedAsync(site.Api, id);

    private static async Task<bool> ConnectedAsync(RestApi api, string id)
    {
        var answer = await api.GetAsync($"/v1/switches/{id}");
        return answer.Status == HttpStatusCode.OK && answer.Body.GetProperty("status").TryGetProperty("connected", out var connected) && connected.GetBoolean();
    }

    private static async Task<string> EventAsync(Site site, string name, string subject)
    {
        await Until.TrueAsync($"event {name}", TimeSpan.FromSeconds(Seconds), async () => (await site.Api.EventsAsync(name, subject)).Length > 0, () => Task.FromResult(site.Controller.Log));
        return (await site.Api.EventsAsync(name, subject))[0];
    }

    private static Task SaidAsync(Site site, string what) => Until.TrueAsync(
        $"the log says '{what}'", TimeSpan.FromSeconds(Seconds), () => Task.FromResult(site.Controller.Log.Contains(what, StringComparison.Ordinal)), () => Task.FromResult(site.Controller.Log));

    /// <summary>Two authorities as ovs-pki makes them, and a certificate for each name.</summary>
    private static async Task MakeOvsPkiAsync(string directory, params string[] certificates)
    {
        string[] common = ["-B", "2048", "-d", $"{directory}/pki", "-l", $"{directory}/log"];
        (await Command.RunAsync("ovs-pki", [.. common, "init"])).Succeeded();
        foreach (var certificate in certificates.Select(c => c.Split(' ')))
        {
            (await Command.RunAsync("sh", "-c", $"cd {directory} && ovs-pki {string.Join(' ', common)} req+sign {certificate[0]} {certificate[1]}")).Succeeded();
        }
    }
}
