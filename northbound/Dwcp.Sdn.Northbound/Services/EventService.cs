using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of what happened in the fabric.</summary>
internal sealed class EventService(IFabric fabric) : Events.EventsBase
{
    public override Task<Event> Get(GetEventRequest request, ServerCallContext context)
        => Task.FromResult(fabric.Events().FirstOrDefault(e => e.Sequence.ToString() == request.Id) is { } found
            ? Mapping.ToEvent(found)
            : throw Outcomes.NotFound("event", request.Id));

    public override Task<ListEventsResponse> List(ListEventsRequest request, ServerCallContext context)
    {
        var paging = new Paging(request.PageSize, request.PageToken, request.Filter, Event.Descriptor);
        var events = fabric.Events();
        var page = new ListEventsResponse { ResourceVersion = (events.IsEmpty ? 0 : events[^1].Sequence).ToString() };
        page.NextPageToken = paging.Take(events.Select(e => (e.Sequence.ToString("d19"), (Func<Event>)(() => Mapping.ToEvent(e)))), page.Items);
        return Task.FromResult(page);
    }
}
