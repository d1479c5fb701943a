using System.Text.Json;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Api;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Dwcp.Sdn.Northbound.OpenApi;

/// <summary>The OpenAPI 3.1 description of all routes, from the descriptors and the comments of the protos.</summary>
internal sealed class OpenApiDocument
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private readonly Schemas _schemas = new();

    public static string Of(HttpRoutes routes, string version) => new OpenApiDocument().Describe(routes, version).ToJsonString(Indented);

    private JsonObject Describe(HttpRoutes routes, string version)
    {
        var paths = new JsonObject();
        foreach (var path in routes.All.GroupBy(r => r.Path.Text))
        {
            var watch = path.FirstOrDefault(r => r.Verb == HttpRoutes.Watch);
            var operations = new JsonObject();
            foreach (var route in path.Where(r => r.Verb != HttpRoutes.Watch))
            {
                operations[route.Verb.ToLowerInvariant()] = Operation(route, route.Verb == "GET" ? watch : null);
            }

            paths[path.Key] = operations;
        }

        var problem = _schemas.Refer(ProblemDetails.Descriptor);
        var services = routes.All.Select(r => r.Rpc.Service).Distinct();
        return new()
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject
            {
                ["title"] = "Dwcp.Sdn",
                ["version"] = version,
                ["summary"] = "A controller for fabrics of Open vSwitch hosts",
                ["description"] = "The same services as over gRPC. Every answer that is no success is an RFC 9457 problem with everything that is wrong with the request.",
                ["license"] = new JsonObject { ["name"] = "Apache-2.0", ["identifier"] = "Apache-2.0" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/", ["description"] = "This controller" }),
            ["tags"] = new JsonArray([.. services.Select(s => new JsonObject { ["name"] = s.Name, ["description"] = ProtoComments.Known.Of(s.FullName) })]),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = _schemas.ToJson(),
                ["responses"] = new JsonObject { ["Problem"] = ProblemResponse(problem) },
            },
        };
    }

    private static JsonObject ProblemResponse(JsonObject schema) => new()
    {
        ["description"] = "What is wrong, all of it, and what helps",
        ["content"] = new JsonObject
        {
            ["application/problem+json"] = new JsonObject
            {
                ["schema"] = schema,
                ["example"] = new JsonObject
                {
                    ["type"] = "urn:dwcp:problem:required",
                    ["title"] = "Required",
                    ["status"] = 400,
                    ["detail"] = "vni: A network needs a VNI",
                    ["instance"] = "/v1/networks/blue",
                    ["errors"] = new JsonArray(new JsonObject
                    {
                        ["field"] = "vni",
                        ["code"] = "required",
                        ["message"] = "A network needs a VNI",
                        ["remedy"] = "Give vni, 1 to 16777215",
                    }),
                },
            },
        },
    };

    private JsonObject Operation(HttpRoute route, HttpRoute? watch)
    {
        var operation = new JsonObject
        {
            ["tags"] = new JsonArray(route.Rpc.Service.Name),
            ["operationId"] = $"{route.Rpc.Service.Name}_{route.Rpc.Name}",
            ["summary"] = Summary(route, watch),
            ["parameters"] = Parameters(route, watch),
            ["responses"] = Responses(route, watch),
        };
        if (route.BodyField is { } body)
        {
            var content = new JsonObject { ["schema"] = _schemas.Refer(body.MessageType) };
            if (Examples.Of(body.MessageType.FullName) is { } example)
            {
                content["example"] = JsonNode.Parse(example);
            }

            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject { [route.Verb == "PATCH" ? "application/merge-patch+json" : "application/json"] = content },
            };
        }

        return operation;
    }

    private static string Summary(HttpRoute route, HttpRoute? watch) => ProtoComments.Known.Of(route.Rpc.FullName) is { Length: > 0 } text ? text : route.Rpc.Name switch
    {
        "Get" when route.Path.Variables.Count > 0 => "One by its id.",
        "List" => "All of them, a page at a time; with watch=true their changes.",
        _ when route.Verb == "GET" && watch is not null => "The one there is; with watch=true its changes.",
        _ => route.Rpc.Name,
    };

    private JsonArray Parameters(HttpRoute route, HttpRoute? watch)
    {
        var parameters = new JsonArray();
        foreach (var name in route.Path.Variables)
        {
            var field = route.Rpc.InputType.FindFieldByName(name);
            parameters.Add(Parameter("path", field.JsonName, _schemas.OfField(field), required: true));
        }

        foreach (var field in QueryFields(route))
        {
            parameters.Add(Parameter("query", field.JsonName, _schemas.OfField(field)));
        }

        if (route.Rpc.InputType.FindFieldByName("if_match") is { } ifMatch)
        {
            parameters.Add(Parameter("header", "If-Match", new() { ["type"] = "string", ["description"] = "The entity tag that the object must still have; * means that it must exist." }));
        }

        if (watch is not null)
        {
            parameters.Add(Parameter("query", "watch", new() { ["type"] = "boolean", ["description"] = "Answer with changes as server-sent events until the caller goes." }));
            var given = QueryFields(route).Select(f => f.Name).ToHashSet();
            foreach (var field in QueryFields(watch).Where(f => !given.Contains(f.Name)))
            {
                parameters.Add(Parameter("query", field.JsonName, _schemas.OfField(field)));
            }
        }

        return parameters;
    }

    private static IEnumerable<FieldDescriptor> QueryFields(HttpRoute route)
        => route.Rpc.InputType.Fields.InDeclarationOrder().Where(f => RestRequest.IsQueryField(f, route));

    private static JsonObject Parameter(string place, string name, JsonObject schema, bool required = false)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["required"] = required };
        if (schema.Remove("description", out var text))
        {
            parameter["description"] = text;
        }

        parameter["schema"] = schema;
        return parameter;
    }

    private JsonObject Responses(HttpRoute route, HttpRoute? watch)
    {
        var responses = new JsonObject();
        if (route.Rpc.OutputType.FullName == Empty.Descriptor.FullName)
        {
            responses["204"] = new JsonObject { ["description"] = "Done, or so already" };
        }
        else
        {
            responses["200"] = Success(route, "Done", watch);
            if (route.Verb == "PUT")
            {
                responses["201"] = Success(route, "Made", null);
            }
        }

        responses["4XX"] = new JsonObject { ["$ref"] = "#/components/responses/Problem" };
        responses["5XX"] = new JsonObject { ["$ref"] = "#/components/responses/Problem" };
        return responses;
    }

    private JsonObject Success(HttpRoute route, string description, HttpRoute? watch)
    {
        var content = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = _schemas.Refer(route.Rpc.OutputType) } };
        if (watch is not null)
        {
            content["text/event-stream"] = new JsonObject
            {
                ["schema"] = new JsonObject { ["type"] = "string" },
                ["example"] = "event: BOOKMARK\nid: 17.3f20c1aa.42\ndata: {\"resourceVersion\": \"17.3f20c1aa.42\"}\n\n",
            };
        }

        var response = new JsonObject { ["description"] = description, ["content"] = content };
        if (route.Rpc.OutputType.FindFieldByName("generation") is not null)
        {
            response["headers"] = new JsonObject
            {
                ["ETag"] = new JsonObject { ["description"] = "For If-Match and If-None-Match: the resource version and a checksum of what is shown", ["schema"] = new JsonObject { ["type"] = "string" } },
            };
        }

        return response;
    }
}
