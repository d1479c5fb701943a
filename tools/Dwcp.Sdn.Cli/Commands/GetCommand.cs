using System.CommandLine;
using System.Text.Json.Nodes;
using Dwcp.Sdn.Cli.Client;
using Dwcp.Sdn.Cli.Kinds;
using Dwcp.Sdn.Cli.Output;

namespace Dwcp.Sdn.Cli.Commands;

/// <summary>Shows objects, one line for each, or as data.</summary>
internal sealed class GetCommand : CliCommand
{
    private readonly Argument<string> _kind = CommonOptions.Kind();
    private readonly Argument<string[]> _ids;
    private readonly Option<string?> _output = CommonOptions.Output();
    private readonly Option<string[]> _selector = CommonOptions.Selector();
    private readonly Option<string[]> _filter = CommonOptions.Filter();
    private readonly Waiting _waiting;

    public GetCommand(CommandLine cli)
        : base(cli, "get", "Show objects")
    {
        Add(_kind);
        Add(_ids = CommonOptions.Ids(cli, _kind));
        Add(_output);
        Add(_selector);
        Add(_filter);
        _waiting = new(this);
        Details = "STATE is OK, or the reason of the condition that stands out. What -o yaml prints can be applied again.";
        Examples =
        [
            new("dwcpctl get networks", "all networks"),
            new("dwcpctl get ports -l app=web -o wide", "the ports with a label, with all columns"),
            new("dwcpctl get port vm1 -o jsonpath={.status.host}", "one field of one port"),
            new("dwcpctl get port vm1 --wait=Programmed --timeout 1m", "wait until a port works"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parse, CancellationToken stop)
    {
        var format = OutputFormat.Parse(parse.GetValue(_output));
        var (kind, ids) = ObjectRefs.Parse(parse.GetValue(_kind)!, parse.GetValue(_ids)!);
        var filter = CommonOptions.FilterOf(parse.GetValue(_selector), parse.GetValue(_filter));
        if (filter.Length > 0 && (ids.Count > 0 || kind.IsSingle))
        {
            throw kind.IsSingle
                ? new CliException(ExitCode.Usage, $"there is one {kind.Plural}; nothing can be selected", "Leave -l and --filter out")
                : new CliException(ExitCode.Usage, "ids and -l or --filter exclude each other", "Give one or the other");
        }

        var target = _waiting.TargetOf(parse);
        using var client = Connect(parse);
        IReadOnlyList<string> named = ids.Count == 0 && kind.IsSingle ? [kind.Singular] : ids;
        var items = await ReadAsync(client, kind, named, filter, stop);
        if (target is not null && items.Count > 0)
        {
            await Waiting.UntilAsync(target, client, [.. items.Select(i => (kind, i.Text("id"))).Where(o => o.Item2.Length > 0)], Shell, stop);
            items = await ReadAsync(client, kind, named, filter, stop);
        }

        if (items.Count == 0 && format.Form is OutputForm.Table or OutputForm.Wide)
        {
            Shell.Error.WriteLine($"no {kind.Plural}{(filter.Length > 0 ? $" with {filter}" : "")}");
            return ExitCode.Done;
        }

        format.Write(Shell, kind, items, isList: named.Count != 1);
        return ExitCode.Done;
    }

    private static async Task<List<JsonObject>> ReadAsync(ControllerClient client, Kind kind, IReadOnlyList<string> ids, string filter, CancellationToken stop)
    {
        if (ids.Count == 0)
        {
            return (await client.ListAsync(kind, filter, stop)).Items;
        }

        var (items, missing) = (new List<JsonObject>(), new List<string>());
        foreach (var id in ids)
        {
            if (await client.FindAsync(kind.PathOf(id), stop) is { } item)
            {
                items.Add(item);
            }
            else
            {
                missing.Add(kind.Ref(id));
            }
        }

        return missing.Count == 0 ? items : throw new CliException(ExitCode.Refused, $"there is no {string.Join(", no ", missing)}", kind.WhenMissing);
    }
}
