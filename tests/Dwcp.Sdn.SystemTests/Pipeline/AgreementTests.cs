using Dwcp.Sdn.Tests.Pipeline;

namespace Dwcp.Sdn.SystemTests.Pipeline;

/// <summary>The interpreter and a real Open vSwitch hold the same rules and are given the same packets: they must name the same tables, rewritten fields and outputs.</summary>
public class AgreementTests
{
    private const int PacketsOfAFabric = 50;

    private static int Fabrics => Environment.GetEnvironmentVariable("DWCP_SOAK") == "1" ? 200 : 10;

    [Fact]
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

        Assert.Equal(Dwcp.Sdn.Pipeline.Tables.All.Select(t => t.Number).ToHashSet(), visited);
    }
}
