using System.Globalization;

namespace Dwcp.Sdn.Core.Model;

/// <summary>
/// A moment in the changes that one run of the controller has seen. A status changes without a revision of the store, so the
/// order of changes is the run's own; the revision says which intent stood at that moment.
/// </summary>
/// <param name="Run">Tells the runs of a controller apart; 0 = only the revision is known, as when it came from an object.</param>
/// <param name="Sequence">Counts the changes within the run, of all kinds.</param>
public readonly record struct FeedPosition(long Revision, uint Run = 0, long Sequence = 0)
{
    /// <summary>Opaque to callers: <c>REVISION</c> or <c>REVISION.RUN.SEQUENCE</c>.</summary>
    public override string ToString() => Run == 0 ? $"{Revision}" : $"{Revision}.{Run:x8}.{Sequence}";

    public static bool TryParse(string text, out FeedPosition position)
    {
        position = default;
        var parts = text.Split('.');
        if (!long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            return false;
        }

        if (parts.Length == 1)
        {
            position = new(revision);
            return true;
        }

        if (parts.Length != 3
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var run)
            || run == 0
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            return false;
        }

        position = new(revision, run, sequence);
        return true;
    }
}

/// <summary>What one element of a watch tells.</summary>
public enum ChangeKind
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing changed; everything up to the position has been told.</summary>
    Bookmark,

    /// <summary>The last: the position asked for is of another run, or its changes are kept no more. Whoever lists again misses nothing.</summary>
    TooOld,

    /// <summary>The last: the reader was so slow that the changes it had not read are kept no more. Whoever lists again misses nothing.</summary>
    Overrun,
}

/// <summary>A change of an object: what it was and what it is, each null where there was or is none.</summary>
/// <param name="Position">Where a watch may go on after this; null while the objects as they are have not all been told.</param>
public sealed record ResourceChange(ChangeKind Kind, FeedPosition? Position, Resource? Before = null, Resource? After = null);

/// <summary>An event as a watch tells it: added, or an element without an event.</summary>
public sealed record EventChange(ChangeKind Kind, FeedPosition? Position, FabricEvent? Event = null);
