using System.Net;
using Dwcp.Sdn.Core.Net;
using Microsoft.AspNetCore.Connections;

namespace Dwcp.Sdn.Northbound.Transport;

/// <summary>
/// Keeps so many connections of each listener open and no more, whatever the web server has come to: its own limit counts a
/// connection when its turn comes, and thousands may have been accepted by then.
/// </summary>
internal sealed class BoundedTransport(IConnectionListenerFactory inner, int most) : IConnectionListenerFactory
{
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await inner.BindAsync(endpoint, cancellationToken), most);

    private sealed class Listener(IConnectionListener inner, int most) : IConnectionListener
    {
        private readonly SemaphoreSlim places = new(most);
        private readonly Newcomers<HeldConnection> newcomers = new(most, most);

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await inner.AcceptAsync(cancellationToken) is { } accepted)
            {
                if (!await HasPlaceAsync())
                {
                    await accepted.DisposeAsync();
                    continue;
                }

                var held = new HeldConnection(accepted, newcomers, places);
                newcomers.Enter(held, (accepted.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
                return held;
            }

            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private async Task<bool> HasPlaceAsync()
        {
            if (places.Wait(0, CancellationToken.None))
            {
                return true;
            }

            if (newcomers.Evict() is not { } oldest)
            {
                return false;
            }

            oldest.Abort(new("it had asked nothing, and too many others came after it"));
            await places.WaitAsync(CancellationToken.None);
            return true;
        }
    }
}
