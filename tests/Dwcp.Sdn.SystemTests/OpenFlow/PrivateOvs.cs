using System.Diagnostics;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>
/// An ovsdb-server and an ovs-vswitchd of our own, with their own directory, one bridge <c>br0</c> and no interface of the host:
/// the "dummy" datapath is the userspace datapath on devices that exist in its memory alone.
/// </summary>
internal sealed class PrivateOvs : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-of-").FullName;
    private readonly List<Process> processes = [];

    public PrivateOvs(string datapathId)
    {
        Run("ovsdb-tool", "create", Path.Combine(directory, "conf.db"), "/usr/share/openvswitch/vswitch.ovsschema");
        processes.Add(Begin("ovsdb-server", Path.Combine(directory, "conf.db"), $"--remote=punix:{Socket}", $"--unixctl={directory}/db.ctl"));
        Vsctl("--retry", "--no-wait", "init"); // The socket has its name before anybody listens.
        processes.Add(Begin("ovs-vswitchd", $"unix:{Socket}", "--enable-dummy", "--disable-system", $"--unixctl={directory}/vs.ctl"));
        Vsctl(
            "add-br", "br0", "--", "set", "bridge", "br0", "datapath_type=dummy", "protocols=OpenFlow13", "fail_mode=secure",
            $"other-config:datapath-id={datapathId}", "other-config:disable-in-band=true");
        foreach (var port in Enumerable.Range(1, 3))
        {
            Vsctl("add-port", "br0", $"p{port}", "--", "set", "interface", $"p{port}", "type=dummy", $"ofport_request={port}");
        }
    }

    private string Socket => Path.Combine(directory, "db.sock");

    /// <summary>Where br0 takes controllers of its own host.</summary>
    public string ManagementSocket => Path.Combine(directory, "br0.mgmt");

    /// <summary>ovs-vsctl on this database; waits until the switch has done it.</summary>
    public string Vsctl(params string[] arguments) => Run("ovs-vsctl", [$"--db=unix:{Socket}", "--timeout=20", .. arguments]);

    /// <summary>ovs-ofctl of OpenFlow 1.3 on the bridge's own socket.</summary>
    public string Ofctl(string command, params string[] arguments) => OfctlOf("br0", command, arguments);

    public string OfctlOf(string bridge, string command, params string[] arguments) =>
        Run("ovs-ofctl", ["-O", "OpenFlow13", command, $"unix:{directory}/{bridge}.mgmt", .. arguments]);

    public string Appctl(params string[] arguments) => Run("ovs-appctl", [$"--target={directory}/vs.ctl", .. arguments]);

    public void Dispose()
    {
        foreach (var process in Enumerable.Reverse(processes))
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(directory, recursive: true);
    }

    private Process Begin(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, ["-vconsole:off", "-vsyslog:off", .. arguments, $"--log-file={directory}/{file}.log"]) { WorkingDirectory = directory };
        foreach (var name in new[] { "OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR" })
        {
            start.Environment[name] = directory;
        }

        return Process.Start(start)!;
    }

    private string Run(string file, params string[] arguments)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OVS_RUNDIR"] = directory;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{file} {string.Join(' ', arguments)}: {error.Result}{output}");
        return output;
    }
}
