namespace Dwcp.Sdn.Northbound.Metrics;

/// <summary>The tags of a series as a dictionary key that can be looked up by a span.</summary>
internal readonly record struct TagSet(KeyValuePair<string, object?>[] Tags)
{
    public static readonly IEqualityComparer<TagSet> Comparer = new ByValue();

    private sealed class ByValue : IEqualityComparer<TagSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, TagSet>
    {
        public TagSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate.ToArray());

        public bool Equals(TagSet x, TagSet y) => Equals(x.Tags, y);

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, TagSet other)
        {
            if (alternate.Length != other.Tags.Length)
            {
                return false;
            }

            for (var i = 0; i < alternate.Length; i++)
            {
                if (alternate[i].Key != other.Tags[i].Key || !Equals(alternate[i].Value, other.Tags[i].Value))
                {
                    return false;
                }
            }

            return true;
        }

        public int GetHashCode(TagSet obj) => GetHashCode((ReadOnlySpan<KeyValuePair<string, object?>>)obj.Tags);

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
        {
            var hash = new HashCode();
            foreach (var (key, value) in alternate)
            {
                hash.Add(key);
                hash.Add(value);
            }

            return hash.ToHashCode();
        }
    }
}
