using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Grpc.Client;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Health.V1;

namespace Dwcp.Sdn.Cli.Remote;

/// <summary>A controller over gRPC, by the descriptors of its services.</summary>
internal sealed class GrpcRemote : IRemote
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithFormatDefaultValues(true));
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly GrpcChannel _channel;
    private readonly CallInvoker _invoker;

    /// <param name="address">As <c>grpc://HOST:PORT</c>.</param>
    public GrpcRemote(Uri address)
    {
        Address = address;
        _channel = new(new Uri($"http://{address.Authority}"), new() { ConnectTimeout = TimeSpan.FromSeconds(5) });
        _invoker = _channel.CreateCallInvoker();
    }

    public Uri Address { get; }

    public async Task<JsonObject> GetAsync(Kind kind, string id, CancellationToken stop) => await CallAsync(kind, "Get", new() { ["id"] = id }, stop);

    public async Task<Listing> ListAsync(Kind kind, string filter, CancellationToken stop)
    {
        var items = new List<JsonObject>();
        var (token, version) = ("", (string?)null);
        do
        {
            var page = await CallAsync(kind, "List", new() { ["pageSize"] = 1000, ["filter"] = filter, ["pageToken"] = token }, stop);
            items.AddRange(page["items"]!.AsArray().Select(i => i!.AsObject()));
            token = (string)page["nextPageToken"]!;
            version ??= (string)page["resourceVersion"]!;
        }
        while (token.Length > 0);
        return new(items, version);
    }

    public Task<JsonObject> PutAsync(Kind kind, string id, JsonObject body, bool validateOnly, CancellationToken stop)
        => CallAsync(kind, "Put", new() { ["id"] = id, [kind.BodyField] = body.DeepClone(), ["validateOnly"] = validateOnly }, stop);

    public Task DeleteAsync(Kind kind, string id, bool validateOnly, CancellationToken stop)
        => CallAsync(kind, "Delete", new() { ["id"] = id, ["validateOnly"] = validateOnly }, stop);

    public async IAsyncEnumerable<Change> WatchAsync(Kind kind, string after, string filter, [EnumeratorCancellation] CancellationToken stop)
    {
        var rpc = kind.Service.FindMethodByName("Watch");
        var request = Parse(rpc.InputType, new() { ["resourceVersion"] = after, ["filter"] = filter });
        using var call = _invoker.AsyncServerStreamingCall(MethodOf(rpc, MethodType.ServerStreaming), null, new(null, null, stop), request);
        while (await ToldAsync(() => call.ResponseStream.MoveNext(stop), stop))
        {
            var json = ToJson(call.ResponseStream.Current);
            yield return new((string)json["event"]!, (string)json["resourceVersion"]!, json["item"]?.DeepClone().AsObject());
        }
    }

    public async Task<IReadOnlyList<string>> WaitsForAsync(CancellationToken stop)
    {
        var health = new Health.HealthClient(_channel);
        var answer = await ToldAsync(() => health.CheckAsync(new(), new(null, DateTime.UtcNow + Patience, stop)).ResponseAsync, stop);
        return answer.Status == HealthCheckResponse.Types.ServingStatus.Serving ? [] : ["it is not serving yet"];
    }

    public Task<string?> VersionAsync(CancellationToken stop) => Task.FromResult<string?>(null);

    public void Dispose() => _channel.Dispose();

    private async Task<JsonObject> CallAsync(Kind kind, string name, JsonObject request, CancellationToken stop)
    {
        var rpc = kind.Service.FindMethodByName(name);
        using var call = _invoker.AsyncUnaryCall(MethodOf(rpc, MethodType.Unary), null, new(null, DateTime.UtcNow + Patience, stop), Parse(rpc.InputType, request));
        return ToJson(await ToldAsync(() => call.ResponseAsync, stop));
    }

    private async Task<T> ToldAsync<T>(Func<Task<T>> call, CancellationToken stop)
    {
        try
        {
            return await call();
        }
        catch (RpcException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        catch (RpcException e)
        {
            throw Translate(e);
        }
    }

    private Exception Translate(RpcException e)
    {
        if (e.Trailers.GetValueBytes("grpc-status-details-bin") is { } bytes)
        {
            foreach (var detail in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
            {
                if (detail.TryUnpack<ProblemDetails>(out var details))
                {
                    return new RemoteException(details);
                }
            }
        }

        return e.StatusCode == StatusCode.Unavailable
            ? new UnreachableException(Address, e.Status.Detail, e)
            : new RemoteException(new() { Status = 500, Detail = $"{e.StatusCode}: {e.Status.Detail}" });
    }

    private static IMessage Parse(MessageDescriptor type, JsonObject json)
    {
        try
        {
            return JsonParser.Default.Parse(json.ToJsonString(), type);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RemoteException(new() { Status = 400, Detail = e.Message });
        }
    }

    private static JsonObject ToJson(IMessage message) => JsonNode.Parse(Formatter.Format(message))!.AsObject();

    private static Method<IMessage, IMessage> MethodOf(MethodDescriptor rpc, MethodType type)
        => new(type, rpc.Service.FullName, rpc.Name, MarshallerOf(rpc.InputType), MarshallerOf(rpc.OutputType));

    private static Marshaller<IMessage> MarshallerOf(MessageDescriptor type) => Marshallers.Create(
        message => message.ToByteArray(),
        bytes => type.Parser.ParseFrom(bytes));
}
