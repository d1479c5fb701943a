using Dwcp.Sdn.Cli;

return await new CommandLine(Shell.OfProcess()).RunAsync(args);
