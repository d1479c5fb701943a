using System.Collections.Frozen;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Dwcp.Sdn.Pki;

/// <summary>A certificate by who issued it and the number that it got from him (RFC 5280 §4.1.2.2), both in hexadecimal.</summary>
public readonly record struct CertificateNumber(string Issuer, string Serial)
{
    public static CertificateNumber Of(X509Certificate2 certificate) => new(Convert.ToHexString(certificate.IssuerName.RawData), certificate.SerialNumber);
}

/// <summary>What authorities have taken back (RFC 5280 §5), each list checked against the certificate of who signed it.</summary>
public sealed class RevocationList
{
    private const string Label = "X509 CRL";
    private static readonly Asn1Tag Extensions = new(TagClass.ContextSpecific, 0);

    private readonly FrozenSet<CertificateNumber> revoked;

    private RevocationList(FrozenSet<CertificateNumber> revoked) => this.revoked = revoked;

    public static RevocationList Empty { get; } = new([]);

    public int Count => revoked.Count;

    public bool Contains(CertificateNumber certificate) => revoked.Contains(certificate);

    /// <summary>Reads every list of a text in PEM.</summary>
    /// <exception cref="CryptographicException">One cannot be read, or none of the authorities has signed it.</exception>
    public static RevocationList Read(string pem, X509Certificate2Collection authorities)
    {
        var revoked = new HashSet<CertificateNumber>();
        var found = false;
        foreach (var range in Blocks(pem))
        {
            found = true;
            try
            {
                Read(Convert.FromBase64String(pem[range]), authorities, revoked);
            }
            catch (Exception e) when (e is AsnContentException or FormatException)
            {
                throw new CryptographicException("a revocation list cannot be read", e);
            }
        }

        return found ? new(revoked.ToFrozenSet()) : throw new CryptographicException($"there is no '-----BEGIN {Label}-----' in it");
    }

    private static IEnumerable<Range> Blocks(string pem)
    {
        for (var at = 0; PemEncoding.TryFind(pem.AsSpan(at), out var fields);)
        {
            if (pem.AsSpan(at)[fields.Label] is Label)
            {
                yield return (at + fields.Base64Data.Start.Value)..(at + fields.Base64Data.End.Value);
            }

            at += fields.Location.End.Value;
        }
    }

    // SEQUENCE { tbs, algorithm, signature }, RFC 5280 §5.1
    private static void Read(byte[] der, X509Certificate2Collection authorities, HashSet<CertificateNumber> revoked)
    {
        var whole = new AsnReader(der, AsnEncodingRules.DER);
        var list = whole.ReadSequence();
        whole.ThrowIfNotEmpty();
        var signed = list.PeekEncodedValue();
        var tbs = list.ReadSequence();
        var algorithmOfAll = list.PeekEncodedValue();
        var algorithm = list.ReadSequence().ReadObjectIdentifier();
        var signature = list.ReadBitString(out var unused);
        list.ThrowIfNotEmpty();
        if (tbs.PeekTag() == Asn1Tag.Integer)
        {
            tbs.ReadInteger(); // The version.
        }

        // The algorithm stands twice, once within what is signed (RFC 5280 §5.1.1.2).
        if (!tbs.ReadEncodedValue().Span.SequenceEqual(algorithmOfAll.Span) || unused != 0)
        {
            throw new CryptographicException("a revocation list cannot be read");
        }

        var issuer = tbs.ReadEncodedValue().Span;
        var issuerHex = Convert.ToHexString(issuer);
        if (!authorities.Any(a => Convert.ToHexString(a.SubjectName.RawData) == issuerHex && IsSigned(a, algorithm, signed.Span, signature)))
        {
            throw new CryptographicException("a revocation list is signed by none of the authorities");
        }

        SkipTime(tbs);
        if (tbs.HasData && tbs.PeekTag().TagClass == TagClass.Universal && tbs.PeekTag().TagValue is (int)UniversalTagNumber.UtcTime or (int)UniversalTagNumber.GeneralizedTime)
        {
            SkipTime(tbs);
        }

        if (!tbs.HasData || tbs.PeekTag().HasSameClassAndValue(Extensions))
        {
            return;
        }

        var entries = tbs.ReadSequence();
        while (entries.HasData)
        {
            revoked.Add(new(issuerHex, Convert.ToHexString(entries.ReadSequence().ReadIntegerBytes().Span)));
        }
    }

    private static void SkipTime(AsnReader tbs) => tbs.ReadEncodedValue();

    private static bool IsSigned(X509Certificate2 authority, string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        HashAlgorithmName? hash = algorithm switch
        {
            "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (hash is not { } with)
        {
            return false;
        }

        using var rsa = authority.GetRSAPublicKey();
        using var ecdsa = authority.GetECDsaPublicKey();
        return rsa?.VerifyData(signed, signature, with, RSASignaturePadding.Pkcs1)
            ?? ecdsa?.VerifyData(signed, signature, with, DSASignatureFormat.Rfc3279DerSequence)
            ?? false;
    }
}
