using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of the links between switches, which are only read.</summary>
internal sealed class LinkService(IFabric fabric) : Links.LinksBase
{
    private readonly ResourceHandler<Link> _handler = new(fabric, ResourceKind.Link, Mapping.ToLink, static _ => new LinkSpec());

    public override Task<Link> Get(GetLinkRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override Task<ListLinksResponse> List(ListLinksRequest request, ServerCallContext context)
    {
        var page = new ListLinksResponse();
        (page.NextPageToken, page.ResourceVersion) = _handler.List(request.PageSize, request.PageToken, request.Filter, page.Items);
        return Task.FromResult(page);
    }

    public override Task Watch(WatchLinksRequest request, IServerStreamWriter<WatchLinksResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);
}
