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

    /// <summary>Its list is not of objects that callers made but of all that the controller holds, with questions of its own in place of a filter.</summary>
    Held = 16,

    /// <summary>It is always there, so that it can be changed and not deleted.</summary>
    Lasting = 32,
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

    public bool IsHeld => Traits.HasFlag(KindTraits.Held);

    public bool IsLasting => Traits.HasFlag(KindTraits.Lasting);

    /// <summary>What is listed is what callers made, so that lists tell all about it.</summary>
    public bool IsListed => !IsSingle && !IsHeld;

    public string ListPath => $"/v1/{Plural}";

    public string PathOf(string id) => IsSingle ? ListPath : $"/v1/{Plural}/{Uri.EscapeDataString(id)}";

    /// <summary>The object's name in what is printed, and in events.</summary>
    public string Ref(string id) => IsSingle ? Plural : $"{Plural}/{id}";

    /// <summary>The object's name as events have it, where the one without an id has one too.</summary>
    public string SubjectOf(string id) => $"{Plural}/{id}";

    /// <summary>What its list can be asked for in place of a filter.</summary>
    public string Questions
    {
        get
        {
            var request = Message.File.FindTypeByName<MessageDescriptor>($"List{Name}sRequest");
            return string.Join(", ", request.Fields.InDeclarationOrder().Where(f => f.Name is not ("page_size" or "page_token")).Select(f => f.JsonName));
        }
    }

    /// <summary>What to do when there is no such object.</summary>
    public string WhenMissing => IsSingle ? $"dwcpctl explain {Singular} shows what one looks like" : $"dwcpctl get {Plural} shows which there are";

    public bool IsCalled(string word) => Same(word, Plural) || Same(word, Singular) || Same(word, Name);

    private static bool Same(string word, string name) => string.Equals(word, name, StringComparison.OrdinalIgnoreCase);
}
