using AgentFunctions.Benchmarks.Engine;

return args switch
{
    ["engine", .. string[] rest] => await EngineBenchmark.RunAsync(EngineArguments.Parse(rest)),
    [FanOutProcess.Verb, string dataFile] => await FanOutProcess.RunAsync(dataFile),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: engine [--memory] [--data DIRECTORY] [--parked COUNT]");
    return 2;
}
