using System.Runtime.InteropServices;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

public sealed class OutboxTests
{
    [Fact]
    public void What_a_burst_took_is_not_kept_and_a_buffer_of_usual_size_is()
    {
        var sent = new Buffers();
        var outbox = new Outbox(sent, limit: int.MaxValue, e => throw new InvalidOperationException("it broke", e));
        Send(1); // Takes what another left behind on this thread, if anything.
        Send(1);
        Send(1000);
        Send(1);

        Assert.Same(sent.Seen[0], sent.Seen[1]);
        Assert.InRange(sent.Seen[2].Length, 100_000, int.MaxValue);
        Assert.InRange(sent.Seen[3].Length, 1, 64 * 1024);

        void Send(int messages)
        {
            for (var i = 0; i < messages; i++)
            {
                outbox.Add(1, new EchoRequest([.. new byte[92]]));
            }

            outbox.Flush();
        }
    }

    /// <summary>Takes all at once, and keeps in which arrays it came.</summary>
    private sealed class Buffers : MemoryStream
    {
        public List<byte[]> Seen { get; } = [];

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Assert.True(MemoryMarshal.TryGetArray(buffer, out var array));
            Seen.Add(array.Array!);
            return ValueTask.CompletedTask;
        }
    }
}
