using System.Diagnostics;
using Dwcp.Sdn.Bgp.Wire;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Benchmarks;

/// <summary>
/// Reflection of Type-2 routes by us, FRR and GoBGP, one after another in one run: a full load, single changes on a session of
/// their own with the load held and during another load, withdrawal of all, memory, and a mesh of fifty peers from cold.
/// </summary>
internal static class BgpBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] args)
    {
        if (args is ["reflect", var at])
        {
            return await BgpReflector.RunAsync(at);
        }

        var count = args is [var n, ..] ? int.Parse(n) : 100_000;
        string[] names = args is [_, var list, ..] ? list.Split(',') : ["dwcp", "frr", "gobgp"];
        var only = args is [_, _, var what, ..] ? what : null;
        foreach (var name in names)
        {
            if (only is null or "load")
            {
                Load(name, count);
            }

            if (only is null or "mesh")
            {
                Mesh(name, 50, 1000);
            }
        }

        return 0;
    }

    private static void Load(string name, int count)
    {
        using var reflector = BgpReflector.Start(name);
        using var receiver = BgpClient.Connect(BgpReflector.Client(1), reflector.At);
        using var injector = BgpClient.Connect(BgpReflector.Client(2), reflector.At);
        using var prober = BgpClient.Connect(BgpReflector.Client(3), reflector.At);
        Thread.Sleep(3000); // FRR collects for a second after a session stands.
        var idle = reflector.Memory;
        Row(name, $"load {count}", Seconds(receiver, injector, Announcements(0, count, 0), count, withdrawn: false), "s", $"{receiver.Updates} updates");
        Thread.Sleep(1000);
        Row(name, $"memory for {count}", reflector.Memory - idle, "MiB", $"idle {idle:0}");
        var idling = Stopwatch.StartNew();
        Probe(name, "one change, idle", receiver, prober, 1000, () => idling.Elapsed > TimeSpan.FromSeconds(10));

        // Again and again with other attributes: every route changes while single changes pass.
        var loads = Enumerable.Range(1, 2).Select(g => Announcements(0, count, g)).ToArray();
        var took = new List<double>();
        var done = false;
        var loading = new Thread(() =>
        {
            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(5);)
            {
                took.Add(Seconds(receiver, injector, loads[took.Count % 2], count, withdrawn: false));
            }

            Volatile.Write(ref done, true);
        });
        loading.Start();
        Probe(name, "one change, during loads", receiver, prober, int.MaxValue, () => Volatile.Read(ref done));
        loading.Join();
        Row(name, $"change of {count}", took.Order().ElementAt(took.Count / 2), "s", $"the median of {took.Count}");
        using (var late = BgpClient.Connect(BgpReflector.Client(4), reflector.At, count))
        {
            Row(name, "Established to the first route", Stopwatch.GetElapsedTime(late.EstablishedAt, late.First(Patience)).TotalMilliseconds, "ms", "");
            Row(name, $"Established to all {count}", Stopwatch.GetElapsedTime(late.EstablishedAt, late.Arrived(Patience)).TotalMilliseconds, "ms", "");
        }

        Row(name, $"withdrawal of {count}", Seconds(receiver, injector, Withdrawals(count), count, withdrawn: true), "s", $"{receiver.Updates} updates");
        Thread.Sleep(1000);
        Row(name, "memory after it", reflector.Memory - idle, "MiB", "");
        Row(name, $"flap: {count} come again", Seconds(receiver, injector, loads[0], count, withdrawn: false), "s", "");
        receiver.Expect(count, withdrawn: true);
        var lost = Stopwatch.GetTimestamp();
        injector.Dispose();
        Row(name, "flap: and go with their session", Stopwatch.GetElapsedTime(lost, receiver.Arrived(Patience)).TotalSeconds, "s", "");
    }

    private static void Mesh(string name, int peers, int each)
    {
        using var reflector = BgpReflector.Start(name);
        var loads = Enumerable.Range(0, peers).Select(p => Announcements(p * each, each, 0)).ToArray();
        var started = Stopwatch.GetTimestamp();
        var clients = new BgpClient[peers];
        Parallel.For(0, peers, new ParallelOptions { MaxDegreeOfParallelism = 8 }, p =>
        {
            clients[p] = BgpClient.Connect(BgpReflector.Client(p + 1), reflector.At, (long)(peers - 1) * each);
            clients[p].Send(loads[p]);
        });
        try
        {
            var last = clients.Max(c => c.Arrived(Patience));
            Row(name, $"mesh of {peers} x {each}", Stopwatch.GetElapsedTime(started, last).TotalSeconds, "s", "");
        }
        finally
        {
            foreach (var client in clients)
            {
                client.Dispose();
            }
        }
    }

    private static double Seconds(BgpClient receiver, BgpClient injector, byte[] octets, int count, bool withdrawn)
    {
        receiver.Expect(count, withdrawn);
        var started = Stopwatch.GetTimestamp();
        injector.Send(octets);
        return Stopwatch.GetElapsedTime(started, receiver.Arrived(Patience)).TotalSeconds;
    }

    private static void Probe(string name, string what, BgpClient receiver, BgpClient prober, int times, Func<bool> over)
    {
        var took = new List<double>();
        for (var i = 0; i < times && !over(); i++)
        {
            var message = Update(new RouteKey[] { Key(BgpClient.ProbeRd, 1) }, Attributes(7, i + 1));
            var started = Stopwatch.GetTimestamp();
            prober.Send(message);
            if (receiver.Probed(TimeSpan.FromSeconds(30)) is not { } arrived)
            {
                throw new TimeoutException($"{name}: a change never arrived");
            }

            took.Add(Stopwatch.GetElapsedTime(started, arrived).TotalMilliseconds);
            Thread.Sleep(2);
        }

        took.Sort();
        Row(name, $"{what}, p50", took[took.Count / 2], "ms", $"{took.Count} changes");
        Row(name, $"{what}, p99", took[(int)(took.Count * 0.99)], "ms", "");
    }

    private static void Row(string name, string what, double value, string unit, string note) =>
        Console.WriteLine($"{name,-6} {what,-34} {value,10:0.000} {unit,-4} {note}");

    /// <summary>As a VTEP with its networks would say it: some 90 hosts share each set of attributes, and fill each message.</summary>
    private static byte[] Announcements(int first, int count, int generation)
    {
        var stream = new MemoryStream();
        for (var i = 0; i < count; i += 90)
        {
            var keys = Enumerable.Range(first + i, Math.Min(90, count - i)).Select(n => Key(Rd(n), n)).ToArray();
            stream.Write(Update(keys, Attributes((first + i) / 90, generation)));
        }

        return stream.ToArray();
    }

    private static byte[] Withdrawals(int count)
    {
        var stream = new MemoryStream();
        for (var i = 0; i < count; i += 90)
        {
            stream.Write(Update([.. Enumerable.Range(i, Math.Min(90, count - i)).Select(n => Key(Rd(n), n))], null));
        }

        return stream.ToArray();
    }

    private static ulong Rd(int host) => 0x0001_0a00_0000_0001 + ((ulong)(host / 90) << 16);

    private static RouteKey Key(ulong rd, int host) => RouteKey.MacIp(rd, 0, 0x0200_0000_0000 + (ulong)host, 4, 0x0a00_0000 + (uint)host);

    private static byte[] Attributes(int vtep, int sequence) => AttributeCodec.ToKept(new PathAttributes
    {
        NextHop = IpAddress.V4(0xc633_0000 + (uint)(vtep % 60000)),
        LocalPreference = 100,
        ExtendedCommunities =
        [
            new ExtendedCommunity(0x0002_fde8_0000_0000 + (ulong)(100 + (vtep % 4000))),
            ExtendedCommunity.Of(TunnelEncapsulation.Vxlan),
            .. sequence == 0 ? Array.Empty<ExtendedCommunity>() : [ExtendedCommunity.Mobility(new((uint)sequence, false))],
        ],
    });

    internal static byte[] Update(RouteKey[] keys, byte[]? kept, uint vni = 100)
    {
        var buffer = new byte[4096];
        var at = 23;
        byte[] head = kept is null ? [0x90, 15, 0, 0, 0, 25, 70] : [0x90, 14, 0, 0, 0, 25, 70, 4, .. AttributeCodec.NextHop(kept), 0];
        head.CopyTo(buffer, at);
        at += head.Length;
        foreach (var key in keys)
        {
            at += NlriWriter.Write(key, RouteBody.Of(default, vni), default, buffer.AsSpan(at));
        }

        var mp = at - 23 - 4;
        (buffer[25], buffer[26]) = ((byte)(mp >> 8), (byte)mp);
        if (kept is not null)
        {
            AttributeCodec.Attributes(kept).CopyTo(buffer.AsSpan(at));
            at += AttributeCodec.Attributes(kept).Length;
        }

        buffer.AsSpan(0, 16).Fill(255);
        (buffer[16], buffer[17], buffer[18]) = ((byte)(at >> 8), (byte)at, 2);
        (buffer[21], buffer[22]) = ((byte)((at - 23) >> 8), (byte)(at - 23));
        return buffer[..at];
    }
}
