using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;

namespace Dwcp.Sdn.Southbound.Ovsdb.Client;

/// <summary>Rows of a database as they change. When the server ends it because the schema has changed, it begins anew by itself.</summary>
public sealed class OvsdbMonitor
{
    private readonly OvsdbClient client;
    private readonly TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Full: the older state is of no interest any more.
    private readonly Channel<OvsdbDatabase> changes = Channel.CreateBounded<OvsdbDatabase>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private volatile OvsdbResume state;
    private ImmutableArray<MonitorTable> tables;
    private bool live;

    internal OvsdbMonitor(OvsdbClient client, string name, OvsdbSchema schema, ImmutableArray<MonitorTable> tables)
    {
        this.client = client;
        this.tables = tables;
        Name = name;
        state = new(new OvsdbDatabase(schema), Guid.Empty);
    }

    internal string Name { get; }

    internal MonitorStyle Style { get; set; } = MonitorStyle.Since;

    /// <summary>The rows as the last update left them.</summary>
    public OvsdbDatabase Database => state.Database;

    /// <summary>From where a monitor of the same tables may go on over another connection; of use with servers that remember (clustered ones do).</summary>
    public OvsdbResume Resume => state;

    /// <summary>The server went on from what was given to resume, instead of showing everything again.</summary>
    public bool Resumed { get; private set; }

    /// <summary>Completes with the reason when no more updates come.</summary>
    public Task<string> Ended => ended.Task;

    /// <summary>The rows now and whenever they have changed; a slow reader misses those in between. For one reader.</summary>
    public IAsyncEnumerable<OvsdbDatabase> ChangesAsync(CancellationToken stop = default) => changes.Reader.ReadAllAsync(stop);

    /// <summary>Watches other rows of these tables from now on (<c>monitor_cond_change</c>); other tables stay as they are.</summary>
    /// <exception cref="OvsdbException">The server does not know conditions, or not these.</exception>
    public async Task ChangeConditionsAsync(IEnumerable<MonitorTable> changed, CancellationToken stop = default)
    {
        MonitorTable[] given = [.. changed];
        await client.AskAsync("monitor_cond_change", MonitorParams.Change(Name, given), static _ => true, patient: false, stop);
        tables = [.. tables.Select(table => given.FirstOrDefault(other => other.Table == table.Table) is { } other ? table with { Where = other.Where } : table)];
    }

    /// <summary>Ends it (RFC 7047 §4.1.7).</summary>
    public async Task CancelAsync(CancellationToken stop = default)
    {
        await client.AskAsync("monitor_cancel", MonitorParams.Texts(Name), static _ => true, patient: false, stop);
        client.Forget(this);
        End("cancelled");
    }

    internal JsonElement Request(Guid since) => MonitorParams.Of(Database.Schema.Name, Name, Style, tables, since);

    internal bool HasConditions => tables.Any(table => !table.Where.IsEmpty);

    /// <summary>The answer to the request: all rows, or what has changed since <paramref name="from"/>.</summary>
    internal void Begin(JsonElement answer, OvsdbResume? from)
    {
        var fresh = new OvsdbDatabase(Database.Schema);
        if (Style == MonitorStyle.Since)
        {
            var parts = answer.Tuple(3, "the answer to monitor_cond_since");
            Resumed = from is not null && parts[0].ValueKind == JsonValueKind.True;
            state = new((Resumed ? from!.Database : fresh).Apply2(parts[2]), TransactionOf(parts[1]));
        }
        else
        {
            state = new(Style == MonitorStyle.Cond ? fresh.Apply2(answer) : fresh.Apply(answer), Guid.Empty);
        }

        live = true;
        changes.Writer.TryWrite(Database);
    }

    /// <summary>The server has another schema and begins to show everything again.</summary>
    internal void Restart(OvsdbSchema schema) => (live, state) = (false, new(new OvsdbDatabase(schema), Guid.Empty));

    // "update" [name, updates] | "update2" [name, updates] | "update3" [name, transaction, updates]
    internal void Update(string method, JsonElement parameters)
    {
        if (!live)
        {
            return;
        }

        state = method switch
        {
            "update" => state with { Database = Database.Apply(parameters.Tuple(2, method)[1]) },
            "update2" => state with { Database = Database.Apply2(parameters.Tuple(2, method)[1]) },
            _ => new(Database.Apply2(parameters.Tuple(3, method)[2]), TransactionOf(parameters[1])),
        };
        changes.Writer.TryWrite(Database);
    }

    internal void End(string reason)
    {
        if (ended.TrySetResult(reason))
        {
            changes.Writer.TryComplete();
        }
    }

    private static Guid TransactionOf(JsonElement id) =>
        Guid.TryParseExact(id.Text("a transaction's id"), "D", out var transaction) ? transaction : throw new WireException($"a transaction's id: {id}");
}
