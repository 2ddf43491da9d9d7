using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.DurableTask.Activities;

/// <summary>What an orchestrator of the app's own needs of the gateway: a run admitted for it, and what came of the run.</summary>
internal sealed class AdmitRunActivity(AgentGateway gateway, RunReader reader)
{
    public async Task<RunState> AdmitAsync(ActivityContext context, AdmitRunInput input)
    {
        var caller = new Caller($"orchestration:{context.InstanceId}") { Roles = [CallerRoles.Submitter] };
        AdmittedRun admitted = await gateway.AdmitAsync(input.Request, caller, null, null, context.CancellationToken, input.RunId);
        return admitted.State!;
    }

    public async Task<RunAnswer> ReadAsync(ActivityContext context, string id)
    {
        Run run = await reader.GetAsync(id, context.CancellationToken);
        return new RunAnswer(run.Id, run.Status, run.Result?.Text ?? "", run.Result?.Artifacts ?? [], run.Error?.Message);
    }
}

/// <summary>Admit a run that the caller starts itself.</summary>
/// <param name="RunId">The id that the run shall have.</param>
/// <param name="Request">The goal.</param>
internal sealed record AdmitRunInput(string RunId, RunRequest Request);
