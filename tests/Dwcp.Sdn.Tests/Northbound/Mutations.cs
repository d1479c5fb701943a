using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Grpc.Health.V1;
using Microsoft.AspNetCore.Http;

namespace Dwcp.Sdn.Tests.Northbound;

/// <summary>Requests that began as good ones. The same seed makes the same request.</summary>
internal static class Mutations
{
    private static readonly string[] Ids = ["a", "b", "c", "net-1", "00000000000000ff"];
    private static readonly string[] Methods = ["GET", "GET", "GET", "PUT", "PUT", "PUT", "PUT", "PUT", "PATCH", "PATCH", "PATCH", "DELETE"];

    private static readonly string[] OtherMethods = ["HEAD", "POST", "WATCH", "OPTIONS", "get", ""];

    private static readonly string[] Pages = ["/healthz", "/readyz", "/version", "/metrics", "/openapi.json", "/docs", "/v1", "/", "/v1/switches/a/flows"];

    private static readonly string[] Queries =
    [
        "", "", "?validateOnly=true", "?pageSize=2", "?pageSize=2&pageToken=YQ==", "?filter=label.tenant=blue,status.state=UP", "?watch=true",
        "?watch=true&resourceVersion=3", "?watch=true&resourceVersion=3.0000feed.2&filter=vni=5001", "?filter=status.conditions.status=True",
    ];

    private static readonly (string Name, string Value)[] Headers =
    [
        ("If-Match", "\"1\""), ("If-Match", "*"), ("If-Match", "W/\"3\""), ("Content-Type", "application/json; charset=utf-8"),
        ("Last-Event-ID", "3.0000feed.2"), ("Accept", "text/event-stream"), ("Content-Type", "application/merge-patch+json"),
    ];

    public static readonly (string Kind, string Json)[] Bodies =
    [
        ("networks", """{"vni": 5001, "type": "OVERLAY", "arpSuppression": true, "unknownUnicast": "DROP", "labels": {"tenant": "blue"}}"""),
        ("networks", """{"vni": 7, "labels": {"tenant": null, "a.b/c": "d"}, "status": {"hosts": ["h1"]}, "generation": "4"}"""),
        ("networks", """{"vni": 8, "mtu": 1450, "importTargets": ["65000:100"], "encapsulation": "VXLAN", "id": "a"}"""),
        ("subnets", """{"network": "a", "cidr": "10.1.0.0/24"}"""),
        ("subnets", """{"network": "a", "cidr": "10.1.0.0/24", "gateway": "10.1.0.1", "gatewayMac": "02:00:00:00:00:01", "dhcp": {"enabled": false, "dns": ["10.1.0.2"], "ranges": ["10.1.0.9-10.1.0.99"]}}"""),
        ("subnets", """{"network": "b", "cidr": "2001:db8::/64", "ra": {"enabled": false}}"""),
        ("ports", """{"network": "a"}"""),
        ("ports", """{"network": "a", "mac": "02:00:00:00:00:11", "addresses": ["10.1.0.11", "2001:db8::11"], "portSecurity": true, "labels": {"vm": "web"}}"""),
        ("ports", """{"network": "b", "securityGroups": [], "allowedPairs": [{"mac": "02:00:00:00:00:12", "address": "10.1.0.12"}], "bindings": [{"host": "h1", "interface": "tap0"}]}"""),
        ("switches", """{"mode": "OBSERVED"}"""),
        ("switches", """{"mode": "FABRIC", "flowBudget": 100, "labels": {"rack": "7"}}"""),
        ("events", "{}"),
        ("links", "{}"),
        ("bridges", """{"switch": "h1", "name": "br-edge", "ports": [{"name": "eth1", "vlan": 7}, {"name": "to-h2", "type": "VXLAN", "options": {"remote_ip": "192.0.2.2", "key": "7"}}]}"""),
        ("bgp-speaker", """{"localAs": 65000, "routerId": "192.0.2.9"}"""),
        ("bgp-peers", """{"address": "192.0.2.1", "remoteAs": 65000, "routeReflectorClient": true}"""),
        ("evpn-routes", """{"type": 2, "rd": "192.0.2.7:1", "mac": "02:00:00:00:00:77", "ip": "10.1.0.77", "vni": 5001, "nextHop": "192.0.2.7"}"""),
        ("configuration", """{"settings": {"log": "debug", "max-requests": "7", "reconcile-audit": "30s", "events-kept": "2h"}}"""),
    ];

