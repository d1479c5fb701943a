namespace Dwcp.Sdn.Cli.Kinds;

/// <summary>A kind with the ids that a command line names: KIND [ID…], or KIND/ID as it is printed.</summary>
internal sealed record ObjectRefs(Kind Kind, IReadOnlyList<string> Ids)
{
    /// <exception cref="CliException">No such kind, ids both ways, or an id of what has none.</exception>
    public static ObjectRefs Parse(string kind, IReadOnlyList<string> ids)
    {
        var named = Split(kind, ids);
        return named.Kind.IsSingle && named.Ids.Count > 0
            ? throw new CliException(ExitCode.Usage, $"there is one {named.Kind.Plural}, and it has no id", $"Write {named.Kind.Plural} alone")
            : named;
    }

    private static ObjectRefs Split(string kind, IReadOnlyList<string> ids)
    {
        var slash = kind.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
        {
            return new(KindCatalogue.Find(kind), ids);
        }

        return ids.Count == 0 && slash < kind.Length - 1
            ? new(KindCatalogue.Find(kind[..slash]), [kind[(slash + 1)..]])
            : throw new CliException(ExitCode.Usage, $"'{kind}' is a kind and an id; nothing may follow", $"Write KIND ID, or KIND/ID");
    }
}
