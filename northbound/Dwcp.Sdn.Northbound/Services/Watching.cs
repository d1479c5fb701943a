using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>What all watches have in common: where they begin, what they leave out, and how they end.</summary>
internal static class Watching
{
    /// <exception cref="RpcException">The resource version or the filter cannot be.</exception>
    public static (FeedPosition? After, ListFilter Takes) Read(string resourceVersion, string filter, MessageDescriptor item)
    {
        var problems = new List<Problem>();
        var takes = ListFilter.Parse(filter, item, problems);
        FeedPosition? after = null;
        if (resourceVersion.Length > 0)
        {
            if (FeedPosition.TryParse(resourceVersion, out var position))
            {
                after = position;
            }
            else
            {
                problems.Add(Faults.Problem("resourceVersion", ProblemCodes.Invalid, $"\"{resourceVersion}\" is no resource version", "Send one as it came with a list, an object or a watch, or none"));
            }
        }

        return problems.Count == 0 ? (after, takes) : throw Faults.Invalid(problems);
    }

    /// <summary>The resource version of an element of a watch.</summary>
    /// <exception cref="RpcException">The element ends the watch.</exception>
    public static string VersionOf(ChangeKind kind, FeedPosition? position) => kind switch
    {
        ChangeKind.TooOld => throw Ended(ProblemCodes.VersionTooOld, "The changes after that resource version are kept no more, or were those of a former run of the controller"),
        ChangeKind.Overrun => throw Ended(ProblemCodes.TooSlow, "The watcher was so slow that changes it had not read are kept no more"),
        _ => position?.ToString() ?? "",
    };

    private static RpcException Ended(string code, string detail) => Faults.Of(
        StatusCode.OutOfRange, 410, code, detail, Faults.Problem("resourceVersion", code, detail, "List again, and watch from the resource version of the list"));
}
