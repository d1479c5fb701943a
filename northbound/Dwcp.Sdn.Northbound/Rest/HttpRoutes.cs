using Dwcp.Sdn.Grpc.Server;
using Google.Api;
using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>One google.api.http rule with the method that answers it.</summary>
internal sealed record HttpRoute(string Verb, PathTemplate Path, MethodDescriptor Rpc, BoundMethod Bound, FieldDescriptor? BodyField, bool BodyIsRequest)
{
    public bool TakesBody => BodyIsRequest || BodyField is not null;
}

/// <summary>A route that a path leads to, with the path's variables.</summary>
/// <param name="Watchable">Whether the query may say watch=true or watch=false.</param>
internal readonly record struct HttpMatch(HttpRoute Route, string[] Variables, bool Watchable);

/// <summary>All routes, read from the options of the services' methods.</summary>
internal sealed class HttpRoutes
{
    /// <summary>The verb of rules that answer a GET with watch=true.</summary>
    public const string Watch = "WATCH";

    private readonly List<HttpRoute> _routes = [];
    private readonly Node _root = new();

    public IReadOnlyList<HttpRoute> All => _routes;

    public void Add(ServiceDescriptor service, IReadOnlyList<BoundMethod> methods)
    {
        foreach (var rpc in service.Methods)
        {
            var bound = methods.Single(m => m.Method.Name == rpc.Name);
            if (rpc.GetOptions()?.GetExtension(AnnotationsExtensions.Http) is { } rule)
            {
                Add(rpc, bound, rule);
                foreach (var further in rule.AdditionalBindings)
                {
                    Add(rpc, bound, further);
                }
            }
        }
    }

    /// <summary>The route of each verb that this path takes, with the path's variables; null when no such path exists.</summary>
    public IReadOnlyDictionary<string, HttpRoute>? Find(string path, out string[] variables)
    {
        var segments = PathTemplate.Split(path);
        var found = _root.Find(segments);
        variables = found is null ? [] : found.Values.First().Path.ValuesIn(segments);
        return found;
    }

    private void Add(MethodDescriptor rpc, BoundMethod bound, HttpRule rule)
    {
        var (verb, path) = rule.PatternCase switch
        {
            HttpRule.PatternOneofCase.Get => ("GET", rule.Get),
            HttpRule.PatternOneofCase.Put => ("PUT", rule.Put),
            HttpRule.PatternOneofCase.Post => ("POST", rule.Post),
            HttpRule.PatternOneofCase.Delete => ("DELETE", rule.Delete),
            HttpRule.PatternOneofCase.Patch => ("PATCH", rule.Patch),
            HttpRule.PatternOneofCase.Custom => (rule.Custom.Kind, rule.Custom.Path),
            _ => throw new InvalidOperationException($"The http rule of {rpc.FullName} has no path"),
        };
        var body = rule.Body is "" or "*" ? null : rpc.InputType.FindFieldByName(rule.Body)
            ?? throw new InvalidOperationException($"The http rule of {rpc.FullName} names the body {rule.Body}, which is no field of {rpc.InputType.Name}");
        var route = new HttpRoute(verb, new(path), rpc, bound, body, rule.Body == "*");
        _routes.Add(route);
        _root.At(route.Path.Segments).Verbs.TryAdd(verb, route);
    }

    /// <summary>A segment of the tree of all paths: what may follow it, and the routes that end here.</summary>
    private sealed class Node
    {
        private readonly Dictionary<string, Node> _literals = [];
        private Node? _variable;

        public Dictionary<string, HttpRoute> Verbs { get; } = [];

        public Node At(ReadOnlySpan<string> template)
        {
            if (template.IsEmpty)
            {
                return this;
            }

            if (PathTemplate.IsVariable(template[0]))
            {
                return (_variable ??= new()).At(template[1..]);
            }

            if (!_literals.TryGetValue(template[0], out var next))
            {
                _literals[template[0]] = next = new();
            }

            return next.At(template[1..]);
        }

        public Dictionary<string, HttpRoute>? Find(ReadOnlySpan<string> path)
        {
            if (path.IsEmpty)
            {
                return Verbs.Count > 0 ? Verbs : null;
            }

            return (_literals.TryGetValue(path[0], out var next) ? next.Find(path[1..]) : null)
                ?? (path[0].Length > 0 ? _variable?.Find(path[1..]) : null);
        }
    }
}
