using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Bgp.Rib;

/// <summary>Applies the rules of a peer's policy to a route.</summary>
internal static class RouteRules
{
    /// <summary>The first rule that matches decides; without one the route passes.</summary>
    public static bool Pass(EquatableArray<RouteRule> rules, in RouteKey key, in RouteBody body, AttributeSet set)
    {
        foreach (var rule in rules)
        {
            if (Matches(rule, key, body, set))
            {
                return rule.Accept;
            }
        }

        return true;
    }

    private static bool Matches(RouteRule rule, in RouteKey key, in RouteBody body, AttributeSet set)
    {
        if ((rule.Type is { } type && (byte)key.Kind != type && !(key.Kind == RouteKind.Opaque && key.PrefixLength == type))
            || (rule.Vni is { } vni && body.Label != vni.Value && !(body.HasLabel2 && body.Label2 == vni.Value))
            || (!rule.Targets.IsEmpty && !rule.Targets.Any(t => set.Targets.Contains(t.Value))))
        {
            return false;
        }

        if (rule.Communities.IsEmpty && rule.Through is null)
        {
            return true;
        }

        var meaning = set.ToMeaning();
        return (rule.Communities.IsEmpty || rule.Communities.Any(c => meaning.Communities.Contains(c)))
            && (rule.Through is not { } asn || meaning.AsPath.Any(s => s.Numbers.Contains(asn)));
    }
}
