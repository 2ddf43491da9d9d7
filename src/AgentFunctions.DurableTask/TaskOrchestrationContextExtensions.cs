using AgentFunctions.Durability;
using AgentFunctions.DurableTask;
using AgentFunctions.DurableTask.Activities;
using AgentFunctions.DurableTask.Orchestrations;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;

namespace Microsoft.DurableTask;

/// <summary>Agents from an app's own orchestrators.</summary>
public static class TaskOrchestrationContextExtensions
{
    /// <summary>Gives a goal to an agent and waits for what comes of it; the run is a sub-orchestration.</summary>
    /// <param name="context">The orchestrator that asks.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="goal">The goal.</param>
    /// <returns>The answer. A run that failed or was stopped is an answer too; its status says so.</returns>
    /// <exception cref="AgentFunctions.Durability.TaskFailedException">The run was not admitted: no such agent, model or tool.</exception>
    public static Task<RunAnswer> RunAgentAsync(this TaskOrchestrationContext context, string agent, string goal) =>
        context.RunAgentAsync(new RunRequest { Agent = agent, Goal = goal });

    /// <summary>Gives a goal to an agent and waits for what comes of it; the run is a sub-orchestration.</summary>
    /// <param name="context">The orchestrator that asks.</param>
    /// <param name="request">The goal, and what it may spend.</param>
    /// <returns>The answer. A run that failed or was stopped is an answer too; its status says so.</returns>
    /// <exception cref="AgentFunctions.Durability.TaskFailedException">The run was not admitted: no such agent, model or tool.</exception>
    public static async Task<RunAnswer> RunAgentAsync(this TaskOrchestrationContext context, RunRequest request)
    {
        ArgumentNullException.ThrowIfNull(context);
        var durable = new DurableTaskContext(context);
        string id = AgentFunctions.Runs.RunId.New(durable.CurrentTime, durable.NewGuid());
        RunState state = await durable.CallActivityAsync<RunState>(
            RunActivityNames.Admit, new AdmitRunInput(id, request), StepOptions.Tool);
        try
        {
            await durable.CallSubOrchestratorAsync<RunOutcome?>(AgentLoop.Name, state, new(id));
        }
        catch (AgentFunctions.Durability.TaskFailedException)
        {
            // The run's own record says what went wrong.
        }

        return await durable.CallActivityAsync<RunAnswer>(RunActivityNames.Read, id, StepOptions.Tool);
    }
}
