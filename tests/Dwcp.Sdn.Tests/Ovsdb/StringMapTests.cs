using Dwcp.Sdn.Core.Hosts;

namespace Dwcp.Sdn.Tests.Ovsdb;

public sealed class StringMapTests
{
    [Fact]
    public void Every_key_is_found_and_no_other()
    {
        for (var count = 0; count < 40; count++)
        {
            var keys = Enumerable.Range(0, count).Select(i => $"k{i}").ToArray();
            var map = StringMap.Create([.. keys.Select(key => KeyValuePair.Create(key, key + "v"))]);

            Assert.All(keys, key => Assert.Equal(key + "v", map[key]));
            Assert.Null(map["k"]);
            Assert.Null(map[$"k{count}"]);
            Assert.Equal(count, map.Count);
        }
    }

    [Fact]
    public void Maps_of_the_same_pairs_are_equal_whatever_their_order()
    {
        Assert.Equal(StringMap.Of(("a", "1"), ("b", "2")), StringMap.Of(("b", "2"), ("a", "1")));
        Assert.Equal(StringMap.Of(("a", "1"), ("b", "2")).GetHashCode(), StringMap.Of(("b", "2"), ("a", "1")).GetHashCode());
        Assert.NotEqual(StringMap.Of(("a", "1")), StringMap.Of(("a", "2")));
        Assert.Equal("a=1,b=2", StringMap.Of(("b", "2"), ("a", "1")).ToString());
    }

    [Fact]
    public void A_key_that_comes_twice_is_refused() =>
        Assert.Throws<ArgumentException>(() => StringMap.Of(("a", "1"), ("a", "1")));
}