    private static readonly string[] Tokens =
    [
        "-1", "0", "4294967296", "18446744073709551616", "1e400", "1E-999999999", "0.1", "null", "true", "{}", "[]", "\"\"", "\\ud800", "\\u0000", "[[[[[[[[",
        "\"::ffff:10.0.0.1\"", "\"10.1.0.300/99\"", "\"00:00:00:00:00:00\"", "\"ff:ff:ff:ff:ff:ff\"", "\"fe80::1\"", "\"0:0\"", "NaN", "/", "..", "%2f", "&", "=", "`", ",", ".", "é", "\U0001f600", "\"", "\\",
    ];

    private static readonly MethodDescriptor[] Calls =
    [
        .. typeof(Network).Assembly.GetTypes().Where(t => t.Namespace == typeof(Network).Namespace)
            .Select(t => t.GetProperty("Descriptor")?.GetValue(null)).OfType<FileDescriptor>().SelectMany(f => f.Services)
            .OrderBy(s => s.Name, StringComparer.Ordinal).Append(Health.Descriptor).SelectMany(s => s.Methods),
    ];

    public static BareRequest Make(int seed)
    {
        var random = new Random(seed);
        return random.Next(3) == 0 ? Call(random) : Rest(random);
    }

    private static BareRequest Rest(Random random)
    {
        var (kind, body) = Pick(random, Bodies);
        var method = random.Next(20) == 0 ? Pick(random, OtherMethods) : Pick(random, Methods);
        var path = random.Next(12) == 0 ? Pick(random, Pages) : kind is "configuration" or "bgp-speaker" ? $"/v1/{kind}" : method == "GET" && random.Next(2) == 0 ? $"/v1/{kind}" : $"/v1/{kind}/{Pick(random, Ids)}";
        var query = method == "GET" ? Pick(random, Queries) : random.Next(6) == 0 ? "?validateOnly=true" : "";
        List<(string Name, string Value)> headers = random.Next(3) == 0 ? [Pick(random, Headers)] : [];
        var octets = Encoding.UTF8.GetBytes(body);
        for (var n = random.Next(4); n > 0; n--)
        {
            switch (random.Next(8))
            {
                case 0:
                    path = "/" + Mutate(random, path[1..]);
                    break;
                case 1:
                    query = query.Length == 0 ? "" : "?" + Mutate(random, query[1..]);
                    break;
                case 2 when headers.Count > 0:
                    headers[0] = (headers[0].Name, Printable(Mutate(random, headers[0].Value)));
                    break;
                default:
                    octets = random.Next(2) == 0 ? Encoding.UTF8.GetBytes(Replace(random, Encoding.UTF8.GetString(octets))) : Mutate(random, octets);
                    break;
            }
        }

        var request = new BareRequest("HTTP/1.1", method, path, query, octets);
        headers.ForEach(h => request.Http.Request.Headers.Append(h.Name, h.Value));
        return request;
    }

    private static BareRequest Call(Random random)
    {
        var method = Pick(random, Calls);
        var path = $"/{method.Service.FullName}/{method.Name}";
        if (random.Next(10) == 0)
        {
            path = "/" + Mutate(random, path[1..]);
        }

        // Other values in fields that can be read reach further than other octets do.
        var message = RequestOf(random, method).ToByteArray();
        for (var n = random.Next(3) == 0 ? random.Next(1, 4) : 0; n > 0; n--)
        {
            message = Mutate(random, message);
        }

        var zipped = random.Next(10) == 0;
        var frame = Frame(zipped && random.Next(4) > 0 ? Zip(message) : message, zipped);
        if (random.Next(5) == 0)
        {
            frame = Mutate(random, frame);
        }

        var request = new BareRequest("HTTP/2", "POST", path, "", frame);
        var headers = request.Http.Request.Headers;
        headers.ContentType = random.Next(30) == 0 ? Printable(Mutate(random, "application/grpc+proto")) : "application/grpc";
        headers["grpc-encoding"] = zipped && random.Next(8) > 0 ? "gzip" : "identity";
        if (random.Next(6) == 0)
        {
            headers["grpc-timeout"] = random.Next(2) == 0 ? "10S" : Printable(Mutate(random, "100m"));
        }

        if (random.Next(6) == 0)
        {
            headers["x-data-bin"] = Printable(Mutate(random, "AAECAw=="));
        }

        return request;
    }

