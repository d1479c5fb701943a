using Dwcp.Sdn.Core.Net;
using Dwcp.Sdn.Pipeline;
using Dwcp.Sdn.Pipeline.Interpreting;
using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.SystemTests.Pipeline;

/// <summary>The interpreter and a real Open vSwitch hold the same rules and are given the same packets: they must name the same tables, rewritten fields and outputs.</summary>
public class AgreementTests
{
    private const int PacketsOfAFabric = 50;

    private static int Fabrics => Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 200 : 10;

    [Fact]
    [Trait("Category", "Soak")]
    public async Task The_interpreter_agrees_with_a_real_switch()
    {
        await using var real = await RealSwitch.StartAsync("00000000000000b1");
        var visited = new HashSet<byte>();
        for (var seed = 1; seed <= Fabrics; seed++)
        {
            var generated = new GeneratedFabric(seed);
            real.Know(generated.Fabric.Switches.Select(s => s.Vtep));
            var packets = Enumerable.Range(0, PacketsOfAFabric).Select(_ => generated.NextPacket()).ToList();
            foreach (var at in packets.GroupBy(p => p.Switch))
            {
                var fake = generated.Fabric.Switches[at.Key];
                await real.ProgramAsync(fake.Plan);
                foreach (var (_, packet) in at)
                {
                    var said = real.Trace(packet);
                    var trace = fake.Run(packet.Copy());
                    var (expected, ours) = (RealTrace.Parse(said), RealTrace.Of(trace));
                    Assert.True(expected == ours, $"fabric {seed}\nreal {expected}\nours {ours}\nframe {Convert.ToHexStringLower(packet.Frame)}\n{said}");
                    visited.UnionWith(trace.Steps.Select(s => s.Table));
                }
            }
        }

        Assert.Equal(Tables.All.Select(t => t.Number).ToHashSet(), visited);
    }

    /// <summary>A real switch shows the ports of a first fragment only because the session asks it to.</summary>
    [Fact]
    public async Task A_guard_is_not_passed_by_sending_in_fragments()
    {
        await using var real = await RealSwitch.StartAsync("00000000000000b2");
        var fabric = new GeneratedFabric(1).Fabric;
        var host = fabric.Hosts[^1];
        await real.ProgramAsync(fabric.Switches[host.Switch].Plan);

        var offer = Frames.FirstFragment(Frames.Udp(MacAddress.Broadcast, host.Mac, host.V4, IpAddress.V4(uint.MaxValue), 67, 68));

        Assert.Contains($"reg11=0x{(int)DropReason.DhcpServer:x} ", RealTrace.Parse(real.Trace(new Packet(offer, host.OfPort))).Fields, StringComparison.Ordinal);
    }
}
