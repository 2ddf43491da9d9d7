using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Benchmarks.Policy;

return args switch
{
    ["policy"] => PolicyBenchmark.Run(),
    ["engine", .. string[] rest] => await EngineBenchmark.RunAsync(EngineArguments.Parse(rest)),
    [FanOutProcess.Verb, string dataFile] => await FanOutProcess.RunAsync(dataFile),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: engine [--memory] [--data DIRECTORY] [--parked COUNT] | policy");
    return 2;
}
