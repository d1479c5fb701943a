using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Southbound.OpenFlow.Transport;

/// <summary>
/// Whoever wants to know what switches do. Calls about one switch come one at a time, from Connected to Disconnected, on the
/// loop that reads from it: they must not block, and whatever must wait goes into the observer's own bounded channel.
/// </summary>
public interface ISwitchObserver
{
    /// <summary>A switch has completed its handshake and is the only one with its datapath id.</summary>
    void Connected(SwitchConnection connection);

    /// <summary>A switch has completed its handshake, and another has its datapath id; it is about to be closed.</summary>
    void Refused(SwitchConnection connection, string why)
    {
    }

    /// <summary>A packet for the controller; the view is gone when the call returns.</summary>
    void PacketIn(SwitchConnection connection, in PacketInView packet);

    /// <summary>A port came, went or changed; <see cref="SwitchConnection.Ports"/> shows it already.</summary>
    void PortStatus(SwitchConnection connection, PortStatus status);

    /// <summary>A flow that asked for it has gone; the view is gone when the call returns.</summary>
    void FlowRemoved(SwitchConnection connection, in FlowRemovedView flow);

    /// <summary>A connected switch is no longer; its <see cref="SwitchConnection"/> is of no more use.</summary>
    void Disconnected(SwitchConnection connection, string why);
}
