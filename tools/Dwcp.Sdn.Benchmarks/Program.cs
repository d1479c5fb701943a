using Dwcp.Sdn.Benchmarks;

// One line per verb; further arguments are the verb's own.
(string Verb, string What, Func<string[], Task<int>> RunAsync)[] verbs =
[
    ("store", "[DIR]: durable commits per second at 1, 8 and 64 writers; reading 100,000 keys", StoreBenchmark.RunAsync),
    ("planner", ": judging, planning and compiling the change of one port in fabrics of 10 to 10,000 ports", PlannerBenchmark.RunAsync),
    ("programmed", "API PORT [CHANGES]: from PUT of a bound port to its Programmed condition, on a running controller", ProgrammedBenchmark.RunAsync),
    ("flows", "ADDR:PORT BRIDGE [FLOWS]: flows per second into the real switch that connects there, beside ovs-ofctl", FlowsBenchmark.RunAsync),
    ("bgp", "[ROUTES] [dwcp,frr,gobgp] [load|mesh]: loads, single changes, memory and a mesh through each reflector in turn", BgpBenchmark.RunAsync),
    ("bgp-switch", "API ADDR:PORT SWITCH NETWORK [CHANGES] [BURST]: from a Type-2 route to its flows on a real switch, one by one and in a burst", BgpSwitchBenchmark.RunAsync),
    ("openflow", "[CASE…]: packet-ins answered per second beside ovs-testcontroller, handshakes, idle switches", OpenFlowBenchmark.RunAsync),
    ("api", "HTTP GRPC: calls, messages and requests per second of a running controller, beside grpcio; changes to 1,000 watchers", ApiBenchmark.RunAsync),
    ("store-writer", "FILE WRITERS [COMMITS]: commits until killed and prints each acknowledgement (for tests)", StoreWriter.RunAsync),
    ("store-shell", "FILE: put, list and close from standard input (for tests)", StoreShell.RunAsync),
];

foreach (var (verb, _, runAsync) in verbs)
{
    if (args is [var asked, ..] && asked == verb)
    {
        return await runAsync(args[1..]);
    }
}

Console.Error.WriteLine("usage: dotnet run -c Release --project tools/Dwcp.Sdn.Benchmarks -- VERB …");
foreach (var (verb, what, _) in verbs)
{
    Console.Error.WriteLine($"  {verb} {what}");
}

return 2;
