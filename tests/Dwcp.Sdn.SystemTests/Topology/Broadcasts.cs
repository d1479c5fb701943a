using System.Globalization;

namespace Dwcp.Sdn.SystemTests.Topology;

/// <summary>
/// Numbered broadcasts that the first VM sends, and which of them came to each VM: frames of an EtherType that nobody else uses
/// (0x88b5, IEEE Std 802 for local experiments), so that neither LLDP nor what the kernels say for themselves counts.
/// </summary>
internal sealed class Broadcasts : IAsyncDisposable
{
    private const string Receive =
        """
        import signal, socket, sys
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
        s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24) # SO_RCVBUFFORCE
        s.bind(('eth0', 0x88b5))
        print('ready', flush=True)
        try:
            while True:
                number = int.from_bytes(s.recv(2000)[14:18], 'big')
                if number == 0xffffffff:
                    s.settimeout(1) # Copies that are late still count.
                else:
                    print(number)
        except (KeyboardInterrupt, TimeoutError):
            pass
        """;

    private const string Send =
        """
        import signal, socket, sys, time
        stopped = []
        signal.signal(signal.SIGINT, lambda *_: stopped.append(True)) # An exception could come between the count and the frame.
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        s.bind(('eth0', 0))
        def send(number):
            s.send(bytes.fromhex('ffffffffffff02000000990188b5%08x' % number) + bytes(46))
            time.sleep(float(sys.argv[2]))
        sent = 0
        while sent < int(sys.argv[1]) and not stopped:
            sent += 1
            send(sent)
        for _ in range(3):
            send(0xffffffff)
        print(sent)
        """;

    private readonly Command sending;
    private readonly Command[] receiving;

    private Broadcasts(Command sending, Command[] receiving) => (this.sending, this.receiving) = (sending, receiving);

    /// <summary>Numbers 1, 2, … from v1, at that distance, to v1, v2, …; so many, unless it is stopped before.</summary>
    public static async Task<Broadcasts> StartAsync(Lab lab, int vms, int most, TimeSpan distance)
    {
        var receiving = Enumerable.Range(1, vms).Select(vm => lab.Start($"v{vm}", "python3", "-c", Receive)).ToArray();
        foreach (var receiver in receiving)
        {
            await Until.TrueAsync("a receiver is ready", TimeSpan.FromSeconds(20), () => Task.FromResult(receiver.Printed.Length > 0));
        }

        return new(lab.Start("v1", "python3", "-c", Send, $"{most}", distance.TotalSeconds.ToString(CultureInfo.InvariantCulture)), receiving);
    }

    /// <summary>The number of the last that was sent.</summary>
    public async Task<int> StopAsync() => NumberOf(await sending.InterruptAsync());

    /// <inheritdoc cref="StopAsync"/>
    public async Task<int> SentAsync() => NumberOf(await sending.EndedAsync(TimeSpan.FromSeconds(30)));

    /// <summary>What came to each VM, in order, once it has ended.</summary>
    public async Task<int[][]> ReceivedAsync()
    {
        var received = new int[receiving.Length][];
        for (var vm = 1; vm < receiving.Length; vm++)
        {
            received[vm] = NumbersOf(await receiving[vm].EndedAsync(TimeSpan.FromSeconds(30)));
        }

        received[0] = NumbersOf(await receiving[0].InterruptAsync()); // Nothing comes back, neither does the end.
        return received;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var command in receiving.Append(sending))
        {
            await command.DisposeAsync();
        }
    }

    private static int NumberOf(CommandResult sent) => int.Parse(sent.Succeeded(), CultureInfo.InvariantCulture);

    private static int[] NumbersOf(CommandResult received) =>
        [.. received.Succeeded().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
}
