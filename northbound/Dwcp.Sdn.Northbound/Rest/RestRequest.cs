using System.Text.Json;
using System.Text.Unicode;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>The request message of a route, from the path, the query, the headers and the body; faults are collected, not thrown.</summary>
internal sealed class RestRequest
{
    /// <summary>The query parameter that makes a watch of a list.</summary>
    public const string WatchParameter = "watch";

    private const int MaxDepth = 32;

    private readonly HttpMatch _match;

    public RestRequest(HttpMatch match)
    {
        _match = match;
        Message = match.Route.Rpc.InputType.Parser.ParseFrom(ByteString.Empty);
    }

    public IMessage Message { get; }

    public List<Problem> Problems { get; } = [];

    public void ReadPath()
    {
        foreach (var (name, text) in _match.Route.Path.Variables.Zip(_match.Variables))
        {
            var field = Field(name) ?? throw new InvalidOperationException($"{Message.Descriptor.Name} has no field {name}");
            field.Accessor.SetValue(Message, ScalarText.Parse(field, text));
        }
    }

    /// <summary>Query parameters are fields of the request by their JSON names.</summary>
    public void ReadQuery(IQueryCollection query)
    {
        foreach (var (name, values) in query)
        {
            if (name == WatchParameter && _match.Watchable)
            {
                if (values is not (["true"] or ["false"]))
                {
                    Problems.Add(Faults.Problem(name, ProblemCodes.Invalid, $"\"{values}\" is not true or false", "Give true or false, once"));
                }

                continue;
            }

            if (!Message.Descriptor.TryFind(name, out var field) || !IsQueryField(field))
            {
                var names = Message.Descriptor.Fields.InDeclarationOrder().Where(IsQueryField).Select(f => f.JsonName).ToArray();
                var remedy = names.Length == 0 ? "Leave it out" : Nearest.Remedy(name, names);
                Problems.Add(Faults.Problem(name, ProblemCodes.UnknownParameter, $"There is no query parameter {name} here", remedy));
            }
            else if (values.Count != 1 || ScalarText.Parse(field, values[0] ?? "") is not { } value)
            {
                Problems.Add(Faults.Problem(name, ProblemCodes.Invalid, $"\"{values}\" is not {ScalarText.Expected(field)}", $"Give {ScalarText.Expected(field)}, once"));
            }
            else
            {
                field.Accessor.SetValue(Message, value);
            }
        }
    }

    /// <summary>If-Match: one entity tag, or an asterisk, RFC 9110 §13.1.1.</summary>
    public void ReadIfMatch(StringValues header)
    {
        if (header.Count == 0 || Field("if_match") is not { } field)
        {
            return;
        }

        var text = header.ToString().Trim();
        if (text.StartsWith("W/\"", StringComparison.Ordinal))
        {
            text = text[2..];
        }

        if (text != "*" && (text.Length < 3 || text[0] != '"' || text[^1] != '"' || text[1..^1].Contains('"', StringComparison.Ordinal)))
        {
            Problems.Add(Faults.Problem("If-Match", ProblemCodes.Invalid, $"{text} is not one resource version in double quotes", "Send the ETag of the object as it was read, or *"));
            return;
        }

        // An asterisk in quotes is a tag like any other.
        field.Accessor.SetValue(Message, text is "*" or "\"*\"" ? text : EntityTag.VersionIn(text[1..^1]));
    }

    /// <summary>If-None-Match is for reading; a change that asks for it must not be made as if it had not.</summary>
    public void ReadIfNoneMatch(StringValues header)
    {
        if (header.Count > 0 && Field("if_match") is not null)
        {
            Problems.Add(Faults.Problem("If-None-Match", ProblemCodes.NotSupportedYet, "If-None-Match is not acted upon when something is changed", "Leave it out, or send If-Match"));
        }
    }

    /// <summary>The body fills one field of the request, or the request; that of a PATCH also says what to change.</summary>
    public void ReadBody(ReadOnlyMemory<byte> body)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
        }
        catch (JsonException e)
        {
            var where = body.IsEmpty ? "The body is empty" : $"The body is not JSON, or nested deeper than {MaxDepth}, at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";
            Problems.Add(Faults.Problem("", ProblemCodes.Invalid, where, "Send a JSON object, encoded in UTF-8"));
            return;
        }

        using (document)
        {
            if (!IsUnicode(body.Span))
            {
                Problems.Add(Faults.Problem("", ProblemCodes.Invalid, "The body is not valid UTF-8, or a \\u escape in it is half a character", "Encode the body in UTF-8"));
                return;
            }

            var mask = Field("update_mask");
            var target = Message;
            if (_match.Route.BodyField is { } field)
            {
                target = field.MessageType.Parser.ParseFrom(ByteString.Empty);
                field.Accessor.SetValue(Message, target);
                mask?.Accessor.SetValue(Message, MergePatch.MaskOf(document.RootElement, field.MessageType));
            }

            new JsonMessages(Problems, merging: mask is not null).Read(document.RootElement, target);
        }
    }

    /// <summary>Turns the request into one that changes nothing, to learn what else is wrong with it; false when it has no such form.</summary>
    public bool TryValidateOnly()
    {
        Field("validate_only")?.Accessor.SetValue(Message, true);
        return Field("validate_only") is not null;
    }

    /// <summary>Whether a field of a route's request is a query parameter.</summary>
    public static bool IsQueryField(FieldDescriptor field, HttpRoute route)
        => field is { FieldType: not FieldType.Message, IsRepeated: false, Name: not "if_match" } && !route.Path.Variables.Contains(field.Name);

    // The parser leaves strings unread; one that is no text must not surprise whoever reads it.
    private static bool IsUnicode(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return false;
        }

        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped)
            {
                try
                {
                    reader.GetString();
                }
                catch (InvalidOperationException)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private FieldDescriptor? Field(string name) => Message.Descriptor.FindFieldByName(name);

    private bool IsQueryField(FieldDescriptor field) => IsQueryField(field, _match.Route);
}
