using System.Reflection;
using System.Xml.Linq;

namespace Dwcp.Sdn.Tests.Architecture;

public class SummaryTests
{
    [Theory]
    [InlineData("Dwcp.Sdn.Core")]
    [InlineData("Dwcp.Sdn.Pipeline")]
    [InlineData("Dwcp.Sdn.Fabric")]
    [InlineData("Dwcp.Sdn.Bgp")]
    [InlineData("Dwcp.Sdn.Southbound")]
    [InlineData("Dwcp.Sdn.Store")]
    [InlineData("Dwcp.Sdn.Northbound")]
    [InlineData("Dwcp.Sdn.Grpc")]
    [InlineData("Dwcp.Sdn.Api")]
    [InlineData("dwcp-controller")]
    [InlineData("dwcpctl")]
    public void Every_public_type_says_what_it_is_for(string assembly)
    {
        var loaded = Assembly.Load(assembly);

        Assert.Empty(Summaries.Missing(loaded.GetTypes(), Summaries.DocumentationOf(loaded)));
    }

    [Fact]
    public void A_public_type_without_a_summary_is_found()
    {
        var documentation = XDocument.Parse("""
            <doc><members>
                <member name="T:Dwcp.Sdn.Tests.Architecture.LayerTests"><summary> </summary></member>
                <member name="T:Dwcp.Sdn.Tests.Architecture.PurityTests"><summary>Says it.</summary></member>
                <member name="T:Dwcp.Sdn.Tests.Architecture.SummaryTests"><remarks>Says something else.</remarks></member>
            </members></doc>
            """);

        Assert.Equal(["Dwcp.Sdn.Tests.Architecture.LayerTests", "Dwcp.Sdn.Tests.Architecture.SummaryTests"],
            Summaries.Missing([typeof(LayerTests), typeof(PurityTests), typeof(SummaryTests), typeof(Summaries)], documentation));
    }

    [Fact]
    public void A_case_needs_no_summary_of_its_own_and_its_family_does() =>
        Assert.Equal(["Dwcp.Sdn.Tests.Architecture.SummaryTests.Family", "Dwcp.Sdn.Tests.Architecture.SummaryTests.Family.Stray"],
            Summaries.Missing([typeof(Family), typeof(Family.Case), typeof(Family.Stray)], XDocument.Parse("<doc/>")));

    public abstract record Family
    {
        public sealed record Case : Family;

        public sealed record Stray;
    }
}
