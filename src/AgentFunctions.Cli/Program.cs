using AgentFunctions.Cli.Commands;

return await CommandLine.InvokeAsync(args);
