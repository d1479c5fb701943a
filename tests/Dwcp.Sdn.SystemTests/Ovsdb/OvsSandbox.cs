using System.Diagnostics;
using System.Globalization;

namespace Dwcp.Sdn.SystemTests.Ovsdb;

/// <summary>A host of its own: ovsdb-server here, ovs-vswitchd with its userspace datapath in a network namespace, files in a directory that goes with it.</summary>
internal sealed class OvsSandbox : IDisposable
{
    private const string Schema = "/usr/share/openvswitch/vswitch.ovsschema";

    private readonly string directory = Directory.CreateTempSubdirectory("dwcp-ovsdb-").FullName;
    private readonly string netns = $"ovsdb-{Environment.ProcessId:x}-{Random.Shared.Next(0xffff):x}";
    private readonly List<int> pids = [];

    public OvsSandbox(bool withSwitch = true, bool clustered = false)
    {
        Run("ovsdb-tool", clustered ? ["create-cluster", File("conf.db"), Schema, $"unix:{File("raft.sock")}"] : ["create", File("conf.db"), Schema]);
        Start("ovsdb-server", [File("conf.db"), $"--remote=punix:{File("db.sock")}", "--remote=db:Open_vSwitch,Open_vSwitch,manager_options"]);
        Vsctl("--no-wait", "init");
        Run("ip", "netns", "add", netns);
        if (withSwitch)
        {
            Start("ip", ["netns", "exec", netns, "ovs-vswitchd", Database, "--disable-system"]);
        }
    }

    public string Database => $"unix:{File("db.sock")}";

    public int DatabasePid => pids[0];

    /// <summary>Runs ovs-vsctl, which waits until ovs-vswitchd is through, and returns what it prints.</summary>
    public string Vsctl(params string[] arguments) => Run("ovs-vsctl", ["--timeout=10", $"--db={Database}", .. arguments]).Trim();

    public string Ofctl(string command, string bridge, params string[] arguments) =>
        Run("ovs-ofctl", ["-OOpenFlow13", command, $"unix:{File(bridge + ".mgmt")}", .. arguments]).Trim();

    /// <summary>Every commit to the database, oldest first.</summary>
    public string Log() => Run("ovsdb-tool", "show-log", "-m", File("conf.db"));

    public void SetManager(int port, params string[] more) =>
        Vsctl(["--no-wait", "set-manager", $"tcp:127.0.0.1:{port}", .. more]);

    /// <summary>Changes the schema of the database while the server runs.</summary>
    public void Convert(Func<string, string> change)
    {
        System.IO.File.WriteAllText(File("new.ovsschema"), change(System.IO.File.ReadAllText(Schema)));
        Run("ovsdb-client", "convert", Database, File("new.ovsschema"));
    }

    /// <summary>Runs a command where ovs-vswitchd runs.</summary>
    public string Inside(params string[] command) => Run("ip", ["netns", "exec", netns, .. command]);

    /// <summary>Makes two ends of a wire where ovs-vswitchd runs.</summary>
    public void AddVeth(string left, string right)
    {
        Inside("ip", "link", "add", left, "type", "veth", "peer", "name", right);
        Inside("ip", "link", "set", left, "up");
        Inside("ip", "link", "set", right, "up");
    }

    public void Dispose()
    {
        foreach (var pid in pids)
        {
            try
            {
                using var process = Process.GetProcessById(pid);
                process.Kill();
            }
            catch (ArgumentException)
            {
                continue; // It has ended already.
            }
        }

        Run("ip", "netns", "del", netns);
        Directory.Delete(directory, recursive: true);
    }

    private string File(string name) => Path.Combine(directory, name);

    private void Start(string program, string[] arguments)
    {
        var name = $"d{pids.Count}";
        Run(program, [.. arguments, "--detach", "--no-chdir", $"--pidfile={File(name + ".pid")}", $"--unixctl={File(name + ".ctl")}", $"--log-file={File(name + ".log")}"]);
        pids.Add(int.Parse(System.IO.File.ReadAllText(File(name + ".pid")), CultureInfo.InvariantCulture));
    }

    private string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OVS_RUNDIR"] = directory;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{error.Result}");
    }
}
