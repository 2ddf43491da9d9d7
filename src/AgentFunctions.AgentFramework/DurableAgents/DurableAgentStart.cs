using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Plans the agents when the host starts, so that what cannot be kept stops the start, and logs what differs.</summary>
internal sealed partial class DurableAgentStart(DurableAgentSet agents, ILogger<DurableAgentStart> logger) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (DurableAgent agent in agents.Agents.Values)
        {
            LogPlan(logger, agent.Plan.Name, agent.Plan.ThroughDecorators ? "through its decorators" : "directly");
            foreach (string note in agent.Plan.Notes)
            {
                LogNote(logger, agent.Plan.Name, note);
            }
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Agent '{Agent}' of Agent Framework is durable; its model is called {Way}.")]
    private static partial void LogPlan(ILogger logger, string agent, string way);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Agent '{Agent}': {Note}")]
    private static partial void LogNote(ILogger logger, string agent, string note);
}
