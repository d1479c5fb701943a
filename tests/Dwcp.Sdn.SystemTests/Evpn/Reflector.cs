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
            File.WriteAllText(file, reflector.Configuration(clients));
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

    private string Configuration(string[] clients) =>
        $"""
        [global.config]
        as = 65000
        router-id = "{Underlay}"
        port = 179
        local-address-list = ["{Management}"]

        """ + string.Concat(clients.Select(client =>
        $"""
        [[neighbors]]
        [neighbors.config]
        neighbor-address = "{client}"
        peer-as = 65000
        [neighbors.transport.config]
        passive-mode = true
        local-address = "{Management}"
        [neighbors.route-reflector.config]
        route-reflector-client = true
        route-reflector-cluster-id = "{Underlay}"
        [neighbors.graceful-restart.config]
        enabled = true
        restart-time = 60
        [[neighbors.afi-safis]]
        [neighbors.afi-safis.config]
        afi-safi-name = "l2vpn-evpn"
        [neighbors.afi-safis.mp-graceful-restart.config]
        enabled = true

        """));
}
