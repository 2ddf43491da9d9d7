using AgentFunctions.Benchmarks.Agent;
using AgentFunctions.Benchmarks.Cold;
using AgentFunctions.Benchmarks.Engine;
using AgentFunctions.Benchmarks.Folders;
using AgentFunctions.Benchmarks.Live;
using AgentFunctions.Benchmarks.Policy;
using AgentFunctions.Benchmarks.Streams;
using AgentFunctions.Benchmarks.Swarm;

return args switch
{
    ["policy"] => PolicyBenchmark.Run(),
    ["folder"] => FolderBenchmark.Run(),
    ["engine", .. string[] rest] => await EngineBenchmark.RunAsync(EngineArguments.Parse(rest)),
    [FanOutProcess.Verb, string dataFile] => await FanOutProcess.RunAsync(dataFile),
    ["agent", .. string[] rest] => await AgentBenchmark.RunAsync(rest),
    ["cold", .. string[] rest] => await ColdBenchmark.RunAsync(ColdArguments.Parse(rest)),
    [ColdProcess.Empty] => 0,
    [ColdProcess.EmptyHost] => await ColdProcess.RunEmptyHostAsync(),
    [ColdProcess.Agent, var dataFile] => await ColdProcess.RunAgentAsync(dataFile),
    ["live", .. string[] rest] => await LiveBenchmark.RunAsync(rest),
    ["long", .. string[] rest] => await LongRun.RunAsync(rest),
    [LongRunProcess.Verb, var file, var endpoint, var window, var resultLength] =>
        await LongRunProcess.RunAsync(file, endpoint, window, resultLength),
    ["swarm", .. string[] rest] => await SwarmBenchmark.RunAsync(SwarmArguments.Parse(rest)),
    [SwarmModelProcess.Verb, .. string[] rest] => await SwarmModelProcess.RunAsync(SwarmArguments.Parse(rest)),
    ["streams", .. string[] rest] => await StreamsBenchmark.RunAsync(rest),
    [StreamsHost.Verb, var folder] => await StreamsHost.RunAsync(folder),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: engine [--memory] [--data DIRECTORY] [--parked COUNT] | policy | folder | agent [--turns COUNT] [--data DIRECTORY]"
        + " | cold [--rounds COUNT] [--program ASSEMBLY] | live [--runs COUNT] [--turns COUNT] [--rounds COUNT] [--data DIRECTORY]"
        + " | long [--turns COUNT] [--kills COUNT] [--window TOKENS] [--result CHARACTERS] [--compactions COUNT] [--data DIRECTORY]"
        + " | swarm [--children COUNT] [--turns COUNT] [--latency MILLISECONDS] [--concurrent COUNT] [--stream]"
        + " [--warm-ups COUNT] [--rounds COUNT] [--data DIRECTORY] [--json]"
        + " | streams [--streams COUNT] [--seconds COUNT] [--kinds KIND,KIND] [--data DIRECTORY]");
    return 2;
}
