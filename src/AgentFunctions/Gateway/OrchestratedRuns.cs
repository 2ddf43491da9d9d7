using AgentFunctions.Durability;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway;

/// <summary>
/// The two activities around a run that an orchestrator of the host's own starts: one admits it, one reads what came of it.
/// </summary>
internal sealed class OrchestratedRuns(AgentGateway gateway, RunReader reader)
{
    public async Task<RunState> AdmitAsync(ActivityContext context, AdmitRunInput input)
    {
        var caller = new Caller($"orchestration:{context.InstanceId}") { Roles = [CallerRoles.Submitter] };
        AdmittedRun admitted = await gateway.AdmitAsync(input.Request, caller, null, null, context.CancellationToken, input.RunId)
            .ConfigureAwait(false);
        return admitted.State!;
    }

    public async Task<RunAnswer> ReadAsync(ActivityContext context, string id)
    {
        Run run = await reader.GetAsync(id, context.CancellationToken).ConfigureAwait(false);
        return new RunAnswer(run.Id, run.Status, run.Result?.Text ?? "", run.Result?.Artifacts ?? [], run.Error?.Message);
    }
}

/// <summary>Admit a run that the caller starts itself.</summary>
/// <param name="RunId">The id that the run is to have.</param>
/// <param name="Request">The goal.</param>
internal sealed record AdmitRunInput(string RunId, RunRequest Request);
