using System.Diagnostics.CodeAnalysis;
using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway;

/// <summary>Runs agents from orchestrators of the host's own, on any engine.</summary>
[SuppressMessage("Reliability", "CA2007:Consider calling ConfigureAwait on the awaited task",
    Justification = "Continuations belong to the orchestration's own scheduler.")]
public static class OrchestrationContextExtensions
{
    /// <summary>Submits a goal to an agent and waits for the outcome. The run is a sub-orchestration.</summary>
    /// <param name="context">The context of the orchestrator.</param>
    /// <param name="agent">The name of the agent.</param>
    /// <param name="goal">The goal.</param>
    /// <returns>The outcome, also of a run that failed or was stopped: see <see cref="RunAnswer.Status"/>.</returns>
    /// <exception cref="TaskFailedException">
    /// The run was not admitted, for example because the agent, its model or a tool is missing.
    /// </exception>
    public static Task<RunAnswer> RunAgentAsync(this IOrchestrationContext context, string agent, string goal) =>
        context.RunAgentAsync(new RunRequest { Agent = agent, Goal = goal });

    /// <summary>Submits a goal to an agent and waits for the outcome. The run is a sub-orchestration.</summary>
    /// <param name="context">The context of the orchestrator.</param>
    /// <param name="request">The goal and its limits.</param>
    /// <returns>The outcome, also of a run that failed or was stopped: see <see cref="RunAnswer.Status"/>.</returns>
    /// <exception cref="TaskFailedException">
    /// The run was not admitted, for example because the agent, its model or a tool is missing.
    /// </exception>
    public static async Task<RunAnswer> RunAgentAsync(this IOrchestrationContext context, RunRequest request)
    {
        ArgumentNullException.ThrowIfNull(context);
        string id = RunId.New(context.CurrentTime, context.NewGuid());
        RunState state = await context.CallActivityAsync<RunState>(StepNames.AdmitRun, new AdmitRunInput(id, request),
            StepOptions.Tool);
        try
        {
            await context.CallSubOrchestratorAsync<RunOutcome?>(AgentLoop.Name, state, new SubOrchestrationOptions(id));
        }
        catch (TaskFailedException)
        {
            // The run's own record says what went wrong.
        }

        return await context.CallActivityAsync<RunAnswer>(StepNames.ReadRun, id, StepOptions.Tool);
    }
}
