namespace Dwcp.Sdn.SystemTests;

/// <summary>The built dwcpctl, as a user of a shell has it.</summary>
internal sealed class Dwcpctl(Uri server)
{
    public static Dwcpctl Of(ControllerProcess controller) => new(controller.Http.BaseAddress!);

    /// <summary>Runs a command to its end, whatever its exit code.</summary>
    public Task<CommandResult> RunAsync(params string[] words) => Command.RunAsync(Checkout.Dwcpctl, [.. words, "--server", server.OriginalString.TrimEnd('/')]);

    /// <summary>The output of a command that has to succeed.</summary>
    public async Task<string> DoAsync(params string[] words) => (await RunAsync(words)).Succeeded();

    /// <summary>A command that goes on until the test ends it.</summary>
    public Command Start(params string[] words) => Command.Start(Checkout.Dwcpctl, [.. words, "--server", server.OriginalString.TrimEnd('/')]);
}
