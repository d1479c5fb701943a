using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>More connections to every listener of the built controller than it may have, and more in all than the process may open files.</summary>
public sealed partial class FewFilesTests(ITestOutputHelper output)
{
    private const int Files = 1024;
    private const int Crowd = 400;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly byte[] HttpTwo = Encoding.Latin1.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0");

    [Fact]
    public async Task A_crowd_at_every_listener_leaves_the_process_its_files_and_keeps_nobody_out()
    {
        await using var controller = await ControllerProcess.StartWithFilesAsync(
            Files, "--openflow-unknown", "LEARNING", "--openflow-tls", "127.0.0.1:0", "--ovsdb-tls", "127.0.0.1:0");
        Assert.Contains($"it may open {Files} files and so keeps fewer connections", controller.Log, StringComparison.Ordinal);
        var listeners = Listener().Matches(controller.Log).ToLookup(m => m.Groups["protocol"].Value, m => IPEndPoint.Parse(m.Groups["address"].Value));
        Assert.Equal(6, listeners.Sum(l => l.Count()));

        var before = OpenIn(controller);
        using var end = new CancellationTokenSource();
        var watching = MostOpenAsync(controller, end.Token);
        var crowd = (await Task.WhenAll(listeners.SelectMany(l => l).Select(ConnectAsync)).WaitAsync(Patience)).SelectMany(c => c).ToList();
        try
        {
            await UseAsync(controller, listeners, 1);
            Assert.All(crowd.Chunk(Crowd), c => Assert.True(c.Count(IsOpen) < Crowd, "they were all kept"));
        }
        finally
        {
            crowd.ForEach(s => s.Dispose());
        }

        await UseAsync(controller, listeners, 2);
        await Until.TrueAsync("the crowd's descriptors are closed", Patience, () => Task.FromResult(OpenIn(controller) < Files / 2));
        await end.CancelAsync();
        var most = await watching;
        output.WriteLine($"{most} of {Files} files at most, {OpenIn(controller)} afterwards");
        Assert.InRange(most, before + 250, Files - 1); // The shares of the plain listeners are 260.
    }

    [Fact]
    public async Task With_too_few_files_it_does_not_start_and_says_what_to_allow()
    {
        var data = Directory.CreateTempSubdirectory("dwcp-few-files-").FullName;
        try
        {
            var ended = await Command.RunAsync("prlimit", "--nofile=512:512", Checkout.Controller, "--data", data);
            Assert.Equal(1, ended.ExitCode);
            Assert.Contains("it may open 512 files only; allow 1024 at least (LimitNOFILE= of systemd, ulimit -n)", ended.Out + ended.Error, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>As a switch, a host, a caller of either kind; and each kind of TLS as far as one comes without a certificate.</summary>
    private static async Task UseAsync(ControllerProcess controller, ILookup<string, IPEndPoint> listeners, ulong datapath)
    {
        using var honest = await CrowdTests.JoinAsync(controller, datapath).WaitAsync(Patience);
        await AnswersAsync(controller.Ovsdb, []);
        await AnswersAsync(listeners["gRPC"].Single(), HttpTwo);
        using var http = new HttpClient { BaseAddress = controller.Http.BaseAddress, Timeout = Patience };
        (await http.PutAsJsonAsync($"/v1/networks/n{datapath}", new { vni = 5000 + datapath })).EnsureSuccessStatusCode();
        foreach (var secured in new[] { controller.OpenFlowTls, listeners["OVSDB"].Single(l => !l.Equals(controller.Ovsdb)) })
        {
            using var client = new TcpClient();
            await client.ConnectAsync(secured);
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "controller", RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null }).WaitAsync(Patience);
        }
    }

    private static async Task AnswersAsync(IPEndPoint listener, byte[] asked)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener);
        await socket.SendAsync(asked);
        Assert.True(await socket.ReceiveAsync(new byte[1]).WaitAsync(Patience) > 0, $"{listener} says nothing");
    }

    private static async Task<List<Socket>> ConnectAsync(IPEndPoint listener)
    {
        var sockets = new List<Socket>();
        for (var i = 0; i < Crowd; i++)
        {
            sockets.Add(new(SocketType.Stream, ProtocolType.Tcp));
            try
            {
                await sockets[^1].ConnectAsync(listener);
            }
            catch (SocketException)
            {
                // It had to go for others before it knew that it was there.
            }
        }

        return sockets;
    }

    /// <summary>Whether the controller has not closed it; what it has said is read on the way.</summary>
    private static bool IsOpen(Socket socket)
    {
        try
        {
            while (socket.Poll(0, SelectMode.SelectRead))
            {
                if (socket.Receive(new byte[4096]) == 0)
                {
                    return false;
                }
            }

            return socket.Connected;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int OpenIn(ControllerProcess controller) => Directory.GetFiles($"/proc/{controller.Pid}/fd").Length;

    private static async Task<int> MostOpenAsync(ControllerProcess controller, CancellationToken stop)
    {
        var most = 0;
        while (!stop.IsCancellationRequested)
        {
            most = Math.Max(most, OpenIn(controller));
            await Task.Delay(20, CancellationToken.None);
        }

        return most;
    }

    [GeneratedRegex("\"message\":\"(?<protocol>OpenFlow|OVSDB|HTTP|gRPC):? listen(s|ing) on (?<address>[0-9.:]+)")]
    private static partial Regex Listener();
}
