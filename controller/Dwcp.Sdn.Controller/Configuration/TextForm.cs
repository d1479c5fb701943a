using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What is wrong with a text, and what to write instead.</summary>
internal readonly record struct Fault(string Message, string Remedy);

/// <summary>Reads the text of a value; false leaves the reason in <paramref name="fault"/>.</summary>
internal delegate bool TextReader<T>(string text, [MaybeNullWhen(false)] out T value, out Fault fault);

/// <summary>How a kind of value is written: the word that stands for it in the help, and its reader.</summary>
internal sealed record TextForm<T>(string Placeholder, TextReader<T> Read);

/// <summary>The kinds of values that options have.</summary>
internal static class TextForms
{
    /// <summary>A file or a directory.</summary>
    public static TextForm<string> Path(string placeholder) => new(placeholder, ReadPath);

    /// <summary>Where to listen: an address of this machine, or the unspecified one for all of them. Port 0 takes a free port.</summary>
    public static TextForm<IPEndPoint> Listener { get; } = new("ADDR:PORT", ReadEndPoint);

    /// <summary>Where others reach us: a definite address and port.</summary>
    public static TextForm<IPEndPoint> Destination { get; } = new("ADDR:PORT", ReadDestination);

    /// <summary>Where ovsdb-servers listen, with commas between them.</summary>
    public static TextForm<EquatableArray<string>> OvsdbTargets { get; } = new("TARGET,…", ReadOvsdbTargets);

    /// <summary>Names of this machine, with commas between them.</summary>
    public static TextForm<EquatableArray<string>> HostNames { get; } = new("NAME,…", ReadHostNames);

    /// <summary>Yes or no.</summary>
    public static TextForm<bool> Flag { get; } = new("true|false", ReadFlag);

    /// <summary>How much the log tells.</summary>
    public static TextForm<LogLevel> Level { get; } = new("LEVEL", ReadLevel);

    /// <summary>A whole number and its unit.</summary>
    public static TextForm<TimeSpan> Duration(TimeSpan min, TimeSpan max) =>
        new("DURATION", (string text, out TimeSpan value, out Fault fault) => ReadDuration(text, min, max, out value, out fault));

    /// <summary>A whole number.</summary>
    public static TextForm<int> Count(int min, int max) => new("NUMBER", (string text, out int value, out Fault fault) =>
    {
        var known = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
        fault = known ? default : new($"'{text}' is not a number from {min} to {max}", "Write digits alone");
        return known;
    });

