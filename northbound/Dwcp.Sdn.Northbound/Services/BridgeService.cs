using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of further bridges of hosts.</summary>
internal sealed class BridgeService(IFabric fabric) : Bridges.BridgesBase
{
    private readonly ResourceHandler<Bridge> _handler = new(fabric, ResourceKind.Bridge, Mapping.ToBridge, Mapping.ToSpec);

    public override Task<Bridge> Get(GetBridgeRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override Task<ListBridgesResponse> List(ListBridgesRequest request, ServerCallContext context)
    {
        var page = new ListBridgesResponse();
        (page.NextPageToken, page.ResourceVersion) = _handler.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task<Bridge> Put(PutBridgeRequest request, ServerCallContext context)
        => _handler.PutAsync(request.Id, request.Bridge, request.ValidateOnly, request.IfMatch, context);

    public override Task<Bridge> Patch(PatchBridgeRequest request, ServerCallContext context)
        => _handler.PatchAsync(request.Id, request.Bridge, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeleteBridgeRequest request, ServerCallContext context)
        => _handler.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchBridgesRequest request, IServerStreamWriter<WatchBridgesResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);
}
