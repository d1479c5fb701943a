using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of the switches of the fabric, with the flows in them.</summary>
internal sealed class SwitchService(IFabric fabric) : Switches.SwitchesBase
{
    private readonly ResourceHandler<Switch> _handler = new(fabric, ResourceKind.Switch, Mapping.ToSwitch, Mapping.ToSpec);

    public override Task<Switch> Get(GetSwitchRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override Task<ListSwitchesResponse> List(ListSwitchesRequest request, ServerCallContext context)
    {
        var page = new ListSwitchesResponse();
        (page.NextPageToken, page.ResourceVersion) = _handler.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task<Switch> Put(PutSwitchRequest request, ServerCallContext context)
        => _handler.PutAsync(request.Id, request.Switch, request.ValidateOnly, request.IfMatch, context);

    public override Task<Switch> Patch(PatchSwitchRequest request, ServerCallContext context)
        => _handler.PatchAsync(request.Id, request.Switch, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeleteSwitchRequest request, ServerCallContext context)
        => _handler.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchSwitchesRequest request, IServerStreamWriter<WatchSwitchesResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);

    public override async Task<ListFlowsResponse> ListFlows(ListFlowsRequest request, ServerCallContext context)
    {
        var paging = new Paging(request.PageSize, request.PageToken, request.Filter, Flow.Descriptor, request.Id);
        var flows = await fabric.ReadFlowsAsync(request.Id, context.CancellationToken) ?? throw NoFlows(request.Id);
        var page = new ListFlowsResponse { ResourceVersion = fabric.List(ResourceKind.Switch).Position.ToString() };
        page.NextPageToken = paging.Take(flows.Select((flow, i) => (i.ToString("d10"), (Func<Flow>)(() => Mapping.ToFlow(flow)))), page.Items);
        return page;
    }

    private RpcException NoFlows(string id) => fabric.Find(ResourceKind.Switch, id) switch
    {
        null => Outcomes.NotFound("switch", id),
        { Status: Core.Model.SwitchStatus { Connected: true } } => Outcomes.Untold(id),
        _ => Outcomes.Away(id),
    };
}
