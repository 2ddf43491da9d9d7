using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Loop;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>Holds a call that waits for a person against its tool as it is now.</summary>
internal sealed class CallOutlook(RunStore runs, RunTools tools, CallContexts contexts, TimeProvider time) : ICallOutlook
{
    /// <summary>A server that does not answer must not hold up who wants to see what waits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<string?> ObstacleAsync(Approval approval, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(approval.RunId, cancellationToken).ConfigureAwait(false) is not { } run)
        {
            return null;
        }

        using CancellationTokenSource patience = new(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            AgentDefinition agent = await runs.GetDefinitionAsync(run, cancellationToken).ConfigureAwait(false);
            PreparedCall prepared = await tools.PrepareAsync(
                run, agent, CallOf(approval),
                contexts.Of(run, new CallToolInput(run.Id, approval.Turn, approval.Call, new ContextRef())), either.Token)
                .ConfigureAwait(false);
            return prepared.Refusal is
            {
                Code: ErrorCode.ToolNotFound or ErrorCode.ToolChanged
                or ErrorCode.ToolArgumentsInvalid
            } refusal ? refusal.Text : null;
        }
        catch (Exception e) when (e is AgentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static FunctionCallContent CallOf(Approval approval) => new(
        approval.Id, approval.Tool,
        (approval.Edited ?? approval.Arguments).EnumerateObject()
            .ToDictionary(static member => member.Name, static member => (object?)member.Value, StringComparer.Ordinal));
}
