using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Dwcp.Sdn.SystemTests.Bridges;

/// <summary>BFD between two hosts, over a tunnel that was asked for on both.</summary>
public sealed class BfdTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_tunnel_between_two_hosts_is_up_and_its_loss_is_told()
    {
        await using var lab = await Lab.UpAsync("--hosts", "2");
        await using var controller = await ControllerProcess.StartAsync(lab);
        var vteps = new Dictionary<string, string>();
        foreach (var host in new[] { "h1", "h2" })
        {
            vteps[host] = (await lab.VsctlAsync(host, "get", "open", ".", "external_ids:dwcp-vtep-ip")).Trim('"');
            await lab.VsctlAsync(host, "set-manager", $"tcp:{controller.Ovsdb}");
        }

        foreach (var (host, other) in new[] { ("h1", "h2"), ("h2", "h1") })
        {
            var body = $$$"""
                {"switch": "{{{host}}}", "name": "br-x", "ports": [
                  {"name": "to-{{{other}}}", "type": "GENEVE", "options": {"remote_ip": "{{{vteps[other]}}}", "key": "77"}, "bfd": {"minRxMs": 200, "minTxMs": 200}}]}
                """;
            using var answer = await controller.Http.PutAsync($"/v1/bridges/{host}-x", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        await UntilAsync(controller, "h1-x", "up", "AsExpected");
        await UntilAsync(controller, "h2-x", "up", "AsExpected");

        await lab.VsctlAsync("h2", "set", "interface", "to-h1", "options:remote_ip=192.0.2.250", "--", "set", "bridge", "br-x", "other_config:by=hand");
        await UntilAsync(controller, "h1-x", "up", "AsExpected"); // The controller has put it right again.
        await lab.KillHostAsync("h2");
        await UntilAsync(controller, "h1-x", "down", "BfdDown");
    }

    private static async Task UntilAsync(ControllerProcess controller, string id, string state, string degraded)
    {
        JsonNode? last = null;
        for (var deadline = DateTime.UtcNow + Patience; ; await Task.Delay(200))
        {
            last = (await controller.Http.GetFromJsonAsync<JsonNode>($"/v1/bridges/{id}"))!["status"]!;
            var reason = (string?)last["conditions"]!.AsArray().First(c => (string)c!["type"]! == "Degraded")!["reason"];
            if ((string?)last["ports"]![0]!["bfd"]!["state"] == state && reason == degraded)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, $"BFD is not {state}: {last.ToJsonString()}");
        }
    }
}
