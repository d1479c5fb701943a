using System.Net;
using Dwcp.Sdn.Bgp;
using Dwcp.Sdn.Core.Evpn;
using Dwcp.Sdn.Core.Net;

namespace Dwcp.Sdn.Tests.Bgp;

/// <summary>What a speaker imports, as the fabric would hold it.</summary>
internal sealed class Imported : IRouteSink
{
    private readonly Dictionary<string, LearnedRoute> routes = [];
    private readonly HashSet<string> synchronised = [];

    public void Deliver(IReadOnlyList<RouteChange> changes)
    {
        lock (routes)
        {
            foreach (var (route, learned) in changes)
            {
                // Withdrawn routes come without their labels.
                var name = KeyOf(route);
                if (learned is null)
                {
                    Assert.True(routes.Remove(name), $"{name} was withdrawn but never delivered");
                }
                else
                {
                    routes[name] = learned;
                }
            }
        }
    }

    public void PeerSynchronised(string peer)
    {
        lock (routes)
        {
            synchronised.Add(peer);
        }
    }

    public bool IsSynchronised(string peer)
    {
        lock (routes)
        {
            return synchronised.Contains(peer);
        }
    }

    public IReadOnlyList<LearnedRoute> Routes
    {
        get
        {
            lock (routes)
            {
                return [.. routes.Values];
            }
        }
    }

    private static string KeyOf(Route route) => route switch
    {
        MacIpRoute r => r.Key.ToString(),
        IpPrefixRoute r => r.Key.ToString(),
        _ => route.ToString()!,
    };
}

/// <summary>Speakers on loopback addresses of their own, joined by real TCP.</summary>
internal static class Peering
{
    public static readonly Asn As = new(65000);
    public static readonly RouteTarget Target = RouteTarget.Parse("65000:100");

    public static BgpSpeaker Speaker(string id, IRouteSink? sink = null, Asn? asn = null, Action<BgpEvent>? events = null) =>
        new(new SpeakerSettings(asn ?? As, IpAddress.Parse(id)), sink ?? new Imported(), events ?? (_ => { }), TimeProvider.System);

    public static Task<IPEndPoint> ListenAsync(this BgpSpeaker speaker, string address) => speaker.ListenAsync(new IPEndPoint(IPAddress.Parse(address), 0));

    public static PeerSettings To(IPEndPoint at, string from, Asn? asn = null) => new()
    {
        Id = at.Address.ToString(),
        Address = IpAddress.From(at.Address),
        Port = (ushort)at.Port,
        LocalAddress = IpAddress.Parse(from),
        RemoteAs = asn ?? As,
        LongestRetry = TimeSpan.FromMilliseconds(100),
    };

    public static PeerSettings From(string address, Asn? asn = null) => new()
    {
        Id = address,
        Address = IpAddress.Parse(address),
        RemoteAs = asn ?? As,
        Passive = true,
        RouteReflectorClient = true,
    };

    public static OriginatedRoute Host(int number, string vtep = "192.0.2.1", uint sequence = 0, uint vni = 100) => new(
        new MacIpRoute(
            new(RouteDistinguisher.Of(IpAddress.Parse(vtep), 1), 0, new MacAddress(0x0200_0000_0000 + (ulong)number), IpAddress.V4(0x0a00_0000 + (uint)number)),
            EthernetSegment.None, new Vni(vni), null),
        new PathAttributes
        {
            NextHop = IpAddress.Parse(vtep),
            ExtendedCommunities =
            [
                ExtendedCommunity.Of(Target),
                ExtendedCommunity.Of(TunnelEncapsulation.Vxlan),
                .. sequence == 0 ? Array.Empty<ExtendedCommunity>() : [ExtendedCommunity.Mobility(new(sequence, false))],
            ],
        },
        $"port-{number}");

    public static async Task UntilAsync(Func<bool> condition, string what, int seconds = 60)
    {
        for (var end = DateTime.UtcNow.AddSeconds(seconds); !condition();)
        {
            Assert.True(DateTime.UtcNow < end, $"waited {seconds} s for: {what}");
            await Task.Delay(5);
        }
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 60)
    {
        for (var end = DateTime.UtcNow.AddSeconds(seconds); !await condition();)
        {
            Assert.True(DateTime.UtcNow < end, $"waited {seconds} s for: {what}");
            await Task.Delay(5);
        }
    }

    public static Task UntilUpAsync(this BgpSpeaker speaker, int count = 1) => UntilAsync(
        async () => (await speaker.PeersAsync()).Count(p => p.Phase == BgpPhase.Established) == count, $"{count} sessions established");
}
