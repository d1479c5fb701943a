using System.Globalization;

namespace Dwcp.Sdn.Grpc.Wire;

/// <summary>The header grpc-timeout: up to eight digits and a unit.</summary>
internal static class GrpcTimeout
{
    public const string Header = "grpc-timeout";
    private const long MaxValue = 99_999_999;

    // The longest that a timer takes; who names more has no deadline.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private static readonly (char Unit, long Ticks)[] Units =
    [
        ('u', TimeSpan.TicksPerMicrosecond),
        ('m', TimeSpan.TicksPerMillisecond),
        ('S', TimeSpan.TicksPerSecond),
        ('M', TimeSpan.TicksPerMinute),
        ('H', TimeSpan.TicksPerHour),
    ];

    /// <summary>False when the text is no timeout; a timeout beyond what a timer takes is null.</summary>
    public static bool TryParse(string text, out TimeSpan? timeout)
    {
        timeout = null;
        if (text.Length is < 2 or > 9 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        if (text[^1] == 'n')
        {
            timeout = TimeSpan.FromTicks(value / TimeSpan.NanosecondsPerTick);
            return true;
        }

        foreach (var (unit, ticks) in Units)
        {
            if (text[^1] == unit)
            {
                var length = TimeSpan.FromTicks(value * ticks);
                timeout = length > Longest ? null : length;
                return true;
            }
        }

        return false;
    }

    /// <summary>The shortest unit that has room for the value, rounded up, so that the server gives up no sooner than the client.</summary>
    public static string Format(TimeSpan timeout)
    {
        var left = Math.Max(timeout.Ticks, 1);
        foreach (var (unit, ticks) in Units)
        {
            var value = (left / ticks) + (left % ticks == 0 ? 0 : 1);
            if (value <= MaxValue)
            {
                return $"{value}{unit}";
            }
        }

        return $"{MaxValue}H";
    }
}
