using System.Diagnostics.CodeAnalysis;
using Grpc.Core;

namespace Dwcp.Sdn.Grpc.Wire;

/// <summary>Metadata as HTTP headers: keys that end in -bin carry base64, with or without padding, several values joined by commas.</summary>
internal static class MetadataText
{
    private static readonly HashSet<string> OfTheProtocol = new(StringComparer.OrdinalIgnoreCase)
    {
        "te", "host", "content-type", "content-length", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding", "grpc-status", "grpc-message", "date", "trailer",
    };

    /// <summary>Adds a header that is metadata; false when its value is no base64 although it should be.</summary>
    public static bool TryAdd(Metadata metadata, string name, string? value)
    {
        if (name.StartsWith(':') || OfTheProtocol.Contains(name) || value is null)
        {
            return true;
        }

        if (!name.EndsWith(Metadata.BinaryHeaderSuffix, StringComparison.OrdinalIgnoreCase))
        {
            // Names that HTTP allows and gRPC does not are somebody else's headers.
            if (name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            {
                metadata.Add(name, value);
            }

            return true;
        }

        foreach (var part in value.Split(','))
        {
            if (!TryDecode(part.Trim(), out var bytes))
            {
                return false;
            }

            metadata.Add(name, bytes);
        }

        return true;
    }

    public static string ValueOf(Metadata.Entry entry) => entry.IsBinary ? Convert.ToBase64String(entry.ValueBytes).TrimEnd('=') : entry.Value;

    private static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        var padded = text.TrimEnd('=');
        padded = padded.PadRight((padded.Length + 3) / 4 * 4, '=');
        var buffer = new byte[padded.Length];
        bytes = Convert.TryFromBase64String(padded, buffer, out var length) ? buffer[..length] : null;
        return bytes is not null;
    }
}
