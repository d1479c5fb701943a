using System.Buffers;
using System.Threading.Channels;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;

namespace Dwcp.Sdn.Southbound.Ovsdb.Transport;

/// <summary>JSON-RPC messages over a stream of bytes: reads them in batches as they arrive, writes them together.</summary>
internal sealed class OvsdbPeer(Stream stream, JsonLimits limits, TimeSpan writeWithin, TimeProvider clock, ByteBudget? budget = null)
{
    private readonly ArrayBufferWriter<byte> unsent = new();

    /// <summary>Hands over the messages of every read, until the peer closes. Returns why it ended.</summary>
    public async Task<string> ReadAsync(ChannelWriter<IReadOnlyList<JsonRpcMessage>> to)
    {
        using var framer = new JsonFramer(limits, budget);
        var pace = new Pace(clock);
        try
        {
            while (true)
            {
                var count = await stream.ReadAsync(framer.Free());
                if (count == 0)
                {
                    return "closed by the peer";
                }

                framer.Received(count);
                var batch = new List<JsonRpcMessage>();
                while (framer.TryTake(out var message))
                {
                    batch.Add(JsonRpcMessage.Read(message.Span));
                }

                if (batch.Count > 0)
                {
                    await to.WriteAsync(batch);
                    await pace.TookAsync(batch.Count);
                }
            }
        }
        catch (WireException nonsense)
        {
            return nonsense.Message;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or ChannelClosedException)
        {
            return e.GetBaseException().Message;
        }
    }

    public void Add(JsonRpcMessage message) => message.Write(unsent);

    /// <summary>Writes what was added; throws <see cref="IOException"/> when the peer does not take it in time.</summary>
    public async Task FlushAsync()
    {
        if (unsent.WrittenCount == 0)
        {
            return;
        }

        using var late = new CancellationTokenSource(writeWithin, clock);
        try
        {
            await stream.WriteAsync(unsent.WrittenMemory, late.Token);
            unsent.ResetWrittenCount();
        }
        catch (OperationCanceledException)
        {
            throw new IOException($"does not read what we send for {writeWithin.TotalSeconds:0.#} s");
        }
    }
}
