using Dwcp.Sdn.Api.V1;
using Dwcp.Sdn.Core.Model;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Problem = Dwcp.Sdn.Api.V1.Problem;
using Status = Grpc.Core.Status;

namespace Dwcp.Sdn.Northbound.Rest;

/// <summary>Problems as they travel: a gRPC status whose details are RFC 9457 problem details.</summary>
internal static class Faults
{
    public const string DetailsTrailer = "grpc-status-details-bin";
    private const string Urn = "urn:dwcp:problem:";

    /// <summary>The exception that ends a call with these problems. Its code is theirs when they agree, else <paramref name="code"/>.</summary>
    public static RpcException Of(StatusCode status, int http, string code, string detail, params IReadOnlyList<Problem> problems)
    {
        var codes = problems.Select(p => p.Code).Distinct().ToArray();
        if (codes.Length == 1)
        {
            code = codes[0];
        }

        var details = new ProblemDetails { Type = Urn + code, Title = Title(code), Status = http, Detail = detail };
        details.Errors.AddRange(problems);
        var carried = new Google.Rpc.Status { Code = (int)status, Message = detail };
        carried.Details.Add(Any.Pack(details));
        return new(new Status(status, detail), new Metadata { { DetailsTrailer, carried.ToByteArray() } }, detail);
    }

    /// <summary>A request that is wrong in itself, with everything that is wrong with it.</summary>
    public static RpcException Invalid(IReadOnlyList<Problem> problems) => Of(
        StatusCode.InvalidArgument,
        400,
        ProblemCodes.Invalid,
        problems.Count == 1 ? Sentence(problems[0]) : $"The request has {problems.Count} problems: {string.Join("; ", problems.Select(Sentence))}",
        problems);

    /// <summary>The problem details of an exception, made from its status when it carries none.</summary>
    public static ProblemDetails Read(RpcException e)
    {
        if (e.Trailers.GetValueBytes(DetailsTrailer) is { } bytes)
        {
            foreach (var detail in Google.Rpc.Status.Parser.ParseFrom(bytes).Details)
            {
                if (detail.TryUnpack<ProblemDetails>(out var details))
                {
                    return details;
                }
            }
        }

        var (http, code) = OfStatus(e.StatusCode);
        return new() { Type = Urn + code, Title = Title(code), Status = http, Detail = e.Status.Detail };
    }

    public static Problem Problem(string field, string code, string message, string remedy)
        => new() { Field = field, Code = code, Message = message, Remedy = remedy };

    private static string Sentence(Problem problem) => problem.Field.Length == 0 ? problem.Message : $"{problem.Field}: {problem.Message}";

    private static string Title(string code) => char.ToUpperInvariant(code[0]) + code[1..].Replace('-', ' ');

    private static (int Http, string Code) OfStatus(StatusCode status) => status switch
    {
        StatusCode.Cancelled => (499, "cancelled"),
        StatusCode.InvalidArgument => (400, ProblemCodes.Invalid),
        StatusCode.DeadlineExceeded => (504, ProblemCodes.DeadlineExceeded),
        StatusCode.NotFound => (404, ProblemCodes.NotFound),
        StatusCode.AlreadyExists => (409, "already-exists"),
        StatusCode.PermissionDenied => (403, "permission-denied"),
        StatusCode.ResourceExhausted => (429, ProblemCodes.TooManyRequests),
        StatusCode.FailedPrecondition => (400, "failed-precondition"),
        StatusCode.Aborted => (409, "aborted"),
        StatusCode.OutOfRange => (400, ProblemCodes.OutOfRange),
        StatusCode.Unimplemented => (501, ProblemCodes.NotSupportedYet),
        StatusCode.Unavailable => (503, ProblemCodes.Unavailable),
        StatusCode.Unauthenticated => (401, "unauthenticated"),
        _ => (500, "internal"),
    };
}
