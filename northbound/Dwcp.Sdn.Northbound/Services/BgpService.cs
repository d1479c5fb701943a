using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of the BGP speaker and its peers.</summary>
internal sealed class BgpService(IFabric fabric) : Bgp.BgpBase
{
    // The one speaker has this id in the fabric.
    private const string Speaker = "speaker";

    private readonly ResourceHandler<BgpSpeaker> _speaker = new(fabric, ResourceKind.BgpSpeaker, BgpMapping.ToSpeaker, BgpMapping.ToSpec);
    private readonly ResourceHandler<BgpPeer> _peers = new(fabric, ResourceKind.BgpPeer, BgpMapping.ToPeer, BgpMapping.ToSpec, BgpMapping.HideSecrets);

    public override Task<BgpSpeaker> GetSpeaker(GetBgpSpeakerRequest request, ServerCallContext context) => _speaker.GetAsync(Speaker);

    public override Task<BgpSpeaker> PutSpeaker(PutBgpSpeakerRequest request, ServerCallContext context)
        => _speaker.PutAsync(Speaker, request.Speaker, request.ValidateOnly, request.IfMatch, context);

    public override Task<BgpSpeaker> PatchSpeaker(PatchBgpSpeakerRequest request, ServerCallContext context)
        => _speaker.PatchAsync(Speaker, request.Speaker, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> DeleteSpeaker(DeleteBgpSpeakerRequest request, ServerCallContext context)
        => _speaker.DeleteAsync(Speaker, request.ValidateOnly, request.IfMatch, context);

    public override Task WatchSpeaker(WatchBgpSpeakerRequest request, IServerStreamWriter<WatchBgpSpeakerResponse> responseStream, ServerCallContext context)
        => _speaker.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);

    public override Task<BgpPeer> Get(GetBgpPeerRequest request, ServerCallContext context) => _peers.GetAsync(request.Id);

    public override Task<ListBgpPeersResponse> List(ListBgpPeersRequest request, ServerCallContext context)
    {
        var page = new ListBgpPeersResponse();
        (page.NextPageToken, page.ResourceVersion) = _peers.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task<BgpPeer> Put(PutBgpPeerRequest request, ServerCallContext context)
        => _peers.PutAsync(request.Id, request.Peer, request.ValidateOnly, request.IfMatch, context);

    public override Task<BgpPeer> Patch(PatchBgpPeerRequest request, ServerCallContext context)
        => _peers.PatchAsync(request.Id, request.Peer, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeleteBgpPeerRequest request, ServerCallContext context)
        => _peers.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchBgpPeersRequest request, IServerStreamWriter<WatchBgpPeersResponse> responseStream, ServerCallContext context)
        => _peers.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);
}
