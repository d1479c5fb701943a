using Google.Protobuf.Reflection;

namespace Dwcp.Sdn.Cli.Kinds;

/// <summary>What dwcpctl can do with the objects of a kind, beside showing them.</summary>
[Flags]
internal enum KindTraits
{
    None = 0,

    /// <summary>It can be put, patched and deleted.</summary>
    Writable = 1,
    Watchable = 2,

    /// <summary>It has conditions.</summary>
    Judged = 4,

    /// <summary>There is one object of it, and it has no id.</summary>
    Single = 8,
}

/// <summary>A kind of object: its names, its paths, and what can be done with it.</summary>
/// <param name="Plural">As in paths, such as security-groups.</param>
/// <param name="Singular">Such as security-group.</param>
/// <param name="Name">As it stands behind kind: in files, and in the protos.</param>
/// <param name="MessageOf">Its message; to read it takes a while, which most commands need not spend.</param>
internal sealed record Kind(string Plural, string Singular, string Name, KindTraits Traits, Func<MessageDescriptor> MessageOf)
{
    public MessageDescriptor Message => MessageOf();

    public bool IsWritable => Traits.HasFlag(KindTraits.Writable);

    public bool IsWatchable => Traits.HasFlag(KindTraits.Watchable);

    public bool IsJudged => Traits.HasFlag(KindTraits.Judged);

    public bool IsSingle => Traits.HasFlag(KindTraits.Single);

    public string ListPath => $"/v1/{Plural}";

    public string PathOf(string id) => IsSingle ? ListPath : $"/v1/{Plural}/{Uri.EscapeDataString(id)}";

    /// <summary>The object's name in what is printed, and in events.</summary>
    public string Ref(string id) => IsSingle ? Plural : $"{Plural}/{id}";

    public bool IsCalled(string word) => Same(word, Plural) || Same(word, Singular) || Same(word, Name);

    private static bool Same(string word, string name) => string.Equals(word, name, StringComparison.OrdinalIgnoreCase);
}
