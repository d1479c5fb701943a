using System.Collections;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>A path of a field mask: names joined by dots, map keys in backticks where they are no plain word (AIP-161).</summary>
internal static class FieldPath
{
    public static string Quote(string key) => $"`{key.Replace("`", "``", StringComparison.Ordinal)}`";

    public static List<string> Split(string path)
    {
        var parts = new List<string>();
        var at = 0;
        while (at <= path.Length)
        {
            if (at < path.Length && path[at] == '`')
            {
                var end = at + 1;
                while (end < path.Length && (path[end] != '`' || (end + 1 < path.Length && path[end + 1] == '`')))
                {
                    end += path[end] == '`' ? 2 : 1;
                }

                parts.Add(path[(at + 1)..Math.Min(end, path.Length)].Replace("``", "`", StringComparison.Ordinal));
                at = end + 2;
            }
            else
            {
                var dot = path.IndexOf('.', at);
                parts.Add(dot < 0 ? path[at..] : path[at..dot]);
                at = dot < 0 ? path.Length + 1 : dot + 1;
            }
        }

        return parts;
    }

    /// <summary>Copies what the path names from one message to another of its type; what has no value there is cleared. False: no such path.</summary>
    public static bool Copy(string path, IMessage from, IMessage to)
    {
        var parts = Split(path);
        for (var i = 0; ; i++)
        {
            if (!from.Descriptor.TryFind(parts[i], out var field))
            {
                return false;
            }

            if (i == parts.Count - 1)
            {
                CopyField(field, from, to);
                return true;
            }

            if (field.IsMap)
            {
                return i == parts.Count - 2 && CopyEntry(field, parts[^1], from, to);
            }

            if (field.IsRepeated || field.FieldType != FieldType.Message)
            {
                return false;
            }

            from = (IMessage?)field.Accessor.GetValue(from) ?? field.MessageType.Parser.ParseFrom(ByteString.Empty);
            if (field.Accessor.GetValue(to) is not IMessage inner)
            {
                inner = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                field.Accessor.SetValue(to, inner);
            }

            to = inner;
        }
    }

    private static void CopyField(FieldDescriptor field, IMessage from, IMessage to)
    {
        field.Accessor.Clear(to);
        var value = field.Accessor.GetValue(from);
        if (field.IsMap)
        {
            var target = (IDictionary)field.Accessor.GetValue(to);
            foreach (DictionaryEntry entry in (IDictionary)value)
            {
                target.Add(entry.Key, entry.Value);
            }
        }
        else if (field.IsRepeated)
        {
            var target = (IList)field.Accessor.GetValue(to);
            foreach (var item in (IList)value)
            {
                target.Add(item);
            }
        }
        else if (!field.HasPresence || field.Accessor.HasValue(from))
        {
            field.Accessor.SetValue(to, value);
        }
    }

    private static bool CopyEntry(FieldDescriptor field, string key, IMessage from, IMessage to)
    {
        if (ScalarText.Parse(field.MessageType.Fields[1], key) is not { } typed)
        {
            return false;
        }

        var (source, target) = ((IDictionary)field.Accessor.GetValue(from), (IDictionary)field.Accessor.GetValue(to));
        if (source.Contains(typed))
        {
            target[typed] = source[typed];
        }
        else
        {
            target.Remove(typed);
        }

        return true;
    }
}
