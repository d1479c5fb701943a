using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1;
using Alpha = Grpc.Reflection.V1Alpha;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>The reflection protocol of gRPC: the descriptors of all services, for tools that bring no stubs.</summary>
internal sealed class ReflectionService : ServerReflection.ServerReflectionBase
{
    private readonly string[] _services;
    private readonly Dictionary<string, FileDescriptor> _files = [];
    private readonly Dictionary<string, FileDescriptor> _symbols = [];
    private readonly Dictionary<string, SortedDictionary<int, FileDescriptor>> _extensions = [];

    public ReflectionService(IEnumerable<ServiceDescriptor> services)
    {
        var all = services.ToArray();
        _services = [.. all.Select(s => s.FullName).Order(StringComparer.Ordinal)];
        foreach (var service in all)
        {
            Add(service.File);
        }
    }

    /// <summary>The same under its former name: the messages of v1alpha are those of v1 on the wire.</summary>
    public ServerServiceDefinition BindAsAlpha()
    {
        var method = new Method<ServerReflectionRequest, ServerReflectionResponse>(
            MethodType.DuplexStreaming,
            Alpha.ServerReflection.Descriptor.FullName,
            nameof(ServerReflectionInfo),
            Marshallers.Create(request => request.ToByteArray(), ServerReflectionRequest.Parser.ParseFrom),
            Marshallers.Create(response => response.ToByteArray(), ServerReflectionResponse.Parser.ParseFrom));
        return ServerServiceDefinition.CreateBuilder().AddMethod(method, ServerReflectionInfo).Build();
    }

    public override async Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context)
    {
        while (await requestStream.MoveNext(context.CancellationToken))
        {
            var answer = Answer(requestStream.Current);
            answer.ValidHost = requestStream.Current.Host;
            answer.OriginalRequest = requestStream.Current;
            await responseStream.WriteAsync(answer);
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest request) => request.MessageRequestCase switch
    {
        ServerReflectionRequest.MessageRequestOneofCase.ListServices => new()
        {
            ListServicesResponse = new() { Service = { _services.Select(name => new ServiceResponse { Name = name }) } },
        },
        ServerReflectionRequest.MessageRequestOneofCase.FileByFilename => FileOf(_files, request.FileByFilename),
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol => FileOf(_symbols, request.FileContainingSymbol),
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension
            when _extensions.TryGetValue(request.FileContainingExtension.ContainingType, out var numbers)
            && numbers.TryGetValue(request.FileContainingExtension.ExtensionNumber, out var file) => WithImports(file),
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension
            => NotFound($"extension {request.FileContainingExtension.ExtensionNumber} of {request.FileContainingExtension.ContainingType}"),
        ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType
            when _symbols.ContainsKey(request.AllExtensionNumbersOfType) || _extensions.ContainsKey(request.AllExtensionNumbersOfType) => NumbersOf(request.AllExtensionNumbersOfType),
        ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType => NotFound(request.AllExtensionNumbersOfType),
        _ => new() { ErrorResponse = new() { ErrorCode = (int)StatusCode.InvalidArgument, ErrorMessage = "The request asks for nothing" } },
    };

    private static ServerReflectionResponse FileOf(Dictionary<string, FileDescriptor> files, string name)
        => files.TryGetValue(name, out var file) ? WithImports(file) : NotFound(name);

    private static ServerReflectionResponse NotFound(string what)
        => new() { ErrorResponse = new() { ErrorCode = (int)StatusCode.NotFound, ErrorMessage = $"There is no {what}" } };

    private static ServerReflectionResponse WithImports(FileDescriptor file)
    {
        var seen = new HashSet<string>();
        var answer = new FileDescriptorResponse();
        Take(file);
        return new() { FileDescriptorResponse = answer };

        void Take(FileDescriptor next)
        {
            if (seen.Add(next.Name))
            {
                answer.FileDescriptorProto.Add(next.SerializedData);
                foreach (var import in next.Dependencies)
                {
                    Take(import);
                }
            }
        }
    }

    private ServerReflectionResponse NumbersOf(string type) => new()
    {
        AllExtensionNumbersResponse = new()
        {
            BaseTypeName = type,
            ExtensionNumber = { _extensions.TryGetValue(type, out var numbers) ? numbers.Keys : [] },
        },
    };

    private void Add(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
        {
            return;
        }

        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            foreach (var method in service.Methods)
            {
                _symbols[method.FullName] = file;
            }
        }

        foreach (var type in file.MessageTypes)
        {
            Add(type, file);
        }

        foreach (var type in file.EnumTypes)
        {
            _symbols[type.FullName] = file;
        }

        foreach (var extension in file.Extensions.UnorderedExtensions)
        {
            _symbols[extension.FullName] = file;
            var type = extension.ExtendeeType.FullName;
            if (!_extensions.TryGetValue(type, out var numbers))
            {
                _extensions.Add(type, numbers = []);
            }

            numbers[extension.FieldNumber] = file;
        }

        foreach (var import in file.Dependencies)
        {
            Add(import);
        }
    }

    private void Add(MessageDescriptor type, FileDescriptor file)
    {
        _symbols[type.FullName] = file;
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            _symbols[field.FullName] = file;
        }

        foreach (var inner in type.EnumTypes)
        {
            _symbols[inner.FullName] = file;
        }

        foreach (var inner in type.NestedTypes)
        {
            Add(inner, file);
        }
    }
}
