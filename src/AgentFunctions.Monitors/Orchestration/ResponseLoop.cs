using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Monitors.Incidents;
using AgentFunctions.Runs;

namespace AgentFunctions.Monitors.Orchestration;

/// <summary>The response to one opening of an incident: an agent with a runbook, its result, and whether it helped.</summary>
internal static class ResponseLoop
{
    /// <summary>The name of the orchestrator.</summary>
    public const string Name = MonitorOrchestratorNames.RespondToIncident;

    /// <summary>The instance id of the response to one opening.</summary>
    public static string InstanceIdOf(string incidentId, int opening) => $"response-{incidentId}-{opening}";

    /// <summary>Runs the response; true where the signals recovered in time.</summary>
    public static async Task<bool> RunAsync(IOrchestrationContext context, ResponseRequest request)
    {
        Task recovered = RecoveredAsync(context);
        StartResponseResult start = await context.CallActivityAsync<StartResponseResult>(
            MonitorStepNames.StartResponse, request, MonitorSteps.Options);
        if (start.RunId is null)
        {
            return false;
        }

        RunStatus status = await RespondAsync(context, start);
        await context.CallActivityAsync<bool>(
            MonitorStepNames.RecordResponse, new RecordResponseInput(request, start.RunId, Status: status), MonitorSteps.Options);
        using var over = new CancellationTokenSource();
        Task late = context.CreateTimerAsync(context.CurrentTime + request.VerifyWithin, over.Token);
        bool verified = await Task.WhenAny(recovered, late) == recovered;
        if (verified)
        {
            over.Cancel();
        }

        return await context.CallActivityAsync<bool>(
            MonitorStepNames.RecordResponse, new RecordResponseInput(request, start.RunId, Verified: verified),
            MonitorSteps.Options);
    }

    private static async Task RecoveredAsync(IOrchestrationContext context)
    {
        while ((await context.WaitForExternalEventAsync<IncidentNews>(MonitorEvents.Incident)).State != IncidentState.Resolved)
        {
            // Acknowledged: people are at it; the response goes on.
        }
    }

    private static async Task<RunStatus> RespondAsync(IOrchestrationContext context, StartResponseResult start)
    {
        try
        {
            RunOutcome? outcome = await context.CallSubOrchestratorAsync<RunOutcome?>(
                AgentLoop.Name, start.State, new SubOrchestrationOptions(start.RunId));
            return outcome?.Status ?? RunStatus.Failed;
        }
        catch (TaskFailedException)
        {
            // What went wrong is in the run.
            return RunStatus.Failed;
        }
    }
}
