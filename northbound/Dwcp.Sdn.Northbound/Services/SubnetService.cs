using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of ranges of addresses on networks.</summary>
internal sealed class SubnetService(IFabric fabric) : Subnets.SubnetsBase
{
    private readonly ResourceHandler<Subnet> _handler = new(fabric, ResourceKind.Subnet, Mapping.ToSubnet, Mapping.ToSpec);

    public override Task<Subnet> Get(GetSubnetRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override Task<ListSubnetsResponse> List(ListSubnetsRequest request, ServerCallContext context)
    {
        var page = new ListSubnetsResponse();
        (page.NextPageToken, page.ResourceVersion) = _handler.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task<Subnet> Put(PutSubnetRequest request, ServerCallContext context)
        => _handler.PutAsync(request.Id, request.Subnet, request.ValidateOnly, request.IfMatch, context);

    public override Task<Subnet> Patch(PatchSubnetRequest request, ServerCallContext context)
        => _handler.PatchAsync(request.Id, request.Subnet, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeleteSubnetRequest request, ServerCallContext context)
        => _handler.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchSubnetsRequest request, IServerStreamWriter<WatchSubnetsResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);
}