    /// <summary>One of an enum's names, in the capitals of the API.</summary>
    public static TextForm<T> Word<T>()
        where T : struct, Enum
    {
        var words = string.Join('|', Enum.GetNames<T>().Select(n => n.ToUpperInvariant()));
        return new(words, (string text, out T value, out Fault fault) =>
        {
            // Enum.TryParse takes numbers too; only names are words.
            var known = Enum.TryParse(text, ignoreCase: true, out value) && Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase);
            fault = known ? default : new($"'{text}' is not one of its words", $"Write {words.Replace("|", " or ", StringComparison.Ordinal)}");
            return known;
        });
    }

    private static bool ReadPath(string text, [MaybeNullWhen(false)] out string value, out Fault fault)
    {
        value = text;
        fault = text.Contains('\0') ? new("a path cannot hold a zero byte", "Write the path of a file or directory") : default;
        return fault == default;
    }

    private static bool ReadEndPoint(string text, [MaybeNullWhen(false)] out IPEndPoint value, out Fault fault)
    {
        value = null;
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            fault = new($"'{text}' has no port", IpAddress.TryParse(text, null, out _) ? $"Write {text}:PORT" : "Write ADDR:PORT, such as 127.0.0.1:6653");
            return false;
        }

        var (host, digits) = (text[..colon], text[(colon + 1)..]);
        if (IpAddress.TryParse(text, null, out _) || (IpAddress.TryParse(host, null, out var bare) && bare.IsV6))
        {
            fault = new($"'{text}' leaves open where the IPv6 address ends", "Write it in brackets, such as [::1]:6653");
            return false;
        }

        var bracketed = host is ['[', .., ']'];
        if (!IpAddress.TryParse(bracketed ? host[1..^1] : host, null, out var address) || (bracketed && !address.IsV6))
        {
            fault = new($"'{host}' is not an IP address", host switch
            {
                "" or "*" => $"Write 0.0.0.0:{digits} or [::]:{digits} for every address of this machine",
                "localhost" => $"Write 127.0.0.1:{digits} or [::1]:{digits}",
                _ => "Write an address and no name: 127.0.0.1:6653 or [::1]:6653",
            });
            return false;
        }

        if (!ushort.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            fault = new($"'{digits}' is not a port", "Write a number from 0 to 65535 after the colon");
            return false;
        }

        value = new IPEndPoint(address.ToIPAddress(), port);
        fault = default;
        return true;
    }

    private static bool ReadDestination(string text, [MaybeNullWhen(false)] out IPEndPoint value, out Fault fault)
    {
        if (!ReadEndPoint(text, out value, out fault))
        {
            return false;
        }

        fault = value.Port == 0 || IpAddress.From(value.Address).IsUnspecified
            ? new($"'{text}' is no place that a switch can connect to", "Write the address and port that switches reach, such as 192.0.2.10:6653")
            : default;
        return fault == default;
    }

    private static bool ReadOvsdbTargets(string text, out EquatableArray<string> value, out Fault fault)
    {
        value = text.Split(',', StringSplitOptions.TrimEntries).ToEquatableArray();
        foreach (var target in value)
        {
            if (!OvsdbDialer.TryParse(target, out _))
            {
                fault = new($"'{target}' is no place where an ovsdb-server listens", "Write tcp:ADDR:PORT, such as tcp:192.0.2.1:6640, ssl:ADDR:PORT or unix:PATH");
                return false;
            }
        }

        fault = default;
        return true;
    }

    private static bool ReadHostNames(string text, out EquatableArray<string> value, out Fault fault)
    {
        value = text.Split(',', StringSplitOptions.TrimEntries).ToEquatableArray();
        fault = value.FirstOrDefault(n => Uri.CheckHostName(n) != UriHostNameType.Dns) is { } wrong
            ? new($"'{wrong}' is not the name of a host", "Write names alone, such as controller.example.org, without a scheme and a port")
            : default;
        return fault == default;
    }

    private static bool ReadFlag(string text, out bool value, out Fault fault)
    {
        value = text.ToLowerInvariant() is "true" or "1";
        fault = value || text.ToLowerInvariant() is "false" or "0" ? default : new($"'{text}' is neither true nor false", "Write true or false");
        return fault == default;
    }

    private static bool ReadLevel(string text, out LogLevel value, out Fault fault)
    {
        LogLevel? level = text.ToLowerInvariant() switch
        {
            "trace" => LogLevel.Trace,
            "debug" => LogLevel.Debug,
            "information" or "info" => LogLevel.Information,
            "warning" or "warn" => LogLevel.Warning,
            "error" => LogLevel.Error,
            "critical" => LogLevel.Critical,
            _ => null,
        };
        value = level ?? default;
        fault = level is null ? new($"'{text}' is not a level", "Write trace, debug, information, warning, error or critical") : default;
        return level is not null;
    }

    private static bool ReadDuration(string text, TimeSpan min, TimeSpan max, out TimeSpan value, out Fault fault)
    {
        value = default;
        var unitAt = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        long? unit = unitAt <= 0 ? null : text[unitAt..] switch
        {
            "ms" => TimeSpan.TicksPerMillisecond,
            "s" => TimeSpan.TicksPerSecond,
            "m" => TimeSpan.TicksPerMinute,
            "h" => TimeSpan.TicksPerHour,
            _ => null,
        };
        if (unit is not { } ticks)
        {
            fault = new($"'{text}' is not a duration", "Write a whole number and ms, s, m or h, such as 30s");
            return false;
        }

        // A number too long for a double is infinite, and so out of range like any other.
        var wanted = double.Parse(text.AsSpan(0, unitAt), NumberStyles.None, CultureInfo.InvariantCulture) * ticks;
        if (wanted < min.Ticks || wanted > max.Ticks)
        {
            fault = new($"'{text}' is out of range", $"Write a duration from {Text(min)} to {Text(max)}");
            return false;
        }

        value = new TimeSpan((long)wanted);
        fault = default;
        return true;
    }

    private static string Text(TimeSpan duration) => duration.Ticks switch
    {
        var t when t % TimeSpan.TicksPerHour == 0 => $"{t / TimeSpan.TicksPerHour}h",
        var t when t % TimeSpan.TicksPerMinute == 0 => $"{t / TimeSpan.TicksPerMinute}m",
        var t when t % TimeSpan.TicksPerSecond == 0 => $"{t / TimeSpan.TicksPerSecond}s",
        var t => $"{t / TimeSpan.TicksPerMillisecond}ms",
    };
}
