using System.Text;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.Tests.Ovsdb;

/// <summary>Makes nonsense of a message: of its bytes, or of its structure, so that what is wrong lies deep inside.</summary>
internal sealed class JsonMutator(Random random)
{
    private static readonly string[] Words =
    [
        "null", "true", "0", "-1", "1e999", "-0", "1.5", "99999999999999999999", "9223372036854775807", "\"\"", "\"x\"", "[]", "{}",
        "[\"set\",[]]", "[\"map\",[]]", "[\"set\",[[\"set\",[]]]]", "[\"map\",[[\"a\",1]]]", "[\"map\",[[\"a\",1],[\"a\",2]]]", "[\"map\",[[1,2,3]]]", "[\"set\",[1,\"a\",true]]",
        "[\"uuid\",\"0f6ee8ac-1c5a-4c3e-8d4e-000000000001\"]", "[\"uuid\",\"0\"]", "[\"named-uuid\",\"a\"]", "\"\\ud800\"", "\"\\u0000\"", "\"Bridge\"", "{\"new\":{}}", "{\"old\":{}}",
        "{\"insert\":{\"name\":[\"map\",[]]}}", "{\"modify\":{\"ports\":7}}", "{\"delete\":null,\"insert\":{}}", "{\"a\":1,\"a\":2}",
    ];

    /// <summary>A mutation of a message that is JSON.</summary>
    public byte[] Mutate(byte[] message)
    {
        switch (random.Next(8))
        {
            case 0:
                var bytes = message.ToArray();
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            case 1:
                return message[..random.Next(message.Length)];
            default:
                // Up to three changes of the tree; the words are put in as they are, since no tree could hold some of them.
                var tree = JsonNode.Parse(message)!;
                var changes = random.Next(1, 4);
                for (var i = 0; i < changes; i++)
                {
                    Change(tree);
                }

                var text = new StringBuilder(tree.ToJsonString());
                while (text.ToString().IndexOf(Mark, StringComparison.Ordinal) is >= 0 and var at)
                {
                    text.Remove(at, Mark.Length).Insert(at, Word());
                }

                return Encoding.UTF8.GetBytes(text.ToString());
        }
    }

    private const string Mark = "\"<a word>\"";

    private string Word() => random.Next(40) switch
    {
        0 => new string('[', random.Next(1, 200)) + new string(']', 60),
        1 => $"\"{new string('x', random.Next(1, 100_000))}\"",
        2 => string.Concat(Enumerable.Repeat("{\"a\":", 40)) + "1" + new string('}', 40),
        3 => $"[\"set\",[{string.Join(',', Enumerable.Range(0, random.Next(1, 2000)))}]]",
        _ => Words[random.Next(Words.Length)],
    };

    private void Change(JsonNode root)
    {
        var inner = new List<JsonNode>();
        Collect(root, inner);
        var node = inner[random.Next(inner.Count)];
        if (node is JsonObject map)
        {
            var key = map.Select(pair => pair.Key).ElementAt(random.Next(map.Count));
            var value = map[key]?.DeepClone();
            switch (random.Next(5))
            {
                case 0: map.Remove(key); break;
                case 1: map.Remove(key); map["x" + key] = value; break;
                case 2: map[Guid.NewGuid().ToString()] = value; break;
                default: map[key] = "<a word>"; break;
            }
        }
        else
        {
            var list = (JsonArray)node;
            var at = random.Next(list.Count);
            switch (random.Next(5))
            {
                case 0: list.RemoveAt(at); break;
                case 1: list.Add(list[at]?.DeepClone()); break;
                case 2: list.Insert(0, list[at]?.DeepClone()); break;
                default: list[at] = "<a word>"; break;
            }
        }
    }

    private static void Collect(JsonNode? node, List<JsonNode> into)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                into.Add(map);
                foreach (var (_, value) in map)
                {
                    Collect(value, into);
                }

                break;
            case JsonArray { Count: > 0 } list:
                into.Add(list);
                foreach (var value in list)
                {
                    Collect(value, into);
                }

                break;
        }
    }
}
