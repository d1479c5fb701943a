using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Core.Store;
using Dwcp.Sdn.Fabric.Changes;
using Dwcp.Sdn.Fabric.Evpn;
using Dwcp.Sdn.Fabric.Hosts;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>The stored form of objects and hosts: JSON under <c>/networks/blue</c> and the like, readable by people who have only the store.</summary>
public static class Records
{
    private const string HostPrefix = "/hosts/";
    private const string MovePrefix = "/moves/";
    private const string IdentityPrefix = "/identities/";
    private const string SwitchIdentityPrefix = IdentityPrefix + "switches/";
    private const string HostIdentityPrefix = IdentityPrefix + "hosts/";

    private static readonly JsonSerializerOptions Json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters =
        {
            new ListConverter<string>(),
            new ListConverter<AddressPairSpec>(),
            new ListConverter<BindingSpec>(),
            new ListConverter<uint>(),
            new ListConverter<BridgePortSpec>(),
            new ListConverter<MirrorSpec>(),
            new ListConverter<BridgeQosSpec>(),
            new ListConverter<BridgeQueueSpec>(),
            new StringMapConverter(),
            new ListConverter<BgpPolicySpec>(),
            new ListConverter<BmpStationSpec>(),
        },
    };

    public static string KeyOf(ResourceKind kind, string id) => $"/{new ObjectRef(kind, id)}";

    public static string KeyOfHost(string id) => HostPrefix + id;

    /// <summary>Where it stands by which certificate a switch was seen.</summary>
    public static string KeyOfIdentity(DatapathId datapath) => $"{SwitchIdentityPrefix}{datapath}";

    /// <summary>Where it stands by which certificate a host was seen.</summary>
    public static string KeyOfIdentity(string host) => HostIdentityPrefix + host;

    public static byte[] WriteIdentity(string name) => JsonSerializer.SerializeToUtf8Bytes(new StoredIdentity(name, []), Json);

    public static byte[] Write(HostIdentity identity) =>
        JsonSerializer.SerializeToUtf8Bytes(new StoredIdentity(identity.Name, [.. identity.Datapaths.Select(d => d.ToString())]), Json);

    /// <summary>Takes up by which certificates switches and hosts were seen.</summary>
    /// <exception cref="InvalidDataException">A record that this version cannot read; the message names its key.</exception>
    public static void Read(IEnumerable<StoreEntry> entries, Identities into)
    {
        foreach (var entry in entries.Where(e => e.Key.StartsWith(IdentityPrefix, StringComparison.Ordinal)))
        {
            try
            {
                var stored = JsonSerializer.Deserialize<StoredIdentity>(entry.Value.Span, Json) is { Name: not null, Datapaths: not null } found
                    ? found
                    : throw new InvalidDataException("it names nobody");
                if (entry.Key.StartsWith(HostIdentityPrefix, StringComparison.Ordinal))
                {
                    into.Restore(entry.Key[HostIdentityPrefix.Length..], new HostIdentity(stored.Name, stored.Datapaths.Select(ReadDatapath).ToEquatableArray()));
                }
                else
                {
                    into.Restore(ReadDatapath(entry.Key[SwitchIdentityPrefix.Length..]), stored.Name);
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or ArgumentException or InvalidDataException)
            {
                throw new InvalidDataException($"{entry.Key} of revision {entry.ModRevision} cannot be read: {e.Message}", e);
            }
        }
    }

    /// <summary>Where a port's moves are counted.</summary>
    public static string KeyOfMove(string port) => MovePrefix + port;

    public static byte[] Write(FabricObject value) => value switch
    {
        Network n => Write(new Stored<NetworkSpec>(n.Generation, n.Labels, n.Spec) { BridgeDomain = n.BridgeDomain }),
        Subnet s => Write(new Stored<SubnetSpec>(s.Generation, s.Labels, s.Spec)),
        Port p => Write(new Stored<PortSpec>(p.Generation, p.Labels, p.Spec)
        {
            LogicalPort = p.LogicalPort,
            Mac = p.Mac.ToString(),
            Addresses = [.. p.Addresses.Select(a => a.ToString())],
        }),
        SwitchIntent s => Write(new Stored<SwitchSpec>(s.Generation, s.Labels, s.Spec)),
        BridgeIntent b => Write(new Stored<BridgeSpec>(b.Generation, b.Labels, b.Spec)),
        BgpSpeakerIntent s => Write(new Stored<BgpSpeakerSpec>(s.Generation, s.Labels, s.Spec)),
        BgpPeerIntent p => Write(new Stored<BgpPeerSpec>(p.Generation, p.Labels, p.Spec)),
        EvpnRouteIntent r => Write(new Stored<EvpnRouteSpec>(r.Generation, r.Labels, r.Spec)),
        _ => throw new ArgumentException($"no such kind of object: {value.GetType().Name}", nameof(value)),
    };

    public static byte[] Write(KnownHost host) => JsonSerializer.SerializeToUtf8Bytes(
        new StoredHost(
            host.DatapathId?.ToString(),
            host.Vtep?.ToString(),
            host.VtepSince,
            host.TunnelPort?.Value,
            [.. host.Interfaces.Select(i => new StoredInterface(i.Name, i.PortId, i.OfPort.Value, i.Up, i.Since) { IsIncoming = i.IsIncoming })])
        {
            FabricPorts = host.FabricPorts.IsEmpty ? null : [.. host.FabricPorts.Select(p => p.Value)],
        },
        Json);

    public static byte[] Write(PortMoves moves) => JsonSerializer.SerializeToUtf8Bytes(new StoredMove(moves.Sequence, moves.Host, moves.Since), Json);

    /// <summary>The intent, the hosts and the moves of ports of a store's whole listing.</summary>
    /// <exception cref="InvalidDataException">A record that this version cannot read; the message names its key.</exception>
    public static (FabricIntent Intent, ImmutableArray<KnownHost> Hosts, ImmutableArray<PortMoves> Moves) Read(IEnumerable<StoreEntry> entries)
    {
        var intent = FabricIntent.Empty;
        var hosts = ImmutableArray.CreateBuilder<KnownHost>();
        var moves = ImmutableArray.CreateBuilder<PortMoves>();
        foreach (var entry in entries)
        {
            try
            {
                var slash = entry.Key.IndexOf('/', 1);
                var id = entry.Key[(slash + 1)..];
                switch (entry.Key[..(slash + 1)])
                {
                    case "/networks/": intent = intent.With(ReadNetwork(id, entry)); break;
                    case "/subnets/": intent = intent.With(ReadSubnet(id, entry)); break;
                    case "/ports/": intent = intent.With(ReadPort(id, entry)); break;
                    case "/bridges/": intent = intent.With(ReadBridge(id, entry)); break;
                    case "/switches/": intent = intent.With(ReadSwitch(id, entry)); break;
                    case "/bgp-speaker/": intent = intent.With(ReadSpeaker(id, entry)); break;
                    case "/bgp-peers/": intent = intent.With(ReadPeer(id, entry)); break;
                    case "/evpn-routes/": intent = intent.With(ReadRoute(id, entry)); break;
                    case MovePrefix: moves.Add(ReadMove(id, entry)); break;
                    case HostPrefix: hosts.Add(ReadHost(id, entry)); break;
                    case EventJournal.Prefix: break; // Read by the journal itself.
                    case "/discovery/": break; // The key of the discovery of links.
                    case IdentityPrefix: break; // Read apart.
                    case "/configuration/": break; // The process's own.
                    default: throw new InvalidDataException("no such kind of record");
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException or InvalidDataException)
            {
                throw new InvalidDataException($"{entry.Key} of revision {entry.ModRevision} cannot be read: {e.Message}", e);
            }
        }

        return (intent, hosts.ToImmutable(), moves.ToImmutable());
    }

    private static byte[] Write<T>(Stored<T> stored) => JsonSerializer.SerializeToUtf8Bytes(stored, Json);

    private static Stored<T> Read<T>(StoreEntry entry) =>
        JsonSerializer.Deserialize<Stored<T>>(entry.Value.Span, Json) is { Spec: not null, Labels: not null } stored
            ? stored
            : throw new InvalidDataException("it has no spec or no labels");

    private static Network ReadNetwork(string id, StoreEntry entry)
    {
        var stored = Read<NetworkSpec>(entry);
        return new Network(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec, stored.BridgeDomain!.Value);
    }

    private static Subnet ReadSubnet(string id, StoreEntry entry)
    {
        var stored = Read<SubnetSpec>(entry);
        return new Subnet(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec);
    }

    private static Port ReadPort(string id, StoreEntry entry)
    {
        var stored = Read<PortSpec>(entry);
        return new Port(
            id,
            stored.Labels,
            entry.ModRevision,
            stored.Generation,
            stored.Spec,
            stored.LogicalPort!.Value,
            MacAddress.Parse(stored.Mac!),
            stored.Addresses!.Select(a => IpAddress.Parse(a)).ToEquatableArray());
    }

    private static SwitchIntent ReadSwitch(string id, StoreEntry entry)
    {
        var stored = Read<SwitchSpec>(entry);
        return new SwitchIntent(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec);
    }

    private static BridgeIntent ReadBridge(string id, StoreEntry entry)
    {
        var stored = Read<BridgeSpec>(entry);
        return new BridgeIntent(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec);
    }

    private static BgpSpeakerIntent ReadSpeaker(string id, StoreEntry entry)
    {
        var stored = Read<BgpSpeakerSpec>(entry);
        return new BgpSpeakerIntent(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec);
    }

    private static BgpPeerIntent ReadPeer(string id, StoreEntry entry)
    {
        var stored = Read<BgpPeerSpec>(entry);
        return new BgpPeerIntent(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec);
    }

    private static EvpnRouteIntent ReadRoute(string id, StoreEntry entry)
    {
        var stored = Read<EvpnRouteSpec>(entry);
        return new EvpnRouteIntent(id, stored.Labels, entry.ModRevision, stored.Generation, stored.Spec);
    }

    private static PortMoves ReadMove(string port, StoreEntry entry)
    {
        var stored = JsonSerializer.Deserialize<StoredMove>(entry.Value.Span, Json) is { Host: not null } found
            ? found
            : throw new InvalidDataException("it names no host");
        return new PortMoves(port, stored.Sequence, stored.Host, stored.Since);
    }

    private static KnownHost ReadHost(string id, StoreEntry entry)
    {
        var stored = JsonSerializer.Deserialize<StoredHost>(entry.Value.Span, Json) is { Interfaces: not null } found
            ? found
            : throw new InvalidDataException("it has no interfaces");
        return new KnownHost(
            id,
            DatapathId.TryParse(stored.DatapathId, out var datapath) ? datapath : null,
            stored.Vtep is null ? null : IpAddress.Parse(stored.Vtep),
            stored.VtepSince,
            stored.TunnelPort is { } tunnel ? new PortNumber(tunnel) : null,
            stored.Interfaces.Select(i => new KnownInterface(i.Name, i.PortId, new PortNumber(i.OfPort), i.Up, i.Since, i.IsIncoming)).ToEquatableArray())
        {
            FabricPorts = (stored.FabricPorts ?? []).Select(p => new PortNumber(p)).ToEquatableArray(),
        };
    }

    private sealed record Stored<T>(long Generation, ImmutableSortedDictionary<string, string> Labels, T Spec)
    {
        public uint? BridgeDomain { get; init; }

        public uint? LogicalPort { get; init; }

        public string? Mac { get; init; }

        public string[]? Addresses { get; init; }
    }

    private static DatapathId ReadDatapath(string text) => DatapathId.TryParse(text, out var datapath) ? datapath : throw new FormatException($"'{text}' is no datapath id");

    private sealed record StoredIdentity(string Name, string[] Datapaths);

    private sealed record StoredMove(uint Sequence, string Host, long Since);

    private sealed record StoredInterface(string Name, string PortId, uint OfPort, bool Up, long Since)
    {
        public bool IsIncoming { get; init; }
    }

    private sealed record StoredHost(string? DatapathId, string? Vtep, long VtepSince, uint? TunnelPort, StoredInterface[] Interfaces)
    {
        public uint[]? FabricPorts { get; init; }
    }

    private sealed class StringMapConverter : JsonConverter<StringMap>
    {
        public override StringMap Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            StringMap.Create([.. JsonSerializer.Deserialize<Dictionary<string, string>>(ref reader, options) ?? []]);

        public override void Write(Utf8JsonWriter writer, StringMap value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            foreach (var (key, text) in value)
            {
                writer.WriteString(key, text);
            }

            writer.WriteEndObject();
        }
    }

    private sealed class ListConverter<T> : JsonConverter<EquatableArray<T>>
    {
        public override EquatableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            (JsonSerializer.Deserialize<T[]>(ref reader, options) ?? []).ToEquatableArray();

        public override void Write(Utf8JsonWriter writer, EquatableArray<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.Items.ToArray(), options);
    }
}
