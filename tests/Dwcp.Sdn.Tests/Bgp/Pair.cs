using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Bgp.Session;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>Two state machines joined by links in memory, under a clock that jumps from one event to the next.</summary>
internal sealed class Pair
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(5);

    private readonly PriorityQueue<Action, (TimeSpan At, int Order)> due = new();
    private readonly Dictionary<int, bool> links = []; // Whether octets still pass.
    private int order;
    private int link;

    public Pair(Func<PeerSettings, PeerSettings>? left = null, Func<PeerSettings, PeerSettings>? right = null)
    {
        Left = new(this, "10.0.0.1", (left ?? (s => s))(Settings("10.0.0.2")));
        Right = new(this, "10.0.0.2", (right ?? (s => s))(Settings("10.0.0.1")));
        Left.Other = Right;
        Right.Other = Left;
    }

    public Side Left { get; }

    public Side Right { get; }

    public TimeSpan Now { get; private set; }

    /// <summary>Connections come about.</summary>
    public bool Reachable { get; set; } = true;

    public void Start()
    {
        Left.Post(new PeerEvent.Start());
        Right.Post(new PeerEvent.Start());
    }

    /// <summary>From now on nothing arrives, and nobody is told.</summary>
    public void Cut()
    {
        Reachable = false;
        foreach (var id in links.Keys)
        {
            links[id] = false;
        }
    }

    public void Run(TimeSpan until)
    {
        while (true)
        {
            var timer = new[] { Left, Right }.Where(s => s.Machine.Deadline is not null).MinBy(s => s.Machine.Deadline);
            var next = due.TryPeek(out _, out var first) ? first.At : TimeSpan.MaxValue;
            if (timer?.Machine.Deadline is { } deadline && deadline < next)
            {
                if (deadline > until)
                {
                    break;
                }

                Now = deadline > Now ? deadline : Now;
                timer.Apply(new PeerEvent.Tick());
                continue;
            }

            if (next > until)
            {
                break;
            }

            Now = next;
            due.Dequeue()();
        }

        Now = until;
    }

    private void At(TimeSpan at, Action what) => due.Enqueue(what, (at, order++));

    private static PeerSettings Settings(string address) => new() { Id = address, Address = IpAddress.Parse(address), RemoteAs = new Asn(65000) };

    /// <summary>One of the two, and all that its machine asked for.</summary>
    internal sealed class Side(Pair pair, string id, PeerSettings settings)
    {
        private readonly HashSet<int> open = [];
        private bool dialing;

        public PeerMachine Machine { get; private set; } = new(new SpeakerSettings(new Asn(65000), IpAddress.Parse(id)), settings);

        public Side Other { get; set; } = null!;

        public List<PeerAction> Did { get; } = [];

        public IEnumerable<Notification> Said => Did.OfType<PeerAction.Send>()
            .Where(s => s.Message[18] == (byte)MessageType.Notification)
            .Select(s => Notification.Read(s.Message.AsSpan()[19..]));

        public int Dials => Did.OfType<PeerAction.Dial>().Count();

        public BgpPhase Phase => Machine.Phase;

        public void Post(PeerEvent e) => pair.At(pair.Now, () => Apply(e));

        public void Apply(PeerEvent e)
        {
            (Machine, var actions) = Machine.On(e, pair.Now);
            foreach (var action in actions)
            {
                Did.Add(action);
                Perform(action);
            }
        }

        private void Perform(PeerAction action)
        {
            switch (action)
            {
                case PeerAction.Dial:
                    dialing = true;
                    pair.At(pair.Now + Latency, Connect);
                    break;
                case PeerAction.AbandonDial:
                    dialing = false;
                    break;
                case PeerAction.Send { Link: var to, Message: var message }:
                    pair.At(pair.Now + Latency, () =>
                    {
                        if (pair.links[to] && Other.open.Contains(to))
                        {
                            Other.Read(to, message.AsSpan().ToArray());
                        }
                    });
                    break;
                case PeerAction.Close { Link: var gone }:
                    open.Remove(gone);
                    pair.At(pair.Now + Latency, () =>
                    {
                        if (pair.links[gone] && Other.open.Remove(gone))
                        {
                            Other.Apply(new PeerEvent.Closed(gone));
                        }
                    });
                    break;
            }
        }

        private void Connect()
        {
            if (!dialing)
            {
                return;
            }

            dialing = false;
            if (!pair.Reachable)
            {
                Apply(new PeerEvent.DialFailed());
                return;
            }

            var made = ++pair.link;
            pair.links[made] = true;
            open.Add(made);
            Other.open.Add(made);
            pair.At(pair.Now, () => Other.Apply(new PeerEvent.Accepted(made)));
            Apply(new PeerEvent.Dialed(made));
        }

        private void Read(int from, byte[] bytes)
        {
            Assert.Null(BgpMessage.Frame(bytes, BgpMessage.Longest, out var length, out var type));
            Assert.Equal(bytes.Length, length);
            var body = bytes.AsSpan(19);
            Apply(type switch
            {
                MessageType.Open => OpenMessage.Read(body, out var fault) is { } message ? new PeerEvent.Opened(from, message) : new PeerEvent.Malformed(from, fault!),
                MessageType.Keepalive => new PeerEvent.Kept(from),
                MessageType.Notification => new PeerEvent.Notified(from, Notification.Read(body)),
                _ => new PeerEvent.Heard(from),
            });
        }
    }
}
