using System.Net;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Grpc.Server;
using Dwcp.Sdn.Northbound.Metrics;
using Dwcp.Sdn.Northbound.Rest;
using Dwcp.Sdn.Northbound.Services;
using Dwcp.Sdn.Northbound.Transport;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using ReflectionV1 = Grpc.Reflection.V1.ServerReflection;
using ReflectionV1Alpha = Grpc.Reflection.V1Alpha.ServerReflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Dwcp.Sdn.Northbound;

/// <summary>The controller's API over HTTP and gRPC: one set of handlers, with the paths by which operators watch the process.</summary>
public sealed class NorthboundServer : IAsyncDisposable
{
    private const int HeaderSlack = 4;

    private readonly WebApplication _app;
    private readonly RequestLimits _requests;
    private readonly GrpcDispatcher _calls;
    private readonly MetricsCollector _metrics;
    private readonly ILogger _log;

    /// <param name="configuration">How the process runs, if callers may see and change it.</param>
    /// <param name="notReady">What the process still waits for before it is ready; none when it is.</param>
    public NorthboundServer(IFabric fabric, NorthboundOptions options, Func<IReadOnlyList<string>> notReady, ILoggerFactory loggers, TimeProvider clock, IConfiguration? configuration = null)
    {
        _log = loggers.CreateLogger<NorthboundServer>();
        _metrics = new(_log);
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(loggers);

        // What nobody reads yet, such as requests behind a watch or bodies whose turn has not come, waits at the caller.
        var unread = HeaderSlack * options.MaxHeaderBytes;
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.MaxReadBufferSize = unread).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;

            // The web server refuses without a word; the limit that is told to callers is judged where there are words.
            kestrel.Limits.MaxRequestHeadersTotalSize = HeaderSlack * options.MaxHeaderBytes;
            kestrel.Limits.MaxRequestLineSize = HeaderSlack * options.MaxHeaderBytes;
            kestrel.Limits.MaxRequestBufferSize = unread;
            kestrel.Limits.RequestHeadersTimeout = options.HeaderTimeout;
            kestrel.Limits.Http2.MaxRequestHeaderFieldSize = HeaderSlack * options.MaxHeaderBytes;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 4096;
            kestrel.Limits.Http2.KeepAlivePingDelay = options.KeepAlive;
            kestrel.Limits.Http2.KeepAlivePingTimeout = options.KeepAlive * 2 / 3;
            kestrel.Listen(options.Http, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(options.Grpc, listen => listen.Protocols = HttpProtocols.Http2);
        });
        builder.Services.AddSingleton<IConnectionListenerFactory>(services =>
            new BoundedTransport(ActivatorUtilities.CreateInstance<SocketTransportFactory>(services), options.MaxConnections));
        _app = builder.Build();
        (ServiceDescriptor Descriptor, ServerServiceDefinition Service)[] services =
        [
            (Networks.Descriptor, Networks.BindService(new NetworkService(fabric))),
            (Subnets.Descriptor, Subnets.BindService(new SubnetService(fabric))),
            (Ports.Descriptor, Ports.BindService(new PortService(fabric))),
            (Bridges.Descriptor, Bridges.BindService(new BridgeService(fabric))),
            (Switches.Descriptor, Switches.BindService(new SwitchService(fabric))),
            (Links.Descriptor, Links.BindService(new LinkService(fabric))),
            (Bgp.Descriptor, Bgp.BindService(new BgpService(fabric))),
            (EvpnRoutes.Descriptor, EvpnRoutes.BindService(new EvpnRouteService(fabric))),
            (Events.Descriptor, Events.BindService(new EventService(fabric))),
            .. configuration is null ? [] : new[] { (Configurations.Descriptor, Configurations.BindService(new ConfigurationService(configuration, clock))) },
        ];
        var routes = new HttpRoutes();
        foreach (var (descriptor, service) in services)
        {
            routes.Add(descriptor, BoundMethod.Of(service));
        }

        ServiceDescriptor[] described = [.. services.Select(s => s.Descriptor), Health.Descriptor, ReflectionV1.Descriptor, ReflectionV1Alpha.Descriptor];
        var reflection = new ReflectionService(described);
        IEnumerable<ServerServiceDefinition> all =
        [
            .. services.Select(s => s.Service),
            Health.BindService(new HealthService(described, notReady, clock)),
            ReflectionV1.BindService(reflection),
            reflection.BindAsAlpha(),
        ];
        var operations = new OperationPages(_metrics, notReady, routes);
        var budget = new MessageBudget(options.MaxBytesUnderWay);
        _requests = new(options, budget);
        var transcoder = new Transcoder(operations, routes, _requests, options, clock, _log, _app.Lifetime.ApplicationStopping);
        var limits = new GrpcLimits
        {
            MaxMessageBytes = options.MaxMessageBytes,
            MaxHeaderBytes = options.MaxHeaderBytes,
            MaxCalls = options.MaxCalls,
            UnaryTimeout = options.RequestTimeout,
            MessageTimeout = options.RequestTimeout,
            Budget = budget,
        };
        var grpc = _calls = new GrpcDispatcher(all.SelectMany(BoundMethod.Of), limits, clock, loggers.CreateLogger<GrpcDispatcher>(), _app.Lifetime.ApplicationStopping);

        // Each listener speaks one version of HTTP, so the version says which of them the request came to.
        Handler = http =>
        {
            http.Features.Get<HeldConnection>()?.Asks();
            return HttpProtocol.IsHttp2(http.Request.Protocol)
                ? grpc.HandleAsync(http)
                : transcoder.HandleAsync(http);
        };
        _app.Run(Handler);
    }

    /// <summary>Where HTTP listens; known once started.</summary>
    public IPEndPoint HttpEndPoint => EndPoint(0);

    /// <summary>Where gRPC listens; known once started.</summary>
    public IPEndPoint GrpcEndPoint => EndPoint(1);

    /// <summary>Answers a request, whatever brought it.</summary>
    internal RequestDelegate Handler { get; }

    /// <exception cref="IOException">The address is in use or is not ours.</exception>
    public async Task StartAsync(CancellationToken stop)
    {
        await _app.StartAsync(stop);
        _log.Listening("HTTP", HttpEndPoint.ToString());
        _log.Listening("gRPC", GrpcEndPoint.ToString());
    }

    /// <summary>From now on so many requests, watches and calls may be under way at once; those that are go on.</summary>
    public void SetLimits(NorthboundOptions options)
    {
        _requests.SetPlaces(options);
        _calls.MaxCalls = options.MaxCalls;
    }

    /// <summary>Takes no more requests and lets those under way end, until <paramref name="stop"/>.</summary>
    public Task StopAsync(CancellationToken stop) => _app.StopAsync(stop);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _metrics.Dispose();
    }

    private IPEndPoint EndPoint(int listener)
    {
        var address = new Uri(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.ElementAt(listener));
        return new(IPAddress.Parse(address.Host), address.Port);
    }
}
