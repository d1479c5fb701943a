using System.Globalization;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of EVPN routes: objects are those that callers want announced, the list is all that the speaker holds.</summary>
internal sealed class EvpnRouteService(IFabric fabric) : EvpnRoutes.EvpnRoutesBase
{
    private const int DefaultPage = 1000;

    private readonly ResourceHandler<EvpnRoute> _handler = new(fabric, ResourceKind.EvpnRoute, BgpMapping.ToRoute, BgpMapping.ToSpec);

    public override Task<EvpnRoute> Get(GetEvpnRouteRequest request, ServerCallContext context) => _handler.GetAsync(request.Id);

    public override async Task<ListEvpnRoutesResponse> List(ListEvpnRoutesRequest request, ServerCallContext context)
    {
        var page = new ListEvpnRoutesResponse { ResourceVersion = fabric.List(ResourceKind.EvpnRoute).Position.ToString() };
        if (await fabric.ReadRoutesAsync(QueryOf(request), context.CancellationToken) is { } held)
        {
            page.Items.AddRange(held.Items.Select(BgpMapping.ToRoute));
            page.NextPageToken = held.Next?.ToString(CultureInfo.InvariantCulture) ?? "";
        }

        return page;
    }

    public override Task<EvpnRoute> Put(PutEvpnRouteRequest request, ServerCallContext context)
        => _handler.PutAsync(request.Id, request.Route, request.ValidateOnly, request.IfMatch, context);

    public override Task<EvpnRoute> Patch(PatchEvpnRouteRequest request, ServerCallContext context)
        => _handler.PatchAsync(request.Id, request.Route, request.UpdateMask, request.ValidateOnly, request.IfMatch, context);

    public override Task<Empty> Delete(DeleteEvpnRouteRequest request, ServerCallContext context)
        => _handler.DeleteAsync(request.Id, request.ValidateOnly, request.IfMatch, context);

    public override Task Watch(WatchEvpnRoutesRequest request, IServerStreamWriter<WatchEvpnRoutesResponse> responseStream, ServerCallContext context)
        => _handler.WatchAsync(
            request.ResourceVersion,
            request.Filter,
            (change, version, item) => responseStream.WriteAsync(new() { Event = change, ResourceVersion = version, Item = item }),
            context);

    private static HeldRouteQuery QueryOf(ListEvpnRoutesRequest request)
    {
        var problems = new List<Problem>();
        var from = 0;
        if (request.PageToken.Length > 0 && !(int.TryParse(request.PageToken, NumberStyles.None, CultureInfo.InvariantCulture, out from) && from > 0))
        {
            problems.Add(Faults.Problem("pageToken", ProblemCodes.Invalid, "This is no token that this list gave", "Send nextPageToken as it came, or none for the first page"));
        }

        if (request.PageSize is < 0 or > Paging.MaxPageSize)
        {
            problems.Add(Faults.Problem("pageSize", ProblemCodes.OutOfRange, $"{request.PageSize} is not from 0 to {Paging.MaxPageSize}", "Give a page size within that and follow nextPageToken"));
        }

        if (request.Type > byte.MaxValue)
        {
            problems.Add(Faults.Problem("type", ProblemCodes.OutOfRange, $"{request.Type} is no route type", "Use 1 to 255"));
        }

        if (request.Vni > Vni.Max)
        {
            problems.Add(Faults.Problem("vni", ProblemCodes.OutOfRange, $"{request.Vni} is not a VNI", $"Use 1 to {Vni.Max}"));
        }

        var mac = default(MacAddress);
        if (request.Mac.Length > 0 && !MacAddress.TryParse(request.Mac, null, out mac))
        {
            problems.Add(Faults.Problem("mac", ProblemCodes.Invalid, "This is not a MAC address", "Write it as 02:00:00:00:00:11"));
        }

        var address = default(IpAddress);
        if (request.Prefix.Length > 0 && !IpAddress.TryParse(request.Prefix.Split('/')[0], null, out address))
        {
            problems.Add(Faults.Problem("prefix", ProblemCodes.Invalid, "This is neither an address nor a prefix", "Write it as 10.1.0.5 or 10.1.0.0/24"));
        }

        return problems.Count > 0
            ? throw Faults.Invalid(problems)
            : new HeldRouteQuery(
                from,
                request.PageSize == 0 ? DefaultPage : request.PageSize,
                request.Type == 0 ? null : (byte)request.Type,
                request.Vni == 0 ? null : new Vni(request.Vni),
                request.Mac.Length == 0 ? null : mac,
                request.Prefix.Length == 0 ? null : address,
                request.Peer.Length == 0 ? null : request.Peer,
                request.BestOnly);
    }
}
