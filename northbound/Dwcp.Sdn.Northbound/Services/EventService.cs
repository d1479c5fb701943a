using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Grpc.Core;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The service of what happened in the fabric.</summary>
internal sealed class EventService(IFabric fabric) : Events.EventsBase
{
    public override Task<Event> Get(GetEventRequest request, ServerCallContext context)
        => Task.FromResult(fabric.Events().Items.FirstOrDefault(e => e.Sequence.ToString() == request.Id) is { } found
            ? Mapping.ToEvent(found)
            : throw Outcomes.NotFound("event", request.Id));

    public override Task<ListEventsResponse> List(ListEventsRequest request, ServerCallContext context)
    {
        var paging = new Paging(request.PageSize, request.PageToken, request.Filter, Event.Descriptor);
        var events = fabric.Events();
        var page = new ListEventsResponse { ResourceVersion = events.Position.ToString() };
        page.NextPageToken = paging.Take(events.Items.Select(e => (e.Sequence.ToString("d19"), (Func<Event>)(() => Mapping.ToEvent(e)))), page.Items);
        return Task.FromResult(page);
    }

    public override async Task Watch(WatchEventsRequest request, IServerStreamWriter<WatchEventsResponse> responseStream, ServerCallContext context)
    {
        var (after, takes) = Watching.Read(request.ResourceVersion, request.Filter, Event.Descriptor);
        await foreach (var change in fabric.WatchEventsAsync(after, context.CancellationToken))
        {
            var answer = new WatchEventsResponse { Event = WatchEvent.Bookmark, ResourceVersion = Watching.VersionOf(change.Kind, change.Position) };
            if (change.Event is { } happened)
            {
                (answer.Event, answer.Item) = (WatchEvent.Added, Mapping.ToEvent(happened));
            }

            if (answer.Item is null || takes.Takes(answer.Item))
            {
                await responseStream.WriteAsync(answer);
            }
        }
    }
}
