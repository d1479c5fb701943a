using System.IO.Pipelines;
using System.Net;
using Dwcp.Sdn.Core.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Dwcp.Sdn.Northbound.Transport;

/// <summary>A connection that has a place among so many until it is closed, and may be ended for another until it has asked something.</summary>
internal sealed class HeldConnection : ConnectionContext
{
    private readonly ConnectionContext inner;
    private readonly Newcomers<HeldConnection> newcomers;
    private readonly SemaphoreSlim places;
    private volatile bool asked;
    private int left;

    public HeldConnection(ConnectionContext inner, Newcomers<HeldConnection> newcomers, SemaphoreSlim places)
    {
        this.inner = inner;
        this.newcomers = newcomers;
        this.places = places;
        inner.Features.Set(this);
    }

    public override string ConnectionId { get => inner.ConnectionId; set => inner.ConnectionId = value; }

    public override IFeatureCollection Features => inner.Features;

    public override IDictionary<object, object?> Items { get => inner.Items; set => inner.Items = value; }

    public override IDuplexPipe Transport { get => inner.Transport; set => inner.Transport = value; }

    public override CancellationToken ConnectionClosed { get => inner.ConnectionClosed; set => inner.ConnectionClosed = value; }

    public override EndPoint? LocalEndPoint { get => inner.LocalEndPoint; set => inner.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => inner.RemoteEndPoint; set => inner.RemoteEndPoint = value; }

    /// <summary>A request has come by it: from now on no other takes its place.</summary>
    public void Asks()
    {
        if (!asked)
        {
            asked = true;
            newcomers.Leave(this);
        }
    }

    public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
        if (Interlocked.Exchange(ref left, 1) == 0)
        {
            newcomers.Leave(this);
            places.Release();
        }
    }
}
