using System.Collections.Immutable;

namespace Dwcp.Sdn.Core.Model;

/// <summary>Something a caller asked for that cannot be: which field, why, and what would help. A request's problems are reported all at once.</summary>
/// <param name="Field">The path of the field in the request's JSON, such as <c>dhcp.ranges[0]</c>; empty when it is about the whole.</param>
/// <param name="Code">One of <see cref="ProblemCodes"/>: stable, for programs.</param>
/// <param name="Message">What is wrong, for people.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Problem(string Field, string Code, string Message, string Remedy);

/// <summary>The words of <see cref="Problem.Code"/>; they are part of the contract.</summary>
public static class ProblemCodes
{
    public const string Required = "required";
    public const string Invalid = "invalid";
    public const string OutOfRange = "out-of-range";
    public const string NotSupportedYet = "not-supported-yet";
    public const string NotSupported = "not-supported";
    public const string UnknownField = "unknown-field";
    public const string Conflict = "conflict";
    public const string Immutable = "immutable";
    public const string Exhausted = "exhausted";
    public const string NotFound = "not-found";
    public const string VersionMoved = "version-moved";
    public const string VersionTooOld = "version-too-old";
    public const string TooSlow = "too-slow";
    public const string Unavailable = "unavailable";
    public const string UnknownParameter = "unknown-parameter";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string TooLarge = "too-large";
    public const string DeadlineExceeded = "deadline-exceeded";
    public const string TooManyRequests = "too-many-requests";
    public const string RequestTooSlow = "request-too-slow";
    public const string NotServed = "not-served";
}

/// <summary>What became of a command.</summary>
public enum OutcomeKind
{
    /// <summary>Committed, or already so.</summary>
    Done,

    /// <summary>The same, and the object is new.</summary>
    Created,

    /// <summary>The request itself cannot be: its problems say why.</summary>
    Invalid,

    /// <summary>The object has another version than the caller named.</summary>
    VersionMoved,

    /// <summary>It contradicts what exists: a VNI or an address in use.</summary>
    Conflict,

    /// <summary>The store could not commit; nothing has changed and the caller may try again.</summary>
    Unavailable,
}

/// <summary>The answer to a command: the object as it stands now, or all that is wrong.</summary>
public sealed record Outcome(OutcomeKind Kind, Resource? Resource, ImmutableArray<Problem> Problems)
{
    public bool IsDone => Kind is OutcomeKind.Done or OutcomeKind.Created;

    public static Outcome Done(Resource? resource) => new(OutcomeKind.Done, resource, []);

    public static Outcome Failed(OutcomeKind kind, params ImmutableArray<Problem> problems) => new(kind, null, problems);
}
