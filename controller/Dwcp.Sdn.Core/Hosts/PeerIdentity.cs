using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Core.Hosts;

/// <summary>Who has shown itself to be who by a certificate, whatever it says of itself afterwards.</summary>
/// <param name="Name">The same for every certificate that is given to it.</param>
/// <param name="Host">The system-id of its host; null when its certificate names none.</param>
/// <param name="Datapaths">The switches that it may be; empty when its certificate names none.</param>
public sealed record PeerIdentity(string Name, string? Host, EquatableArray<DatapathId> Datapaths)
{
    /// <summary>The <see cref="Name"/> of who is a host by its certificate.</summary>
    public static string HostName(string systemId) => $"host {systemId}";

    public override string ToString() => Name;
}
