using System.Text;
using Dwcp.Sdn.Core;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What became of the operator's wishes: options to run with, or a reason to end before anything starts.</summary>
internal abstract record Loaded
{
    private Loaded()
    {
    }

    /// <summary>All is well.</summary>
    public sealed record Ready(ControllerOptions Options) : Loaded;

    /// <summary>Help or version was asked for: a text for standard output, and exit code 0.</summary>
    public sealed record Told(string Text) : Loaded;

    /// <summary>All that is wrong: a text for standard error, and exit code <see cref="ExitCode"/>.</summary>
    public sealed record Refused(EquatableArray<ConfigurationProblem> Problems) : Loaded
    {
        public const int ExitCode = 2;

        public string Text
        {
            get
            {
                var text = new StringBuilder($"{Usage.Program}: not started, {(Problems.Count == 1 ? "one thing is" : $"{Problems.Count} things are")} wrong with its configuration\n");
                foreach (var problem in Problems)
                {
                    text.Append("  ").Append(problem).Append('\n');
                }

                return text.ToString();
            }
        }
    }
}
