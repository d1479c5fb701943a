using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Dwcp.Sdn.Api.V1;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>
/// The entity tag of an object: its resource version and a checksum of what is shown, RFC 9110 §8.8.3. A status changes without a
/// new resource version, and whoever asks whether anything is new must be told of it.
/// </summary>
internal static class EntityTag
{
    private const char Joint = '-';

    public static string Of(IVersionedMessage shown, ReadOnlySpan<byte> json)
    {
        var sum = 0u;
        var words = MemoryMarshal.Cast<byte, ulong>(json);
        foreach (var word in words)
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (var octet in json[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, octet);
        }

        return string.Create(CultureInfo.InvariantCulture, $"\"{shown.ResourceVersion}{Joint}{sum:x8}\"");
    }

    /// <summary>The resource version in a tag, or in what stands where a tag belongs.</summary>
    public static string VersionIn(string tag) => tag.IndexOf(Joint, StringComparison.Ordinal) is > 0 and var joint ? tag[..joint] : tag;

    /// <summary>Whether the caller has what this tag stands for: If-None-Match, RFC 9110 §13.1.2.</summary>
    public static bool IsKnown(HttpRequest request, string tag)
        => request.Headers.IfNoneMatch is { Count: > 0 } given
        && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && EntityTagHeaderValue.TryParseList(given, out var known)
        && known.Any(k => k.Tag == "*" || k.Tag == tag);
}
