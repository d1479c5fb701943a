using System.Collections.Immutable;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Fabric.Intent;

/// <summary>Gathers all that is wrong with one request: faults of the request itself, and conflicts with what exists.</summary>
internal sealed class Problems
{
    private readonly ImmutableArray<Problem>.Builder faults = ImmutableArray.CreateBuilder<Problem>();
    private readonly ImmutableArray<Problem>.Builder conflicts = ImmutableArray.CreateBuilder<Problem>();

    public bool Any => faults.Count + conflicts.Count > 0;

    /// <summary>A request that is wrong in itself is Invalid, whatever it contradicts besides.</summary>
    public Outcome ToOutcome() => Outcome.Failed(faults.Count > 0 ? OutcomeKind.Invalid : OutcomeKind.Conflict, [.. faults, .. conflicts]);

    public void Add(string field, string code, string message, string remedy) => faults.Add(new Problem(field, code, message, remedy));

    public void Conflict(string field, string message, string remedy) =>
        conflicts.Add(new Problem(field, ProblemCodes.Conflict, message, remedy));

    public void Exhausted(string field, string message, string remedy) =>
        conflicts.Add(new Problem(field, ProblemCodes.Exhausted, message, remedy));

    public void Id(string field, string? id)
    {
        if (string.IsNullOrEmpty(id))
        {
            Required(field, "give the id of an object");
        }
        else if (!ObjectRef.IsId(id))
        {
            Add(field, ProblemCodes.Invalid, $"'{Short(id)}' is not an id", "use 1 to 63 of a-z, 0-9, '-', '.' and '_', beginning with a letter or digit");
        }
    }

    public void Labels(ImmutableSortedDictionary<string, string> labels)
    {
        foreach (var (key, value) in labels)
        {
            if (key.Length is 0 or > 128 || value.Length > 256)
            {
                Add($"labels.{Short(key)}", ProblemCodes.OutOfRange, "a label is too long", "keep keys to 128 characters and values to 256");
            }
        }

        if (labels.Count > 64)
        {
            Add("labels", ProblemCodes.OutOfRange, $"{labels.Count} labels", "keep to 64");
        }
    }

    public void Required(string field, string remedy) => Add(field, ProblemCodes.Required, $"{field} is required", remedy);

    /// <summary>The field is part of the contract, but nothing would come of it today.</summary>
    public void NotSupportedYet(string field, bool given)
    {
        if (given)
        {
            Add(field, ProblemCodes.NotSupportedYet, $"{field} is not acted upon yet", "leave it out");
        }
    }

    /// <summary>One word of a list; null stands for the first. Words known but not built yet are refused as such.</summary>
    public void Word(string field, string? given, ImmutableArray<string> supported, ImmutableArray<string> later)
    {
        if (given is null || supported.Contains(given))
        {
            return;
        }

        var remedy = supported.Length == 1 ? $"use {supported[0]}" : $"use one of {string.Join(", ", supported)}";
        if (later.Contains(given))
        {
            Add(field, ProblemCodes.NotSupportedYet, $"{field} {given} is not acted upon yet", remedy);
        }
        else
        {
            Add(field, ProblemCodes.Invalid, $"'{Short(given)}' is not a {field}", remedy);
        }
    }

    public MacAddress? Mac(string field, string? given)
    {
        if (given is null)
        {
            return null;
        }

        if (!MacAddress.TryParse(given, null, out var mac))
        {
            Add(field, ProblemCodes.Invalid, $"'{Short(given)}' is not a MAC address", "write it as 02:00:00:00:00:11");
            return null;
        }

        if (mac.IsMulticast || mac.Value == 0)
        {
            Add(field, ProblemCodes.Invalid, $"{mac} is not the address of one station", "use a unicast MAC, such as one that begins with 02");
            return null;
        }

        return mac;
    }

    public IpAddress? Address(string field, string? given)
    {
        if (given is null)
        {
            return null;
        }

        if (!IpAddress.TryParse(given, null, out var address))
        {
            Add(field, ProblemCodes.Invalid, $"'{Short(given)}' is not an IP address", "write it as 10.1.0.5 or 2001:db8::5, without a prefix length");
            return null;
        }

        if (address.IsMulticast || address.IsUnspecified || (address.IsV4 && address.Value == uint.MaxValue))
        {
            Add(field, ProblemCodes.Invalid, $"{address} is not the address of one station", "use a unicast address");
            return null;
        }

        return address;
    }

    /// <summary>Every text is a route target, and each stands once.</summary>
    public void Targets(string field, EquatableArray<string> given)
    {
        var seen = new HashSet<RouteTarget>();
        foreach (var (i, text) in given.Index())
        {
            if (!RouteTarget.TryParse(text, out var target))
            {
                Add($"{field}[{i}]", ProblemCodes.Invalid, $"'{Short(text)}' is not a route target", "write it as 65000:100 or 10.0.0.1:100");
            }
            else if (!seen.Add(target))
            {
                Add($"{field}[{i}]", ProblemCodes.Invalid, $"{target} stands twice", "give each route target once");
            }
        }
    }

    public void Range(string field, uint? given, uint least, uint most)
    {
        if (given is { } value && (value < least || value > most))
        {
            Add(field, ProblemCodes.OutOfRange, $"{value} is not from {least} to {most}", $"use {least} to {most}");
        }
    }

    public void None(string field, EquatableArray<string> given) => NotSupportedYet(field, !given.IsEmpty);

    /// <summary>What a caller sent, cut to what fits in a message.</summary>
    public static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
