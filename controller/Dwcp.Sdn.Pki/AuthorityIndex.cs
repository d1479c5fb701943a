using System.Text.Json;
using System.Text.Json.Serialization;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pki;

/// <summary>A certificate that an authority has issued: all that there is to know of it, but for its key, which the authority does not keep.</summary>
public sealed record IssuedEntry(
    string Serial, string Name, string Subject, CertificateUse Use, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>VALID, REVOKED or EXPIRED.</summary>
    public string StateAt(DateTimeOffset now) => RevokedAt is not null ? "REVOKED" : now >= ExpiresAt ? "EXPIRED" : "VALID";
}

/// <summary>What an authority has issued and taken back, oldest first. It is the truth; the revocation list follows from it.</summary>
internal sealed record AuthorityIndex(long Version, EquatableArray<IssuedEntry> Entries)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static readonly AuthorityIndex Empty = new(0, []);

    /// <exception cref="JsonException">It cannot be read.</exception>
    public static AuthorityIndex Read(ReadOnlySpan<byte> text)
    {
        var stored = JsonSerializer.Deserialize<Stored>(text, Json) ?? throw new JsonException("it is empty");
        return new(stored.Version, (stored.Certificates ?? throw new JsonException("it has no certificates")).Select(EntryOf).ToEquatableArray());
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(
        new Stored(
            Version,
            [
                .. Entries.Select(e => new StoredEntry(
                    e.Serial, e.Name, e.Subject, e.Use.IsController ? true : null, e.Use.Host, [.. e.Use.Datapaths.Select(d => d.ToString())], e.IssuedAt, e.ExpiresAt, e.RevokedAt)),
            ]),
        Json);

    private static IssuedEntry EntryOf(StoredEntry e)
    {
        var datapaths = e.Datapaths.Select(d => DatapathId.TryParse(d, out var id) ? id : throw new JsonException($"'{d}' is no datapath id")).ToList();
        var use = e.Controller is true ? CertificateUse.Controller : e.Host is { } host ? CertificateUse.OfHost(host, datapaths) : CertificateUse.OfSwitch(datapaths);
        return new(e.Serial, e.Name, e.Subject, use, e.IssuedAt, e.ExpiresAt, e.RevokedAt);
    }

    private sealed record Stored(long Version, StoredEntry[] Certificates);

    private sealed record StoredEntry(
        string Serial, string Name, string Subject, bool? Controller, string? Host, string[] Datapaths, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, DateTimeOffset? RevokedAt);
}
