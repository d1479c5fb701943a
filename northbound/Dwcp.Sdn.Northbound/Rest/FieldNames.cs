using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>The fields of messages by the names that the protobuf mapping to JSON takes: lowerCamelCase, or as in the proto.</summary>
internal static class FieldNames
{
    private static readonly ConcurrentDictionary<MessageDescriptor, FrozenDictionary<string, FieldDescriptor>> Known = new();

    public static bool TryFind(this MessageDescriptor type, string name, [NotNullWhen(true)] out FieldDescriptor? field)
        => Known.GetOrAdd(type, NamesOf).TryGetValue(name, out field);

    private static FrozenDictionary<string, FieldDescriptor> NamesOf(MessageDescriptor type)
        => type.Fields.InDeclarationOrder()
            .SelectMany(f => new[] { KeyValuePair.Create(f.JsonName, f), KeyValuePair.Create(f.Name, f) })
            .DistinctBy(n => n.Key)
            .ToFrozenDictionary(StringComparer.Ordinal);
}
