using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of the places where VMs and containers join networks.</summary>
internal sealed class PortService(IFabric fabric) : Ports.PortsBase
{
    private readonly ResourceHandler<Port> _handler = new(fabric, ResourceKind.Port, Mapping.ToPort, Mapping.ToSpec);

    public override Task<Port> Get(GetPortRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override Task<ListPortsResponse> List(ListPortsRequest request, ServerCallContext context)
    {
        var page = new ListPortsResponse();
        (page.NextPageToken, page.ResourceVersion) = _handler.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task<Port> Put(PutPortRequest request, ServerCallContext context)
        => _handler.PutAsync(request.Id, request.Port, request.ValidateOnly, request.IfMatch, context);

    public override Task<Port> Patch(PatchPortRequest request, ServerCallContext context)
        => _handler.PatchAsync(request.Id, request.Port, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeletePortRequest request, ServerCallContext context)
        => _handler.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchPortsRequest request, IServerStreamWriter<WatchPortsResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);
}
