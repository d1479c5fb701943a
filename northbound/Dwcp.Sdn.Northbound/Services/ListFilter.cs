using System.Collections;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>Terms joined by commas that an item must meet: label.key=value, or field=value with the field as a path of JSON names.</summary>
internal sealed class ListFilter
{
    private const string LabelPrefix = "label.";

    private readonly List<Func<IMessage, bool>> _terms = [];

    private ListFilter()
    {
    }

    public static ListFilter Parse(string text, MessageDescriptor item, List<Problem> problems)
    {
        var filter = new ListFilter();
        foreach (var term in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var equals = term.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                problems.Add(Faults.Problem("filter", ProblemCodes.Invalid, $"\"{term}\" has no form that is known", "Write label.<key>=<value> or <field>=<value>, joined by commas"));
            }
            else if (term.StartsWith(LabelPrefix, StringComparison.Ordinal))
            {
                var (key, value) = (term[LabelPrefix.Length..equals], term[(equals + 1)..]);
                filter._terms.Add(message => message is Api.V1.IResourceMessage resource && resource.Labels.TryGetValue(key, out var is_) && is_ == value);
            }
            else
            {
                filter.AddField(term[..equals], term[(equals + 1)..], item, problems);
            }
        }

        return filter;
    }

    public bool Takes(IMessage item) => _terms.All(term => term(item));

    private void AddField(string path, string text, MessageDescriptor item, List<Problem> problems)
    {
        var (fields, type) = (new List<FieldDescriptor>(), item);
        foreach (var name in path.Split('.'))
        {
            if (type is null || !type.TryFind(name, out var field) || field.IsMap)
            {
                string[] known = [.. (type ?? item).Fields.InDeclarationOrder().Where(f => !f.IsMap).Select(f => f.JsonName)];
                problems.Add(Faults.Problem("filter", ProblemCodes.UnknownField, $"{item.Name} has no field {path} to compare", Nearest.Remedy(name, known)));
                return;
            }

            fields.Add(field);
            type = field.FieldType == FieldType.Message ? field.MessageType : null;
        }

        if (type is not null || ScalarText.Parse(fields[^1], text) is not { } value)
        {
            var expected = type is not null ? "a field in it" : ScalarText.Expected(fields[^1]);
            problems.Add(Faults.Problem("filter", ProblemCodes.Invalid, $"{path} cannot be compared with \"{text}\"", $"Name {expected}"));
            return;
        }

        _terms.Add(message => Holds(message, fields, 0, value));
    }

    // A field in a list holds when one item of the list has that value.
    private static bool Holds(IMessage message, List<FieldDescriptor> path, int depth, object value)
    {
        var actual = path[depth].Accessor.GetValue(message);
        if (path[depth].HasPresence && !path[depth].Accessor.HasValue(message))
        {
            return false;
        }

        return actual is IList list
            ? list.Cast<object>().Any(item => IsOrHolds(item, path, depth, value))
            : IsOrHolds(actual, path, depth, value);
    }

    private static bool IsOrHolds(object actual, List<FieldDescriptor> path, int depth, object value)
        => depth < path.Count - 1 ? Holds((IMessage)actual, path, depth + 1, value)
        : actual is Enum ? Convert.ToInt32(actual) == (int)value
        : actual.Equals(value);
}
