using System.Net;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>Who has to go when too many have come who have not shown anything yet.</summary>
public sealed class NewcomersTests
{
    private static readonly IPAddress A = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress B = IPAddress.Parse("192.0.2.2");
    private static readonly IPAddress C = IPAddress.Parse("192.0.2.3");

    [Fact]
    public void The_oldest_of_the_address_that_has_most_goes()
    {
        var newcomers = new Newcomers<string>(perAddress: 100, inAll: 5);
        foreach (var (one, address) in new[] { ("b1", B), ("a1", A), ("a2", A), ("a3", A), ("b2", B) })
        {
            Assert.Null(newcomers.Enter(one, address));
        }

        Assert.Equal("a1", newcomers.Enter("c1", C));
        Assert.Equal("b1", newcomers.Enter("c2", C)); // Each has two: those of B have been two for longest.
        Assert.Equal("a2", newcomers.Enter("a4", A));
    }

    [Fact]
    public void An_address_that_has_too_many_loses_its_own_oldest()
    {
        var newcomers = new Newcomers<string>(perAddress: 2, inAll: 100);
        newcomers.Enter("b1", B);
        newcomers.Enter("a1", A);
        newcomers.Enter("a2", A);

        Assert.Equal("a1", newcomers.Enter("a3", A));
        newcomers.Leave("a2");
        Assert.Null(newcomers.Enter("a4", A));
    }

    [Fact]
    public void Whoever_has_left_is_not_ended_and_whoever_was_ended_may_leave()
    {
        var newcomers = new Newcomers<string>(perAddress: 10, inAll: 2);
        newcomers.Enter("a1", A);
        newcomers.Enter("a2", A);
        newcomers.Leave("a1");
        Assert.Null(newcomers.Enter("a3", A));
        Assert.Equal("a2", newcomers.Enter("a4", A));
        newcomers.Leave("a2");

        Assert.Equal("a3", newcomers.Evict());
        Assert.Equal("a4", newcomers.Evict());
        Assert.Null(newcomers.Evict());
    }

    [Fact]
    public void Whatever_comes_and_goes_the_one_that_is_ended_is_of_an_address_that_has_most()
    {
        var random = new Random(7);
        var newcomers = new Newcomers<object>(perAddress: 40, inAll: 100);
        var there = new List<(object One, IPAddress From)>();
        for (var i = 0; i < 20_000; i++)
        {
            if (random.Next(10) == 0 && there.Count > 0)
            {
                var at = random.Next(there.Count);
                newcomers.Leave(there[at].One);
                there.RemoveAt(at);
                continue;
            }

            // A few addresses that bring many, and many that bring a few.
            var from = new IPAddress([10, 0, 0, (byte)(random.Next(3) == 0 ? random.Next(60) : random.Next(2))]);
            there.Add((new(), from));
            var ended = newcomers.Enter(there[^1].One, from);
            var own = there.Count(t => t.From.Equals(from));
            Assert.Equal(own > 40 || there.Count > 100, ended is not null);
            if (ended is null)
            {
                continue;
            }

            var victim = there.Single(t => t.One == ended);
            var most = there.GroupBy(t => t.From).Max(g => g.Count());
            Assert.True(own > 40 ? victim.From.Equals(from) : there.Count(t => t.From.Equals(victim.From)) == most);
            Assert.Same(there.First(t => t.From.Equals(victim.From)).One, ended);
            there.Remove(victim);
        }
    }
}
