using System.Collections.Immutable;
using System.Text.Json;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Client;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Hosts;

/// <summary>
/// One <c>transact</c> request for changes to a host: what the change rests on as <c>wait</c> operations, what differs
/// from the rows we know, and at the end a new <c>next_cfg</c>, by which ovs-vswitchd says that it is through.
/// </summary>
internal sealed record HostTransaction(JsonElement Params, ImmutableArray<HostChange?> Owners)
{
    /// <summary>Null when everything already is as the changes want it. Throws <see cref="HostChangeException"/> when a change cannot be.</summary>
    public static HostTransaction? Of(OvsdbDatabase database, IEnumerable<HostChange> changes)
    {
        var root = HostView.Root(database) ?? throw new HostChangeException(HostChangeFault.Conflict, null, "the database has no Open_vSwitch row");
        using var transaction = new OvsdbTransaction(VswitchTables.Database);
        var writer = new HostChangeWriter(database, root.Row.Id, transaction);
        var owners = ImmutableArray.CreateBuilder<HostChange?>();
        var done = new List<HostChange>();
        foreach (var change in changes)
        {
            writer.Write(change);
            if (transaction.Count > owners.Count)
            {
                done.Add(change);
                owners.AddRange(Enumerable.Repeat(change, transaction.Count - owners.Count));
            }
        }

        if (done.Count == 0)
        {
            return null;
        }

        transaction.Comment($"dwcp: {string.Join(", ", done)}");
        transaction.Mutate(OpenVswitchRow.Table, root.Row.Id, "next_cfg", "+=", new OvsdbSet([OvsdbAtom.Of(1)]));
        transaction.Select(OpenVswitchRow.Table, root.Row.Id, "next_cfg");
        owners.AddRange(Enumerable.Repeat<HostChange?>(null, 3));
        return new HostTransaction(transaction.End(), owners.ToImmutable());
    }

    /// <summary>Reads the answer (RFC 7047 §4.1.3): the <c>next_cfg</c> to wait for, or what OVSDB had against it as <see cref="HostChangeException"/>.</summary>
    public long ReadAnswer(JsonRpcResponse response)
    {
        if (response.Error.ValueKind != JsonValueKind.Null)
        {
            throw Refused(null, response.Error);
        }

        // One result per operation: an object, with "error" if it failed, null if it was not tried; one more if the commit failed.
        var index = 0;
        foreach (var result in response.Result.Items("the answer to a transaction"))
        {
            if (result.ValueKind == JsonValueKind.Object && result.TryGetProperty("error", out _))
            {
                throw Refused(index < Owners.Length ? Owners[index] : null, result);
            }

            index++;
        }

        if (index != Owners.Length)
        {
            throw new WireException($"the answer to a transaction of {Owners.Length} operations has {index} results");
        }

        var rows = response.Result[index - 1].Member("rows", "the answer to select").Tuple(1, "the answer to select");
        return OvsdbAtom.Read(rows[0].Member("next_cfg", "the answer to select")).AsInteger("next_cfg");
    }

    private static HostChangeException Refused(HostChange? change, JsonElement error)
    {
        var (word, details) = OvsdbError.Read(error);
        return new(word == "timed out" ? HostChangeFault.Stale : HostChangeFault.Refused, change, word, details);
    }
}
