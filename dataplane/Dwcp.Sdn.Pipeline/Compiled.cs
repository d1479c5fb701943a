using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Pipeline.Rules;

namespace Dwcp.Sdn.Pipeline;

/// <summary>The rules, groups and meters of one need.</summary>
public sealed record Compiled(EquatableArray<FlowRule> Flows, EquatableArray<Group> Groups, EquatableArray<Meter> Meters)
{
    /// <summary>Compiles a need; the result depends on nothing else.</summary>
    /// <exception cref="ArgumentException">The kind of need is not one of the pipeline's.</exception>
    public static Compiled From(Need need)
    {
        var rules = new RuleSet(need.Cookie);
        switch (need)
        {
            case BaseNeed:
                BaseRules.Add(rules);
                break;
            case TunnelPortNeed tunnel:
                TunnelRules.Add(rules, tunnel);
                break;
            case FabricPortNeed port:
                FabricPortRules.Add(rules, port);
                break;
            case VtepNeed vtep:
                TunnelRules.Add(rules, vtep);
                break;
            case NetworkNeed network:
                NetworkRules.Add(rules, network);
                break;
            case FloodNeed flood:
                NetworkRules.Add(rules, flood);
                break;
            case LocalPortNeed port:
                PortRules.Add(rules, port);
                break;
            case RemoteHostNeed host:
                HostRules.Add(rules, host);
                break;
            default:
                throw new ArgumentException($"no rules are written for {need.GetType().Name}", nameof(need));
        }

        return rules.ToCompiled();
    }
}
