using System.Text.Json.Nodes;
using Dwcp.Sdn.Bgp;

namespace Dwcp.Sdn.Cli.Output;

/// <summary>A BGP message for programs: the type, the whole in words, and its parts one by one.</summary>
internal static class BgpJson
{
    public static JsonObject Of(BgpSaid said)
    {
        var json = new JsonObject { ["type"] = said.Type, ["text"] = said.Text };
        if (said.Answer is not null)
        {
            json["answer"] = said.Answer;
        }

        if (said.EndsSession)
        {
            json["endsSession"] = true;
        }

        if (!said.Parts.IsEmpty)
        {
            json["parts"] = new JsonArray([.. said.Parts.Select(Of)]);
        }

        return json;
    }

    private static JsonObject Of(BgpPart part)
    {
        var json = new JsonObject
        {
            ["kind"] = part.Kind switch
            {
                BgpPartKind.Capability => "capability",
                BgpPartKind.Attribute => "attribute",
                BgpPartKind.Announced => "announced",
                BgpPartKind.Withdrawn => "withdrawn",
                _ => "takenAsWithdrawn",
            },
        };
        if (part.Name is not null)
        {
            json["name"] = part.Name;
        }

        if (part.PathId is { } id)
        {
            json["pathId"] = id;
        }

        json["value"] = part.Value;
        if (part.Answer is not null)
        {
            json["answer"] = part.Answer;
        }

        return json;
    }
}
