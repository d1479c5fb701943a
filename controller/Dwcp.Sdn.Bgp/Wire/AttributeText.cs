using System.Globalization;
using Dwcp.Sdn.Core.Evpn;

namespace Dwcp.Sdn.Bgp;

/// <summary>Path attributes on one line, for operators and for test vectors.</summary>
public static class AttributeText
{
    public static string Of(PathAttributes a)
    {
        var words = new List<string> { $"nexthop={a.NextHop}", $"origin={a.Origin.ToString().ToLowerInvariant()}", $"path={Path(a)}" };
        void Add(string name, object? value)
        {
            if (value is not null)
            {
                words.Add(string.Create(CultureInfo.InvariantCulture, $"{name}={value}"));
            }
        }

        Add("med", a.Med);
        Add("preference", a.LocalPreference);
        Add("aggregator", a.Aggregator is { } g ? $"{g.Asn}/{g.Router}" : null);
        Add("communities", List(a.Communities.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c >> 16}:{c & 0xffff}"))));
        Add("originator", a.OriginatorId);
        Add("clusters", List(a.ClusterList));
        Add("extended", List(a.ExtendedCommunities));
        Add("large", List(a.LargeCommunities));
        Add("pmsi", a.Pmsi is { } p ? string.Create(CultureInfo.InvariantCulture, $"{p.Kind}/{p.Flags}/{p.Label}/{Convert.ToHexStringLower(p.Identifier.AsSpan())}") : null);
        Add("atomic", a.AtomicAggregate ? "yes" : null);
        foreach (var other in a.Others)
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"attribute-{other.Code}"), Convert.ToHexStringLower(other.Value.AsSpan()));
        }

        return string.Join(' ', words);
    }

    private static string? List<T>(IEnumerable<T> items) => string.Join(',', items) is { Length: > 0 } text ? text : null;

    private static string Path(PathAttributes a) => string.Join(';', a.AsPath.Select(s =>
        (s.Kind switch { 1 => "set:", 3 => "confed:", 4 => "confed-set:", _ => "" }) + string.Join(',', s.Numbers)));
}
