using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of layer 2 segments.</summary>
internal sealed class NetworkService(IFabric fabric) : Networks.NetworksBase
{
    private readonly ResourceHandler<Network> _handler = new(fabric, ResourceKind.Network, Mapping.ToNetwork, Mapping.ToSpec);

    public override Task<Network> Get(GetNetworkRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override Task<ListNetworksResponse> List(ListNetworksRequest request, ServerCallContext context)
    {
        var page = new ListNetworksResponse();
        (page.NextPageToken, page.ResourceVersion) = _handler.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task<Network> Put(PutNetworkRequest request, ServerCallContext context)
        => _handler.PutAsync(request.Id, request.Network, request.ValidateOnly, request.IfMatch, context);

    public override Task<Network> Patch(PatchNetworkRequest request, ServerCallContext context)
        => _handler.PatchAsync(request.Id, request.Network, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeleteNetworkRequest request, ServerCallContext context)
        => _handler.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchNetworksRequest request, IServerStreamWriter<WatchNetworksResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);
}
