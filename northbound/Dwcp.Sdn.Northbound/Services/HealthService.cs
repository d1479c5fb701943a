using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;
using ServingStatus = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The health protocol of gRPC: it says what /readyz says, for the process and for each of its services.</summary>
internal sealed class HealthService(IReadOnlyCollection<ServiceDescriptor> services, Func<IReadOnlyList<string>> notReady, TimeProvider clock) : Health.HealthBase
{
    // Readiness is asked for, it does not report itself; a balancer wants to know within a second.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly HashSet<string> _names = [.. services.Select(s => s.FullName), ""];

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) => StatusOf(request.Service) is not ServingStatus.ServiceUnknown and var status
        ? Task.FromResult(new HealthCheckResponse { Status = status })
        : throw new RpcException(new Status(StatusCode.NotFound, $"There is no service {request.Service}"));

    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        using var timer = new PeriodicTimer(LookEvery, clock);
        ServingStatus? told = null;
        do
        {
            var status = StatusOf(request.Service);
            if (status != told)
            {
                await responseStream.WriteAsync(new() { Status = status });
                told = status;
            }
        }
        while (await timer.WaitForNextTickAsync(context.CancellationToken));
    }

    private ServingStatus StatusOf(string service)
        => !_names.Contains(service) ? ServingStatus.ServiceUnknown
        : notReady().Count == 0 ? ServingStatus.Serving
        : ServingStatus.NotServing;
}
