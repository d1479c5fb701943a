using Dwcp.Sdn.SystemTests.Bgp;

namespace Dwcp.Sdn.SystemTests.Evpn;

/// <summary>A gobgpd on a lab's networks that reflects between its clients and keeps their routes while they restart.</summary>
internal sealed class Reflector : LabNode
{
    private Reflector(Lab lab, int number)
        : base(lab, number)
    {
    }

    public static async Task<Reflector> UpAsync(Lab lab, int number, params string[] clients)
    {
        var reflector = new Reflector(lab, number);
        try
        {
            await reflector.CableAsync();
            var file = Path.Combine(reflector.Directory, "gobgpd.toml");
            File.WriteAllText(file, GoBgp.Configuration($"{reflector.Underlay}", $"{reflector.Management}", 179, 60, ["l2vpn-evpn"], false, clients));
            reflector.Start("gobgpd", "-f", file, "-t", "toml", "--api-hosts", "127.0.0.1:50051", "--pprof-disable");
            return reflector;
        }
        catch
        {
            await reflector.DisposeAsync();
            throw;
        }
    }

    public Task<string> ShowAsync(params string[] arguments) => InAsync(["gobgp", .. arguments]);
}
