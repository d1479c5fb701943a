using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Rest;
using Grpc.Core;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>What became of a command, as a gRPC status and an HTTP status.</summary>
internal static class Outcomes
{
    /// <summary>The outcome when it is good, else the exception that tells the caller all that is wrong.</summary>
    public static Outcome OrThrow(this Outcome outcome)
    {
        if (outcome.IsDone)
        {
            return outcome;
        }

        var problems = outcome.Problems.Select(p => Faults.Problem(p.Field, p.Code, p.Message, p.Remedy)).ToArray();
        throw outcome.Kind switch
        {
            OutcomeKind.Invalid => Faults.Invalid(problems),
            OutcomeKind.VersionMoved => Fault(StatusCode.Aborted, 412, ProblemCodes.VersionMoved, problems),
            OutcomeKind.Conflict => Fault(StatusCode.FailedPrecondition, 409, ProblemCodes.Conflict, problems),
            OutcomeKind.Unavailable => Fault(StatusCode.Unavailable, 503, ProblemCodes.Unavailable, problems),
            _ => new InvalidOperationException($"No status is known for the outcome {outcome.Kind}"),
        };
    }

    public static RpcException NotFound(string kind, string id) => Faults.Of(
        StatusCode.NotFound, 404, ProblemCodes.NotFound, $"There is no {kind} {id}",
        Faults.Problem("id", ProblemCodes.NotFound, $"There is no {kind} {id}", $"List the {kind} objects to see which there are"));

    public static RpcException Away(string id) => Faults.Of(
        StatusCode.Unavailable, 503, ProblemCodes.Unavailable, $"The switch {id} is not connected",
        Faults.Problem("id", ProblemCodes.Unavailable, $"The switch {id} is not connected", "See its conditions for why, and ask again when it is back"));

    public static RpcException Untold(string id) => Faults.Of(
        StatusCode.Unavailable, 503, ProblemCodes.Unavailable, $"The switch {id} does not tell its flows",
        Faults.Problem("id", ProblemCodes.Unavailable, $"The switch {id} does not tell its flows", "Ask again in a moment; the log says what it answered"));

    public static RpcException VersionMoved(string detail) => Faults.Of(
        StatusCode.Aborted, 412, ProblemCodes.VersionMoved, detail,
        Faults.Problem("resourceVersion", ProblemCodes.VersionMoved, detail, "Read the object again, repeat the change on what you see, and send its resource version"));

    private static RpcException Fault(StatusCode status, int http, string code, IReadOnlyList<Problem> problems)
        => Faults.Of(status, http, code, string.Join("; ", problems.Select(p => p.Message)), problems);
}
