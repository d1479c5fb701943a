using System.Buffers;
using System.Text;
using Dwcp.Sdn.Core.Hosts;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.Ovsdb.Hosts;
using Dwcp.Sdn.Southbound.Ovsdb.Json;
using Dwcp.Sdn.Southbound.Ovsdb.Schema;
using Dwcp.Sdn.Southbound.Ovsdb.Session;

namespace Dwcp.Sdn.Tests.Ovsdb;

/// <summary>What a host says is changed at random: the session may end, it may show something odd, it may not break.</summary>
public sealed class HostileHostTests
{
    private const int Mutations = 20_000;

    private static readonly string[] Words =
    [
        "null", "true", "0", "-1", "1e999", "99999999999999999999", "\"\"", "\"x\"", "[]", "{}", "[\"set\",[]]", "[\"map\",[]]",
        "[\"map\",[[\"a\",1]]]", "[\"set\",[1,\"a\",true]]", "[\"uuid\",\"0f6ee8ac-1c5a-4c3e-8d4e-000000000001\"]", "[\"named-uuid\",\"a\"]", "\"\\ud800\"", "\"Bridge\"",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(20261)]
    public void No_mutation_of_a_session_breaks_it(int seed)
    {
        var recorded = Record();
        var random = new Random(seed);
        var (survived, ended) = (0, 0);
        for (var i = 0; i < Mutations; i++)
        {
            var victim = random.Next(recorded.Count);
            var machine = new HostMachine(new JsonRpcMachine(new(), TimeSpan.Zero), new HostTimes(), null, null);
            machine = machine.On(new HostEvent.Connected(), TimeSpan.Zero).Next;
            machine = machine.On(new HostEvent.Apply(new object(), [new CreateBridge("br-int", "netdev", BridgeFailMode.Secure)]), TimeSpan.Zero).Next;
            var closed = false;
            for (var j = 0; j <= victim && !closed; j++)
            {
                var bytes = Encoding.UTF8.GetBytes(recorded[j]);
                (machine, closed) = Hear(machine, j == victim ? Mutate(bytes, random) : bytes);
            }

            _ = closed ? ended++ : survived++;
        }

        Assert.InRange(ended, Mutations / 10, Mutations);
        Assert.InRange(survived, Mutations / 100, Mutations);
    }

    private static (HostMachine, bool Closed) Hear(HostMachine machine, byte[] bytes)
    {
        HostEvent e;
        try
        {
            e = new HostEvent.Received(JsonRpcMessage.Read(bytes));
        }
        catch (WireException nonsense)
        {
            e = new HostEvent.Lost(nonsense.Message);
        }

        (machine, var heard) = machine.On(e, TimeSpan.Zero);
        (machine, var settled) = machine.On(new HostEvent.Settled(), TimeSpan.Zero);
        return (machine, heard.Concat(settled).Any(action => action is HostAction.Close));
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

    private static byte[] Mutate(byte[] bytes, Random random)
    {
        var text = Encoding.UTF8.GetString(bytes);
        switch (random.Next(4))
        {
            case 0: // One byte.
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
            case 1: // A cut.
                return bytes[..random.Next(bytes.Length)];
            case 2: // A word for a string or a number.
                return Encoding.UTF8.GetBytes(Replace(text, random, static c => c is '"' or ':' or ','));
            default: // A word for a whole array or object.
                return Encoding.UTF8.GetBytes(Replace(text, random, static c => c is '[' or '{'));
        }
    }

    private static string Replace(string text, Random random, Func<char, bool> start)
    {
        var starts = Enumerable.Range(0, text.Length).Where(i => start(text[i])).ToList();
        var from = starts[random.Next(starts.Count)];
        from += text[from] is ':' or ',' ? 1 : 0;
        return string.Concat(text.AsSpan(0, from), Words[random.Next(Words.Length)], text.AsSpan(EndOf(text, from)));
    }

    /// <summary>Where the value that starts here ends.</summary>
    private static int EndOf(string text, int from)
    {
        var (depth, quoted) = (0, false);
        for (var i = from; i < text.Length; i++)
        {
            quoted ^= text[i] == '"';
            if (!quoted)
            {
                depth += text[i] is '[' or '{' ? 1 : text[i] is ']' or '}' ? -1 : 0;
                if (depth < 0 || (depth == 0 && text[i] is ','))
                {
                    return i;
                }

                if (depth == 0 && text[i] is ']' or '}' or '"')
                {
                    return i + 1;
                }
            }
        }

        return text.Length;
    }
}
