using Dwcp.Sdn.Api.V1;

namespace Dwcp.Sdn.Cli.Remote;

/// <summary>The controller refused, and said why.</summary>
internal sealed class RemoteException(ProblemDetails details) : Exception(details.Detail)
{
    public ProblemDetails Details { get; } = details;

    public bool IsNotFound => Details.Status == 404;

    /// <summary>Whether what a watch or a list goes on from is no longer known; whoever lists again may go on.</summary>
    public bool IsGone => Details.Status == 410;
}

/// <summary>No controller answers at the address.</summary>
internal sealed class UnreachableException(Uri address, string why, Exception cause) : Exception($"No controller answers at {address}: {why}", cause);

/// <summary>The command line cannot be carried out as it stands.</summary>
internal sealed class UsageException(string message) : Exception(message);
