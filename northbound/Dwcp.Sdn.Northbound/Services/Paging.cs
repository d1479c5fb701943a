using System.Text;
using System.Text.Unicode;
using Dwcp.Sdn.Core.Model;
using Dwcp.Sdn.Northbound.Rest;
using Google.Protobuf;
using Problem = Dwcp.Sdn.Api.V1.Problem;

namespace Dwcp.Sdn.Northbound.Services;

/// <summary>What a caller wants to see of a list.</summary>
internal sealed class Paging
{
    public const int MaxPageSize = 10_000;

    private readonly int _size;
    private readonly string _list;
    private readonly string _after;
    private readonly ListFilter _filter;

    /// <param name="of">Whose items they are, where each of many has such a list.</param>
    /// <exception cref="global::Grpc.Core.RpcException">The size, the token or the filter cannot be.</exception>
    public Paging(int pageSize, string pageToken, string filter, Google.Protobuf.Reflection.MessageDescriptor item, string of = "")
    {
        _list = $"{item.Name} {of}:";
        var problems = new List<Problem>();
        if (pageSize is < 0 or > MaxPageSize)
        {
            problems.Add(Faults.Problem("pageSize", ProblemCodes.OutOfRange, $"{pageSize} is not from 0 to {MaxPageSize}", "Give a page size within that and follow nextPageToken"));
        }

        if (!TryReadToken(pageToken, out _after))
        {
            problems.Add(Faults.Problem("pageToken", ProblemCodes.Invalid, "This is no token that this list gave", "Send nextPageToken as it came, or none for the first page"));
        }

        _size = pageSize == 0 ? MaxPageSize : pageSize;
        _filter = ListFilter.Parse(filter, item, problems);
        if (problems.Count > 0)
        {
            throw Faults.Invalid(problems);
        }
    }

    /// <summary>Fills one page from items that are ordered by their ordinal keys, and returns the token of the next.</summary>
    public string Take<T>(IEnumerable<(string Key, Func<T> Item)> all, ICollection<T> into)
        where T : IMessage
    {
        var last = "";
        foreach (var (key, make) in all)
        {
            if (string.CompareOrdinal(key, _after) <= 0)
            {
                continue;
            }

            var item = make();
            if (!_filter.Takes(item))
            {
                continue;
            }

            if (into.Count == _size)
            {
                return Convert.ToBase64String(Encoding.UTF8.GetBytes(_list + last)).Replace('+', '-').Replace('/', '_');
            }

            into.Add(item);
            last = key;
        }

        return "";
    }

    // A token of another list would skip items, and one that is none could pass for the end.
    private bool TryReadToken(string token, out string after)
    {
        after = "";
        if (token.Length == 0)
        {
            return true;
        }

        var bytes = new byte[token.Length];
        if (!Convert.TryFromBase64String(token.Replace('-', '+').Replace('_', '/'), bytes, out var length) || !Utf8.IsValid(bytes.AsSpan(0, length)))
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(bytes, 0, length);
        if (!text.StartsWith(_list, StringComparison.Ordinal))
        {
            return false;
        }

        after = text[_list.Length..];
        return true;
    }
}
