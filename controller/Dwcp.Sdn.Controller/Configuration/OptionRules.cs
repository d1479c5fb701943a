using System.Collections.Immutable;
using System.Net;
using Dwcp.Sdn.Southbound.Ovsdb.Transport;

namespace Dwcp.Sdn.Controller.Configuration;

/// <summary>What options mean for one another: what cannot be together, and what the operator should be warned of.</summary>
internal static class OptionRules
{
    private static readonly ImmutableArray<Option<IPEndPoint>> Listeners = [Options.OpenFlow, Options.OpenFlowTls, Options.Ovsdb, Options.OvsdbTls, Options.Http, Options.Grpc, Options.Bgp];

    public static void Check(OptionValues values, List<ConfigurationProblem> problems, List<string> warnings)
    {
        ProtectHttp(values, problems);
        KeepListenersApart(values, problems);
        KeepCertificateTogether(values, problems);
        WarnOfPlainSouthbound(values, warnings);
        WarnOfUnreachableOpenFlow(values, warnings);
        WarnOfHalfTls(values, warnings);
    }

    private static void KeepCertificateTogether(OptionValues values, List<ConfigurationProblem> problems)
    {
        Option[] together = [Options.TlsCertificate, Options.TlsKey, Options.TlsCa];
        if (together.FirstOrDefault(values.Has) is { } given && together.FirstOrDefault(o => !values.Has(o)) is { } missing)
        {
            problems.Add(new(values.PlaceOf(given), $"it needs {missing.Flag} as well", $"Give {string.Join(", ", together.Select(o => o.Flag))} together, or none of them for an authority under {Options.Data.Flag}"));
        }

        if (values.Has(Options.TlsCrl) && !values.Has(Options.TlsCa))
        {
            problems.Add(new(values.PlaceOf(Options.TlsCrl), $"it needs {Options.TlsCa.Flag} as well", $"Give the authorities whose list it is, or leave it out: the authority under {Options.Data.Flag} has its own"));
        }
    }

    private static void WarnOfHalfTls(OptionValues values, List<string> warnings)
    {
        var connectsOverTls = values.Has(Options.OvsdbConnect) && values.Get(Options.OvsdbConnect).Items.Any(OvsdbDialer.IsSecure);
        if (values.Has(Options.TlsCa) && !connectsOverTls && !values.Has(Options.OpenFlowTls) && !values.Has(Options.OvsdbTls))
        {
            warnings.Add($"{Options.TlsCa.Flag} has no effect without {Options.OpenFlowTls.Flag} or {Options.OvsdbTls.Flag}");
        }

        if ((values.Has(Options.OvsdbTls) || connectsOverTls) && !values.Has(Options.OpenFlowTls))
        {
            warnings.Add($"hosts show certificates over OVSDB and their switches are told to connect without TLS; give {Options.OpenFlowTls.Flag} as well");
        }
    }

    private static void ProtectHttp(OptionValues values, List<ConfigurationProblem> problems)
    {
        // A broken --insecure-http is a problem of its own; what it was meant to allow is not guessed.
        if (!values.Has(Options.InsecureHttp) || values.Get(Options.InsecureHttp))
        {
            return;
        }

        foreach (var option in new[] { Options.Http, Options.Grpc }.Where(o => IsOpen(values, o)))
        {
            problems.Add(new(values.PlaceOf(option), $"{values.Get(option)} can be reached from other machines, with neither TLS nor authentication",
                $"Listen on 127.0.0.1, or add {Options.InsecureHttp.Flag} if strangers cannot reach that address"));
        }
    }

    private static void KeepListenersApart(OptionValues values, List<ConfigurationProblem> problems)
    {
        Option<IPEndPoint>[] known = [.. Listeners.Where(values.Has)];
        for (var i = 0; i < known.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                if (Overlap(values.Get(known[i]), values.Get(known[j])))
                {
                    problems.Add(new(values.PlaceOf(known[i]), $"{values.Get(known[i])} is taken by {known[j].Flag} ({values.Get(known[j])})", "Give each of them its own port"));
                }
            }
        }
    }

    // The unspecified IPv6 address takes the port of both families.
    private static bool Overlap(IPEndPoint a, IPEndPoint b) =>
        a.Port == b.Port && a.Port != 0 &&
        (a.Address.Equals(b.Address) || Takes(a.Address, b.Address) || Takes(b.Address, a.Address));

    private static bool Takes(IPAddress wide, IPAddress narrow) =>
        wide.Equals(IPAddress.IPv6Any) || (wide.Equals(IPAddress.Any) && (narrow.AddressFamily == wide.AddressFamily));

    private static void WarnOfPlainSouthbound(OptionValues values, List<string> warnings)
    {
        foreach (var option in new[] { Options.OpenFlow, Options.Ovsdb }.Where(o => IsOpen(values, o)))
        {
            warnings.Add($"{option.Flag} {values.Get(option)} speaks without TLS: whoever reaches it can pose as a host or a switch; keep it to a network that you trust");
        }
    }

    private static void WarnOfUnreachableOpenFlow(OptionValues values, List<string> warnings)
    {
        if (values.Has(Options.OpenFlow) && !IsOpen(values, Options.OpenFlow) && IsOpen(values, Options.Ovsdb) && !values.Has(Options.OpenFlowAdvertise))
        {
            warnings.Add($"{Options.Ovsdb.Flag} {values.Get(Options.Ovsdb)} can be reached by hosts, and {Options.OpenFlow.Flag} {values.Get(Options.OpenFlow)} cannot: " +
                $"a joining host will be told to connect where nothing listens; open {Options.OpenFlow.Flag} or give {Options.OpenFlowAdvertise.Flag}");
        }
    }

    private static bool IsOpen(OptionValues values, Option<IPEndPoint> option) =>
        values.Has(option) && !IPAddress.IsLoopback(values.Get(option).Address);
}
