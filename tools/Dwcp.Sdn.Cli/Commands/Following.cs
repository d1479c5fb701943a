using Dwcp.Sdn.Cli.Remote;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>A watch that goes on when the connection breaks or the controller begins anew.</summary>
internal static class Following
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Tells changes until <paramref name="tell"/> says that it is enough.</summary>
    /// <exception cref="UnreachableException">There was no controller in the first place.</exception>
    public static async Task RunAsync(IRemote remote, Kind kind, string filter, Func<Change, bool> tell, CancellationToken stop)
    {
        var (version, connected) = ("", false);
        while (true)
        {
            try
            {
                await foreach (var change in remote.WatchAsync(kind, version, filter, stop))
                {
                    connected = true;
                    version = change.ResourceVersion.Length > 0 ? change.ResourceVersion : version;
                    if (!tell(change))
                    {
                        return;
                    }
                }
            }
            catch (RemoteException e) when (e.IsGone)
            {
                version = "";
            }
            catch (UnreachableException) when (connected)
            {
                // It will be back; until then there is nothing to tell.
            }

            await Task.Delay(Pause, stop);
        }
    }
}
