using System.Buffers;
using System.Diagnostics;
using System.Text;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;
using Xunit.Abstractions;

namespace Dwcp.Sdn.Tests.Ovsdb;

/// <summary>What a host says is changed at random: the session may end, it may show something odd, it may not break.</summary>
[Collection(nameof(Alone))]
public sealed class HostileHostTests(ITestOutputHelper output)
{
    private static readonly int Mutations = Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 5_000_000 : 200_000;

    private static readonly TimeSpan Hang = TimeSpan.FromMilliseconds(100);

    /// <summary>The seed is printed; with DWCP_SEED the same mutations come again.</summary>
    [Fact]
    [Trait("Category", "Soak")]
    public void No_mutation_of_a_session_breaks_it_or_holds_it_up_or_stays_in_memory()
    {
        var seed = Seed.OfThisRun;
        output.WriteLine($"DWCP_SEED={seed}");
        var random = new Random(seed);
        var mutator = new JsonMutator(random);
        var stages = Stages();
        var (survived, ended, slow) = (0, 0, 0);
        var before = 0L;
        for (var i = 0; i < Mutations; i++)
        {
            var (machine, message) = stages[random.Next(stages.Count)];
            var bytes = mutator.Mutate(message);
            var started = Stopwatch.GetTimestamp();
            try
            {
                _ = Hear(machine, bytes, random).Closed ? ended++ : survived++;
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, mutation {i}: {e}\n{Encoding.UTF8.GetString(bytes)}");
            }

            // A pause of the machine that runs the tests is no hang of ours: what is slow must be so again.
            if (Stopwatch.GetElapsedTime(started) > Hang)
            {
                started = Stopwatch.GetTimestamp();
                Hear(machine, bytes, random);
                slow += Stopwatch.GetElapsedTime(started) > Hang ? 1 : 0;
            }

            before = i == Mutations / 4 ? GC.GetTotalMemory(true) : before;
        }

        var growth = GC.GetTotalMemory(true) - before;
        output.WriteLine($"{Mutations} mutations: {ended} ended the session, {survived} did not, {slow} took more than {Hang.TotalMilliseconds} ms twice, memory grew by {growth} bytes");
        Assert.InRange(ended, Mutations / 10, Mutations);
        Assert.InRange(survived, Mutations / 100, Mutations);
        Assert.Equal(0, slow);
        Assert.InRange(growth, long.MinValue, 16 << 20);
    }

    /// <summary>The session before each message of an honest host, and that message.</summary>
    private static List<(HostMachine Before, byte[] Message)> Stages()
    {
        var stages = new List<(HostMachine, byte[])>();
        var machine = new HostMachine(new JsonRpcMachine(new(), TimeSpan.Zero), new HostTimes(), null, null);
        machine = machine.On(new HostEvent.Connected(), TimeSpan.Zero).Next;
        machine = machine.On(new HostEvent.Apply(new object(), [new CreateBridge("br-int", "netdev", BridgeFailMode.Secure)]), TimeSpan.Zero).Next;
        foreach (var bytes in Record().Select(Encoding.UTF8.GetBytes))
        {
            stages.Add((machine, bytes));
            machine = machine.On(new HostEvent.Received(JsonRpcMessage.Read(bytes)), TimeSpan.Zero).Next;
            machine = machine.On(new HostEvent.Settled(), TimeSpan.Zero).Next;
        }

        return stages;
    }

    /// <summary>What the peer's bytes, in two pieces, do to a session.</summary>
    private static (HostMachine, bool Closed) Hear(HostMachine machine, byte[] bytes, Random random)
    {
        var did = new List<HostAction>();
        try
        {
            using var framer = new JsonFramer(JsonLimits.Default);
            var split = random.Next(bytes.Length + 1);
            foreach (var piece in new[] { bytes[..split], bytes[split..] })
            {
                for (var rest = piece.AsMemory(); !rest.IsEmpty;)
                {
                    var free = framer.Free();
                    var count = Math.Min(free.Length, rest.Length);
                    rest[..count].CopyTo(free);
                    framer.Received(count);
                    rest = rest[count..];
                    while (framer.TryTake(out var message))
                    {
                        (machine, var heard) = machine.On(new HostEvent.Received(JsonRpcMessage.Read(message.Span)), TimeSpan.Zero);
                        did.AddRange(heard);
                    }
                }
            }
        }
        catch (WireException nonsense)
        {
            (machine, var lost) = machine.On(new HostEvent.Lost(nonsense.Message), TimeSpan.Zero);
            did.AddRange(lost);
        }

        (machine, var settled) = machine.On(new HostEvent.Settled(), TimeSpan.Zero);
        return (machine, did.Concat(settled).Any(action => action is HostAction.Close));
    }

    /// <summary>Everything that an honest host says while it joins and gets a bridge.</summary>
    private static List<string> Record()
    {
        var database = new FakeOvsdb();
        var (bridge, port) = (Guid.NewGuid(), Guid.NewGuid());
        database.Set("Bridge", bridge, ("name", OvsdbSet.Of("br-ext")), ("other_config", new OvsdbMap([new(OvsdbAtom.Of("a"), OvsdbAtom.Of("b"))])));
        database.Set("Port", port, ("name", OvsdbSet.Of("eth1")), ("tag", new OvsdbSet([OvsdbAtom.Of(7)])));
        database.Set("Open_vSwitch", FakeOvsdb.Root, ("bridges", new OvsdbSet([OvsdbAtom.Of(bridge)])));
        var recorded = new List<string>();
        var machine = new HostMachine(new JsonRpcMachine(new(), TimeSpan.Zero), new HostTimes(), null, null);
        Step(new HostEvent.Connected());
        Step(new HostEvent.Apply(new object(), [new CreateBridge("br-int", "netdev", BridgeFailMode.Secure)]));
        Listen();
        database.Set("Bridge", bridge, ("ports", new OvsdbSet([OvsdbAtom.Of(port)])), ("other_config", null));
        database.ApplyConfig();
        Listen();
        Assert.InRange(recorded.Count, 6, 20);
        return recorded;

        void Listen()
        {
            while (database.Out.TryDequeue(out var message))
            {
                var bytes = new ArrayBufferWriter<byte>();
                message.Write(bytes);
                recorded.Add(Encoding.UTF8.GetString(bytes.WrittenSpan));
                Step(new HostEvent.Received(message));
            }
        }

        void Step(HostEvent e)
        {
            (machine, var actions) = machine.On(e, TimeSpan.Zero);
            foreach (var send in actions.OfType<HostAction.Send>())
            {
                database.Take(send.Message);
            }
        }
    }
}

/// <summary>Tests that measure memory run after the others and one by one.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
