using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Dwcp.Sdn.Api.V1;

/// <summary>A message that says which version of its object it shows.</summary>
public interface IVersionedMessage : IMessage
{
    string ResourceVersion { get; set; }
}

/// <summary>What the messages of all objects have in common.</summary>
public interface IResourceMessage : IVersionedMessage
{
    string Id { get; set; }

    MapField<string, string> Labels { get; }

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

public sealed partial class Link : IResourceMessage;

public sealed partial class Configuration : IVersionedMessage;
