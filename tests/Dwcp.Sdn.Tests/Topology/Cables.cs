using System.Collections.Immutable;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Fabric.Topology;

namespace Dwcp.Sdn.Tests.Topology;

/// <summary>Switches with cables between them, under a clock that jumps: what leaves by a port comes in where its cables lead.</summary>
internal sealed class Cables
{
    public static readonly ImmutableArray<byte> Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<DatapathId, HashSet<DiscoveryPort>> ports = [];
    private readonly Dictionary<LinkEnd, HashSet<LinkEnd>> cables = [];
    private readonly HashSet<DatapathId> notLearning = [];
    private ulong nonce;

    public Cables(DiscoveryTimes? times = null) => Machine = new(times ?? new DiscoveryTimes(), Key, () => ++nonce);

    public TopologyMachine Machine { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(100);

    public DateTimeOffset Utc => Start + Now;

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(3);

    /// <summary>All frames that have left, with when.</summary>
    public List<(TimeSpan At, LinkEnd From, byte[] Frame)> Sent { get; } = [];

    public List<LinkNews> News { get; } = [];

    public List<RefusalNews> Refusals { get; } = [];

    public Dictionary<DatapathId, TreeOrder> Orders { get; } = [];

    public List<TreeOrder> LastOrders { get; } = [];

    /// <summary>How long a switch takes to confirm an order; null: it never does.</summary>
    public Func<DatapathId, TimeSpan?> ConfirmsIn { get; set; } = _ => TimeSpan.Zero;

    private PriorityQueue<TreeOrder, TimeSpan> Unanswered { get; } = new();

    public static LinkEnd End(ulong id, uint port) => new(new(id), new(port));

    public void Up(ulong id, params uint[] numbers) => Up(id, true, numbers);

    public void Up(ulong id, bool learns, params uint[] numbers)
    {
        if (!learns)
        {
            notLearning.Add(new(id));
        }

        ports[new(id)] = [.. numbers.Select(n => new DiscoveryPort(new(n), new((id << 16) | n)))];
        Machine.Serve(new(id), ports[new(id)], learns, Now);
        Settle();
    }

    public void Down(ulong id)
    {
        ports.Remove(new(id));
        Machine.Remove(new(id));
        Settle();
    }

    public void PortDown(LinkEnd end)
    {
        ports[end.Switch].RemoveWhere(p => p.Number == end.Port);
        Machine.Serve(end.Switch, ports[end.Switch], !notLearning.Contains(end.Switch), Now);
        Settle();
    }

    public void Plug(LinkEnd a, LinkEnd b)
    {
        PlugOneWay(a, b);
        PlugOneWay(b, a);
    }

    public void PlugOneWay(LinkEnd from, LinkEnd to)
    {
        if (!cables.TryGetValue(from, out var ends))
        {
            cables.Add(from, ends = []);
        }

        ends.Add(to);
    }

    public void Cut(LinkEnd a, LinkEnd b)
    {
        cables.GetValueOrDefault(a)?.Remove(b);
        cables.GetValueOrDefault(b)?.Remove(a);
    }

    /// <summary>Goes on from deadline to deadline.</summary>
    public void Run(TimeSpan time)
    {
        var until = Now + time;
        while (Next is { } next && next <= until)
        {
            Now = next > Now ? next : Now;
            Answer();
            var due = Machine.Due(Now, Utc);
            foreach (var (from, frame) in due)
            {
                Sent.Add((Now, from, frame));
            }

            var arrives = (Now + Latency, Utc + Latency);
            foreach (var (from, frame) in due)
            {
                foreach (var to in cables.GetValueOrDefault(from) ?? [])
                {
                    Machine.Received(to, frame, arrives.Item1, arrives.Item2);
                }
            }

            Settle();
        }

        Now = until;
    }

    public LldpRefusal? Inject(LinkEnd at, byte[] frame)
    {
        var refusal = Machine.Received(at, frame, Now, Utc);
        Settle();
        return refusal;
    }

    public IEnumerable<string> Links => Machine.Links.OrderBy(l => l.Key.A).ThenBy(l => l.Key.B)
        .Select(l => $"{l.Key.A.Switch.Value}:{l.Key.A.Port}{(l.BToA ? "<" : "")}-{(l.AToB ? ">" : "")}{l.Key.B.Switch.Value}:{l.Key.B.Port}");

    /// <summary>When something happens next.</summary>
    private TimeSpan? Next => Unanswered.TryPeek(out _, out var answer) && !(Machine.Deadline < answer) ? answer : Machine.Deadline;

    private void Answer()
    {
        while (Unanswered.TryPeek(out var order, out var at) && at <= Now)
        {
            Unanswered.Dequeue();
            Machine.Answered(order);
        }
    }

    private void Settle()
    {
        var isFirst = true;
        do
        {
            Answer();
            var news = Machine.Settle(Now);
            News.AddRange(news.Links);
            Refusals.AddRange(news.Refusals);
            if (!news.Orders.IsEmpty && isFirst)
            {
                LastOrders.Clear();
                isFirst = false;
            }

            foreach (var order in news.Orders)
            {
                LastOrders.Add(order);
                Orders[order.Switch] = order;
                if (ConfirmsIn(order.Switch) is { } time)
                {
                    Unanswered.Enqueue(order, Now + time);
                }
            }
        }
        while (Unanswered.TryPeek(out _, out var at) && at <= Now);
    }
}
