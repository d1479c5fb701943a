using System.Text.RegularExpressions;
using Dwcp.Sdn.Core;
using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.SystemTests.Pipeline;

/// <summary>A network with thousands of ports, or of VTEPs, on one real switch: the last of them gets a broadcast as the first does.</summary>
public partial class CrowdedNetworkTests
{
    private const int Seen = 90;
    private static readonly PortNumber From = new(4);

    [Theory]
    [InlineData(1000)]
    [InlineData(5000)]
    public async Task A_broadcast_comes_out_of_every_port(int count)
    {
        await using var real = await RealSwitch.StartAsync("00000000000000c1");

        // The last ports of the list are ports that the switch has, p5 and on.
        await real.ProgramAsync(Plan([.. Enumerable.Range(1, count).Select(n => (uint)n)], [], n => n == 1 ? From : new PortNumber((uint)(n + Seen > count ? n + Seen - count + 4 : 30_000 + n))));
        Send(real);

        foreach (var port in Enumerable.Range(5, Seen))
        {
            Assert.Equal(1, Sent(real, $"p{port}"));
        }
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(5000)]
    public async Task A_broadcast_goes_to_every_VTEP(int count)
    {
        await using var real = await RealSwitch.StartAsync("00000000000000c2");

        // The last ones of the list are in the underlay that the switch has.
        var vteps = Enumerable.Range(1, count - Seen).Select(n => IpAddress.V4(0xc612_0000 + (uint)n)).Concat(Enumerable.Range(1, Seen).Select(n => IpAddress.V4(0xcb00_7100 + (uint)n))).ToEquatableArray();
        real.Know(vteps.Items[^Seen..]);
        await real.ProgramAsync(Plan([1], vteps, _ => From));
        var before = Sent(real, "u1");
        Send(real);

        Assert.Equal(Seen, Sent(real, "u1") - before);
    }

    private static SwitchPlan Plan(EquatableArray<uint> ports, EquatableArray<IpAddress> vteps, Func<int, PortNumber> numberOf)
    {
        var plan = new SwitchPlan();
        var vni = new Vni(100);
        Need[] needs =
        [
            new BaseNeed(), new TunnelPortNeed(FakeSwitch.TunnelPort), new NetworkNeed(1, vni, 0, FloodUnknown: false, []), new FloodNeed(1, vni, ports, vteps),
            .. ports.Select(n => new LocalPortNeed(n, numberOf((int)n), 1, 0, MacOf(n), [], PortSecurity: true, AnswerArp: false)),
        ];
        foreach (var need in needs)
        {
            plan.Set(need);
        }

        return plan;
    }

    private static MacAddress MacOf(uint port) => new(0x0200_0000_0000ul + port);

    private static void Send(RealSwitch real) => real.Receive(
        From, Frames.Udp(MacAddress.Broadcast, MacOf(1), IpAddress.Parse("10.0.0.1"), IpAddress.Parse("255.255.255.255")));

    private static int Sent(RealSwitch real, string port) => int.Parse(Transmitted().Match(real.Counters(port)).Groups[1].Value);

    [GeneratedRegex(@"tx pkts=(\d+)")]
    private static partial Regex Transmitted();
}
