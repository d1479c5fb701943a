using System.Collections.Immutable;
using System.Net.Sockets;

namespace Dwcp.Sdn.Tests.Architecture;

public class PurityTests
{
    /// <summary>The wall clock; time comes from <see cref="TimeProvider"/>, or as an argument.</summary>
    private static readonly ImmutableArray<string> WallClock =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today",
        "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
    ];

    /// <summary>What a project without sockets, clocks, files and surprises does not touch; a trailing dot means all below.</summary>
    private static readonly ImmutableArray<string> Impure =
    [
        .. WallClock,
        "System.TimeProvider.get_System", "System.Diagnostics.Stopwatch", "System.Environment.get_TickCount", "System.Environment.get_TickCount64",
        "System.Threading.Tasks.Task.Delay", "System.Threading.Thread.Sleep", "System.Threading.Timer", "System.Threading.PeriodicTimer", "System.Timers.",
        "System.Net.Sockets.", "System.Net.Http.", "System.Net.Security.", "System.Net.Dns", "System.Net.NetworkInformation.",
        "System.IO.File", "System.IO.FileInfo", "System.IO.FileStream", "System.IO.Directory", "System.IO.DirectoryInfo", "System.IO.Pipes.",
        "System.Diagnostics.Process", "System.Environment.GetEnvironmentVariable", "System.Console",
        "System.Random.get_Shared", "System.Guid.NewGuid", "System.Security.Cryptography.RandomNumberGenerator",
    ];

    /// <summary>A word for the kind of an address, without which one cannot ask IPAddress for it.</summary>
    private static readonly ImmutableArray<string> Harmless = ["System.Net.Sockets.AddressFamily"];

    [Theory]
    [InlineData("Dwcp.Sdn.Core")]
    [InlineData("Dwcp.Sdn.Pipeline")]
    [InlineData("Dwcp.Sdn.Fabric")]
    public void What_is_pure_touches_no_socket_no_clock_and_no_file(string assembly) => Assert.Empty(Find(Impure, Beside(assembly)));

    [Theory]
    [InlineData("Dwcp.Sdn.Bgp")]
    [InlineData("Dwcp.Sdn.Southbound")]
    [InlineData("Dwcp.Sdn.Store")]
    [InlineData("Dwcp.Sdn.Pki")]
    [InlineData("Dwcp.Sdn.Northbound")]
    [InlineData("Dwcp.Sdn.Grpc")]
    [InlineData("dwcp-controller")]
    [InlineData("dwcpctl")]
    public void Nobody_reads_the_wall_clock_but_through_a_TimeProvider(string assembly) => Assert.Empty(Find(WallClock, Beside(assembly)));

    [Fact]
    public void What_an_impure_assembly_touches_is_found()
    {
        Assert.Equal(
        [
            "System.DateTime.get_UtcNow", "System.Environment.get_TickCount64", "System.IO.File", "System.IO.File.Exists",
            "System.Net.Sockets.Socket", "System.Net.Sockets.Socket..ctor", "System.Threading.Tasks.Task.Delay", "System.TimeProvider.get_System",
        ], Find(Impure, typeof(Wrong).Assembly.Location).Intersect(Wrong.Uses).Order(StringComparer.Ordinal));
        Assert.Contains("System.DateTime.get_UtcNow", Find(WallClock, typeof(Wrong).Assembly.Location));
    }

    private static string Beside(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly + ".dll");

    private static IEnumerable<string> Find(ImmutableArray<string> forbidden, string assembly) =>
        AssemblyUses.Of(assembly).Where(use => !Harmless.Contains(use) && forbidden.Any(f =>
            f.EndsWith('.') ? use.StartsWith(f, StringComparison.Ordinal) : use == f || use.StartsWith(f + ".", StringComparison.Ordinal)));

    /// <summary>Does what the pure projects must not.</summary>
    private static class Wrong
    {
        public static readonly ImmutableArray<string> Uses =
        [
            "System.DateTime.get_UtcNow", "System.Environment.get_TickCount64", "System.IO.File", "System.IO.File.Exists",
            "System.Net.Sockets.Socket", "System.Net.Sockets.Socket..ctor", "System.Threading.Tasks.Task.Delay", "System.TimeProvider.get_System",
        ];

        public static async Task<bool> DoAsync()
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            return File.Exists("x") && DateTime.UtcNow.Ticks > Environment.TickCount64;
        }
    }
}
