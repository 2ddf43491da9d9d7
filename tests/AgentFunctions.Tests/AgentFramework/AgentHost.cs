using AgentFunctions.AgentFramework;
using AgentFunctions.Gateway;
using AgentFunctions.Runs;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using Microsoft.Agents.AI;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.AgentFramework;

/// <summary>A whole host whose agents are those of Agent Framework.</summary>
internal static class AgentHost
{
    public static Task<RunHost> StartAsync(AIAgent agent, Action<DurableAgentOptions>? configure = null) =>
        StartAsync(services => services.AddDurableAgent(agent, configure));

    public static Task<RunHost> StartAsync(Action<IServiceCollection> services) =>
        RunHost.StartAsync(services, static _ => ChatReply.Say("Done."));

    public static Task<Run> AskAsync(this RunHost host, string agent, string goal) =>
        host.RunAsync(goal, new RunRequest { Agent = agent });
}
