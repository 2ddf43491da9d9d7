using AgentFunctions.DurableTask.Orchestrations;
using AgentFunctions.Gateway;

namespace Microsoft.DurableTask;

/// <summary>Runs agents from orchestrators of an app's own.</summary>
public static class TaskOrchestrationContextExtensions
{
    /// <summary>Submits a goal to an agent and waits for the outcome. The run is a sub-orchestration.</summary>
    /// <param name="context">The context of the orchestrator.</param>
    /// <param name="agent">The name of the agent.</param>
    /// <param name="goal">The goal.</param>
    /// <returns>The outcome, also of a run that failed or was stopped: see <see cref="RunAnswer.Status"/>.</returns>
    /// <exception cref="AgentFunctions.Durability.TaskFailedException">
    /// The run was not admitted, for example because the agent, its model or a tool is missing.
    /// </exception>
    public static Task<RunAnswer> RunAgentAsync(this TaskOrchestrationContext context, string agent, string goal) =>
        context.RunAgentAsync(new RunRequest { Agent = agent, Goal = goal });

    /// <summary>Submits a goal to an agent and waits for the outcome. The run is a sub-orchestration.</summary>
    /// <param name="context">The context of the orchestrator.</param>
    /// <param name="request">The goal and its limits.</param>
    /// <returns>The outcome, also of a run that failed or was stopped: see <see cref="RunAnswer.Status"/>.</returns>
    /// <exception cref="AgentFunctions.Durability.TaskFailedException">
    /// The run was not admitted, for example because the agent, its model or a tool is missing.
    /// </exception>
    public static Task<RunAnswer> RunAgentAsync(this TaskOrchestrationContext context, RunRequest request)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new DurableTaskContext(context).RunAgentAsync(request);
    }
}
