using Dwcp.Sdn.Api.V1;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Api;

/// <summary>The services of the API.</summary>
public static class ApiServices
{
    public static IReadOnlyList<ServiceDescriptor> All { get; } = [Networks.Descriptor, Subnets.Descriptor, Ports.Descriptor, Switches.Descriptor, Events.Descriptor];
}