    private static IMessage RequestOf(Random random, MethodDescriptor method)
    {
        var request = method.InputType.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in method.InputType.Fields.InDeclarationOrder())
        {
            var carried = field.FieldType == FieldType.Message && field.MessageType.FindFieldByName("resource_version") is not null;
            if (carried)
            {
                var ofKind = Bodies.Where(b => b.Kind.Replace("-", "", StringComparison.Ordinal).StartsWith(field.MessageType.Name, StringComparison.OrdinalIgnoreCase)).ToArray();
                field.Accessor.SetValue(request, Parse(random.Next(2) == 0 ? Replace(random, Pick(random, ofKind).Json) : Pick(random, ofKind).Json, field.MessageType));
            }
            else if (field.FieldType == FieldType.String && (field.Name == "id" || random.Next(6) == 0))
            {
                field.Accessor.SetValue(request, random.Next(4) == 0 ? Mutate(random, Pick(random, Ids)) : Pick(random, Ids));
            }
            else if (field is { Name: "update_mask" } && random.Next(2) == 0)
            {
                var mask = new FieldMask();
                mask.Paths.Add(random.Next(2) == 0 ? Mutate(random, "labels.`a.b/c`") : Pick(random, new[] { "vni", "labels", "labels.tenant", "dhcp.dns", "dhcp", "mode", "status", "mac" }));
                field.Accessor.SetValue(request, mask);
            }
            else if (field.FieldType == FieldType.Int32)
            {
                field.Accessor.SetValue(request, random.Next(4) == 0 ? random.Next(int.MinValue, int.MaxValue) : random.Next(3));
            }
        }

        return request;
    }

    private static IMessage Parse(string json, MessageDescriptor type)
    {
        var message = type.Parser.ParseFrom(ByteString.Empty);
        try
        {
            new JsonMessages([]).Read(JsonDocument.Parse(json).RootElement, message);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON any more; what had been read is the request.
        }

        return message;
    }

    private static byte[] Frame(byte[] message, bool zipped)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = zipped ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static byte[] Zip(byte[] message)
    {
        var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            gzip.Write(message);
        }

        return zipped.ToArray();
    }

    /// <summary>A value of JSON, or a part of one, gives way to another.</summary>
    private static string Replace(Random random, string text)
    {
        var (from, to) = Cut(random, text.Length);
        while (to < text.Length && !",:}]".Contains(text[to]))
        {
            to++;
        }

        return text[..from] + Pick(random, Tokens) + text[to..];
    }

    private static string Mutate(Random random, string text) => random.Next(3) == 0
        ? text.Insert(random.Next(text.Length + 1), Pick(random, Tokens))
        : Encoding.UTF8.GetString(Mutate(random, Encoding.UTF8.GetBytes(text)));

    public static byte[] Mutate(Random random, byte[] octets)
    {
        var (from, to) = Cut(random, octets.Length);
        switch (random.Next(6))
        {
            case 0 when octets.Length > 0:
                var flipped = octets.ToArray();
                flipped[random.Next(octets.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                return [.. octets[..from], (byte)random.Next(256), .. octets[from..]];
            case 2:
                return [.. octets[..from], .. octets[to..]];
            case 3:
                return [.. octets[..to], .. octets[from..]];
            case 4:
                return octets[..from];
            default:
                return [.. octets[..from], .. Encoding.UTF8.GetBytes(Pick(random, Tokens)), .. octets[from..]];
        }
    }

    private static (int From, int To) Cut(Random random, int length)
    {
        var from = random.Next(length + 1);
        return (from, Math.Min(length, from + random.Next(12)));
    }

    // The web server refuses header fields with anything else before a handler sees them.
    private static string Printable(string text) => string.Concat(text.Where(c => c is >= ' ' and not '\x7f'));

    private static T Pick<T>(Random random, T[] of) => of[random.Next(of.Length)];
}
