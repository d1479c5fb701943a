using System.Net;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Grpc.Server;
using Dwcp.Sdn.Northbound.Metrics;
using Dwcp.Sdn.Northbound.Rest;
using Dwcp.Sdn.Northbound.Services;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Dwcp.Sdn.Northbound;

/// <summary>The controller's API over HTTP: one set of handlers, with the paths by which operators watch the process.</summary>
public sealed class NorthboundServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly MetricsCollector _metrics = new();
    private readonly ILogger _log;

    /// <param name="notReady">What the process still waits for before it is ready; none when it is.</param>
    public NorthboundServer(IFabric fabric, NorthboundOptions options, Func<IReadOnlyList<string>> notReady, ILoggerFactory loggers, TimeProvider clock)
    {
        _log = loggers.CreateLogger<NorthboundServer>();
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestLineSize = 8 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Http, listen => listen.Protocols = HttpProtocols.Http1);
        });
        _app = builder.Build();
        var operations = new OperationPages(_metrics, notReady);
        var transcoder = new Transcoder(Bind(fabric), options, clock, _log);
        _app.Run(http => operations.TryAnswer(http) ?? transcoder.HandleAsync(http));
    }

    /// <summary>Where HTTP listens; known once started.</summary>
    public IPEndPoint HttpEndPoint
    {
        get
        {
            var address = new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single());
            return new(IPAddress.Parse(address.Host), address.Port);
        }
    }

    /// <exception cref="IOException">The address is in use or is not ours.</exception>
    public async Task StartAsync(CancellationToken stop)
    {
        await _app.StartAsync(stop);
        _log.Listening("HTTP", HttpEndPoint.ToString());
    }

    /// <summary>Takes no more requests and lets those under way end, until <paramref name="stop"/>.</summary>
    public Task StopAsync(CancellationToken stop) => _app.StopAsync(stop);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _metrics.Dispose();
    }

    private static HttpRoutes Bind(IFabric fabric)
    {
        (ServiceDescriptor Descriptor, ServerServiceDefinition Service)[] services =
        [
            (Networks.Descriptor, Networks.BindService(new NetworkService(fabric))),
            (Subnets.Descriptor, Subnets.BindService(new SubnetService(fabric))),
            (Ports.Descriptor, Ports.BindService(new PortService(fabric))),
            (Switches.Descriptor, Switches.BindService(new SwitchService(fabric))),
            (Events.Descriptor, Events.BindService(new EventService(fabric))),
        ];
        var routes = new HttpRoutes();
        foreach (var (descriptor, service) in services)
        {
            routes.Add(descriptor, BoundMethod.Of(service));
        }

        return routes;
    }
}
