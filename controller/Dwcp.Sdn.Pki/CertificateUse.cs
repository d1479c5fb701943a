using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Pki;

/// <summary>
/// Whom a certificate speaks for, and how that stands in it: URIs among its alternative names (RFC 5280 §4.2.1.6), such as
/// <c>urn:dwcp:host:h1</c> and <c>urn:dwcp:datapath:d3c9…</c>.
/// </summary>
public sealed record CertificateUse
{
    private const string HostPrefix = "urn:dwcp:host:";
    private const string DatapathPrefix = "urn:dwcp:datapath:";
    private const int EmptyName = 2; // A SEQUENCE of nothing.
    private const string ControllerUri = "urn:dwcp:controller";

    /// <summary>For the controller's own end.</summary>
    public static readonly CertificateUse Controller = new() { IsController = true };

    public bool IsController { get; private init; }

    /// <summary>The system-id of a host, or null.</summary>
    public string? Host { get; private init; }

    /// <summary>The switches that may be spoken for; empty means that the certificate does not say.</summary>
    public EquatableArray<DatapathId> Datapaths { get; private init; } = [];

    /// <summary>For a host's OVSDB and its switches: the bridge that we make there, and those that are named.</summary>
    public static CertificateUse OfHost(string systemId, params IEnumerable<DatapathId> more) =>
        new() { Host = systemId, Datapaths = more.Prepend(DatapathId.OfHost(systemId)).Distinct().ToEquatableArray() };

    /// <summary>For switches without a host that we know.</summary>
    public static CertificateUse OfSwitch(params IEnumerable<DatapathId> datapaths) => new() { Datapaths = datapaths.Distinct().ToEquatableArray() };

    public IEnumerable<string> Uris =>
    [
        .. IsController ? [ControllerUri] : Array.Empty<string>(),
        .. Host is null ? [] : new[] { HostPrefix + Host },
        .. Datapaths.Select(d => $"{DatapathPrefix}{d}"),
    ];

    /// <summary>What a certificate's alternative names say; names of other kinds and other URIs say nothing here.</summary>
    /// <exception cref="CryptographicException">They cannot be read, or name more than one host.</exception>
    public static CertificateUse Of(X509Certificate2 certificate)
    {
        var use = new CertificateUse();
        var datapaths = ImmutableArray.CreateBuilder<DatapathId>();
        foreach (var uri in UrisOf(certificate))
        {
            if (uri == ControllerUri)
            {
                use = use with { IsController = true };
            }
            else if (uri.StartsWith(HostPrefix, StringComparison.Ordinal))
            {
                use = use.Host is null ? use with { Host = uri[HostPrefix.Length..] } : throw new CryptographicException("it names more than one host");
            }
            else if (uri.StartsWith(DatapathPrefix, StringComparison.Ordinal) && DatapathId.TryParse(uri[DatapathPrefix.Length..], out var datapath))
            {
                datapaths.Add(datapath);
            }
        }

        return use with { Datapaths = datapaths.ToImmutable() };
    }

    /// <summary>Who shows a certificate: a host by its name, anything else by the subject, whatever its key.</summary>
    /// <exception cref="CryptographicException">It names nobody.</exception>
    public static PeerIdentity IdentityOf(X509Certificate2 certificate)
    {
        var use = Of(certificate);
        if (use.Host is null && certificate.SubjectName.RawData.Length <= EmptyName)
        {
            throw new CryptographicException("it names nobody");
        }

        return new(use.Host is { } host ? PeerIdentity.HostName(host) : certificate.Subject, use.Host, use.Datapaths);
    }

    public override string ToString() => IsController ? "controller"
        : Host is not null ? $"host {Host}"
        : $"switch {string.Join(',', Datapaths)}";

    private static List<string> UrisOf(X509Certificate2 certificate)
    {
        const int Uri = 6;
        var uris = new List<string>();
        foreach (var extension in certificate.Extensions.Where(e => e.Oid?.Value == "2.5.29.17"))
        {
            try
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag() is { TagClass: TagClass.ContextSpecific, TagValue: Uri } tag)
                    {
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                    }
                    else
                    {
                        names.ReadEncodedValue();
                    }
                }
            }
            catch (AsnContentException e)
            {
                throw new CryptographicException("its alternative names cannot be read", e);
            }
        }

        return uris;
    }
}
