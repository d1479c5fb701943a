using System.Reflection;
using System.Xml.Linq;

namespace Dwcp.Sdn.Tests.Architecture;

/// <summary>Which public types say what they are for.</summary>
internal static class Summaries
{
    /// <summary>The public types without a summary in the assembly's documentation.</summary>
    public static IEnumerable<string> Missing(IEnumerable<Type> types, XDocument documentation)
    {
        var told = documentation.Descendants("member")
            .Where(m => m.Elements("summary").Any(s => s.Value.Trim().Length > 0 || s.HasElements))
            .Select(m => m.Attribute("name")!.Value)
            .ToHashSet();
        return types
            .Where(IsPublic)
            .Select(t => t.FullName!.Replace('+', '.'))
            .Where(name => !told.Contains("T:" + name));
    }

    // Messages and their enums are described in the .proto files, where callers read them; protoc adds containers that nobody names.
    // A case of a closed family, nested in it, is told by the family and its own name.
    private static bool IsPublic(Type type) => type.IsVisible
        && !typeof(Google.Protobuf.IMessage).IsAssignableFrom(type)
        && type.Name != "Types"
        && type.DeclaringType?.Name != "Types"
        && (type.BaseType is null || type.BaseType != type.DeclaringType)
        && !type.Name.EndsWith("Reflection", StringComparison.Ordinal);

    public static XDocument DocumentationOf(Assembly assembly) => XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml"));
}
