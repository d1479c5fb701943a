using System.Runtime.CompilerServices;
using Dwcp.Sdn.Core.Wire;
using Dwcp.Sdn.Southbound.OpenFlow.Wire;

namespace Dwcp.Sdn.Tests.OpenFlow;

/// <summary>
/// Messages that are wrong in one place, in <c>messages.refused</c>: a line says what is wrong, the next one what the reader says of
/// it, which names the message and the field, and those under it are the octets.
/// </summary>
public sealed class RefusedTests
{
    public static TheoryData<string, string, string> All()
    {
        var data = new TheoryData<string, string, string>();
        string? what = null, said = null;
        var hex = "";
        foreach (var line in File.ReadLines(Path.Combine(Here(), "messages.refused")).Append("end"))
        {
            if (!line.StartsWith(' '))
            {
                if (said is not null)
                {
                    data.Add(what!, said, hex);
                }

                (what, said, hex) = (line, null, "");
            }
            else if (said is null)
            {
                said = line.Trim();
            }
            else
            {
                hex += line.Trim();
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(All))]
    public void What_is_wrong_is_refused_by_the_names_of_message_and_field(string what, string said, string hex)
    {
        Assert.NotEmpty(what);
        var thrown = Record.Exception(() => OfCodec.Read(Convert.FromHexString(hex), out _));
        Assert.True(thrown is WireException && thrown.Message == said, $"{hex}|{thrown?.Message}");
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
