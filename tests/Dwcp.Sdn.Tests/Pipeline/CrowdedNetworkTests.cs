using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Flows;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;

namespace Dwcp.Sdn.Tests.Pipeline;

/// <summary>A flood that is too large for one group, and one that is too large for one packet.</summary>
public class CrowdedNetworkTests
{
    // A message has 65,535 octets; a bucket here takes 72 at most, with an IPv6 VTEP.
    private const int MostBuckets = 900;

    [Theory]
    [InlineData(0, 0, 2)]
    [InlineData(256, 256, 2)]
    [InlineData(257, 1000, 2 + 4)]
    [InlineData(5000, 5000, (2 * 20 * 2) + 2)]
    [InlineData(40_000, 10, ((127 + 1) * 2) + 2)]
    public void It_has_as_many_groups_as_it_takes(int ports, int vteps, int groups)
    {
        var compiled = Compiled.From(Flood(ports, vteps));

        Assert.Equal(groups, compiled.Groups.Count);
        Assert.Equal(groups, compiled.Groups.Select(g => g.Id).Distinct().Count());
        Assert.All(compiled.Groups, g => Assert.InRange(g.Buckets.Count, 0, MostBuckets));
        Assert.All(compiled.Groups, g => Assert.InRange(g.Id, 1u, 0xffff_ff00u));
        Assert.All(compiled.Groups, g => Assert.Equal(1u, Numbering.OwnerOfGroup(g.Id).Object));
    }

    [Theory]
    [InlineData(2000, 0, false)]
    [InlineData(2001, 0, true)]
    [InlineData(0, 4000, false)]
    [InlineData(0, 4001, true)]
    [InlineData(1000, 2001, true)]
    public void It_is_flooded_in_copies_that_Open_vSwitch_counts_apart_only_when_it_has_to(int ports, int vteps, bool apart) =>
        Assert.Equal(apart, Compiled.From(Flood(ports, vteps)).Groups.Any(g => g.Type == GroupType.Select));

    [Fact]
    public void One_more_port_changes_one_group()
    {
        var plan = SwitchPlanTests.PlanOf([Flood(1000, 1)]);
        var before = plan.Generation;

        plan.Set(Flood(1001, 1));

        var changed = plan.Since(before)!;
        Assert.Equal([Numbering.LocalGroup(1, 3)], changed.Groups);
        Assert.Empty(changed.Flows);
    }

    private static FloodNeed Flood(int ports, int vteps) => new(
        1,
        new Vni(100),
        Enumerable.Range(1, ports).Select(n => (uint)n).ToEquatableArray(),
        Enumerable.Range(1, vteps).Select(n => IpAddress.V4(0x0a00_0000 + (uint)n)).ToEquatableArray());
}
