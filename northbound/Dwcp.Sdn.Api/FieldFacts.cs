using System.Text.RegularExpressions;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Api;

/// <summary>What a field's declaration and comment say of it, for documents and for people.</summary>
/// <param name="Comment">The comment of the proto, which may begin with "Required:" and may end with "Default X." or "… unless given.".</param>
/// <param name="Required">A spec without it is refused.</param>
/// <param name="Default">What holds when it is not given; null when nothing is said.</param>
/// <param name="ReadOnly">The controller sets it; what a caller gives is not looked at.</param>
public sealed partial record FieldFacts(string Comment, bool Required, string? Default, bool ReadOnly)
{
    private static readonly string[] SetByController = ["resource_version", "generation", "status"];

    public static FieldFacts Of(FieldDescriptor field)
    {
        var comment = ProtoComments.Known.Of(field.FullName);
        var readOnly = comment.EndsWith("read only.", StringComparison.Ordinal) || (field.ContainingType.FindFieldByName("resource_version") is not null && SetByController.Contains(field.Name));
        return new(comment, comment.StartsWith("Required", StringComparison.Ordinal), DefaultOf(field, comment), readOnly);
    }

    private static string? DefaultOf(FieldDescriptor field, string comment)
    {
        if (Stated().Match(comment) is { Success: true } stated)
        {
            return stated.Groups[1].Value;
        }

        if (Unless().Match(comment) is { Success: true } unless)
        {
            return unless.Groups[1].Value.ToLowerInvariant();
        }

        return field is { FieldType: FieldType.Enum, HasPresence: false, IsRepeated: false } ? field.EnumType.Values[0].Name : null;
    }

    [GeneratedRegex(@"Default (.+)\.$")]
    private static partial Regex Stated();

    [GeneratedRegex(@"([A-Z][^.]*) unless given\.")]
    private static partial Regex Unless();
}
