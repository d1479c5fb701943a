namespace Dwcp.Sdn.Core.Model;

/// <summary>Whether a condition holds.</summary>
public enum ConditionStatus
{
    Unknown,
    True,
    False,
}

/// <summary>The aspects of an object that are judged.</summary>
public enum ConditionType
{
    /// <summary>What was asked for can be acted upon: references exist, nothing contradicts it.</summary>
    Accepted,

    /// <summary>An interface of a host carries the port.</summary>
    Bound,

    /// <summary>A barrier confirmed it on every switch that matters.</summary>
    Programmed,

    /// <summary>It works, but not as it should.</summary>
    Degraded,
}

/// <summary>What is true of an object now.</summary>
/// <param name="Reason">A stable word in PascalCase, for programs.</param>
/// <param name="Message">For people; what to do, where something can be done.</param>
/// <param name="ObservedGeneration">The generation of the spec that was judged.</param>
/// <param name="LastTransition">When the status last changed, UTC.</param>
public sealed record Condition(
    ConditionType Type,
    ConditionStatus Status,
    string Reason,
    string Message,
    long ObservedGeneration,
    DateTimeOffset LastTransition);
