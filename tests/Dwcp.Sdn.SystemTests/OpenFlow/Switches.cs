using System.Net;
using System.Threading.Channels;
using Dwcp.Sdn.Southbound.OpenFlow.Transport;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dwcp.Sdn.SystemTests.OpenFlow;

/// <summary>A listener on a free loopback port that keeps what it is told.</summary>
internal sealed class Switches : ISwitchObserver, IAsyncDisposable
{
    private readonly Channel<SwitchConnection> connected = Channel.CreateBounded<SwitchConnection>(64);
    private readonly CancellationTokenSource stop = new();
    private readonly OpenFlowListener listener;
    private readonly Task running;

    public Switches()
    {
        listener = new(new OpenFlowOptions { Endpoint = new(IPAddress.Loopback, 0) }, this, NullLogger<OpenFlowListener>.Instance);
        listener.Start();
        running = listener.RunAsync(stop.Token);
    }

    public int Port => listener.Endpoint.Port;

    public Channel<PacketIn> Packets { get; } = Channel.CreateBounded<PacketIn>(64);

    public Channel<FlowRemoved> Removed { get; } = Channel.CreateBounded<FlowRemoved>(64);

    public Channel<PortStatus> PortChanges { get; } = Channel.CreateBounded<PortStatus>(64);

    public Channel<string> Gone { get; } = Channel.CreateBounded<string>(64);

    public async Task<SwitchConnection> NextAsync() => await connected.Reader.ReadAsync(stop.Token).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    public void Connected(SwitchConnection connection) => connected.Writer.TryWrite(connection);

    public void PacketIn(SwitchConnection connection, in PacketInView packet) => Packets.Writer.TryWrite(packet.Keep());

    public void PortStatus(SwitchConnection connection, PortStatus status) => PortChanges.Writer.TryWrite(status);

    public void FlowRemoved(SwitchConnection connection, in FlowRemovedView flow) => Removed.Writer.TryWrite(flow.Keep());

    public void Disconnected(SwitchConnection connection, string why) => Gone.Writer.TryWrite(why);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running;
        listener.Dispose();
        stop.Dispose();
    }
}
