using Dwcp.Sdn.Fabric.Intent;

namespace Dwcp.Sdn.Tests.Fabric;

public class IdPoolTests
{
    [Fact]
    public void Ids_begin_with_one_and_the_lowest_free_one_comes_next()
    {
        var (first, pool) = IdPool.Empty.Take();
        var (second, rest) = pool.Take();

        Assert.Equal((1u, 2u), (first, second));
        Assert.Equal(1u, rest.With(2).With(1).Take().Id);
        Assert.Equal(2u, rest.With(2).Take().Id);
    }

    [Fact]
    public void Ids_that_are_held_already_may_be_told_in_any_order()
    {
        var random = new Random(1);
        foreach (var held in Enumerable.Range(0, 50).Select(_ => Enumerable.Range(1, 20).Where(_ => random.Next(2) == 0).ToArray()))
        {
            random.Shuffle(held);
            var pool = held.Aggregate(IdPool.Empty, (p, id) => p.Without((uint)id));

            Assert.Equal((uint)Enumerable.Range(1, 21).Except(held).Min(), pool.Take().Id);
        }
    }

    [Fact]
    public void An_id_that_two_hold_is_a_mistake_that_is_named() =>
        Assert.Contains("3", Assert.Throws<InvalidOperationException>(() => IdPool.Empty.Without(3).Without(3)).Message, StringComparison.Ordinal);
}
