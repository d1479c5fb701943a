using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Dwcp.Sdn.Api.V1;

/// <summary>What the messages of all objects have in common.</summary>
public interface IResourceMessage : IMessage
{
    string Id { get; set; }

    MapField<string, string> Labels { get; }

    string ResourceVersion { get; set; }

    long Generation { get; set; }
}

public sealed partial class Network : IResourceMessage;

public sealed partial class Subnet : IResourceMessage;

public sealed partial class Port : IResourceMessage;

public sealed partial class Switch : IResourceMessage;

public sealed partial class Bridge : IResourceMessage;

public sealed partial class BgpSpeaker : IResourceMessage;

public sealed partial class BgpPeer : IResourceMessage;

public sealed partial class EvpnRoute : IResourceMessage;
