using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Makes of an outcome what the model reads: with what it must know of the tool, and no longer than its window has room for.
/// </summary>
internal sealed class ResultStep : IToolCallStep
{
    public async Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        CallOutcome result = await next(state, cancellationToken).ConfigureAwait(false);
        if (result is not CallOutcome.Completed completed)
        {
            return result;
        }

        ToolOutcome outcome = completed.Outcome;
        if (outcome.Code == ErrorCode.EngineUnavailable)
        {
            // A store that fails is not the tool's error: the step is repeated, and the ledger knows how far it had come.
            throw new AgentException(ErrorCode.EngineUnavailable, outcome.Text);
        }

        ToolContext context = state.Request.Context;
        outcome = state.Found?.WithNotice(outcome) ?? outcome;
        outcome = await ToolResultLimit.FitAsync(context, state.Request.Tool.Name, outcome, state.Input.ResultBytes,
            CancellationToken.None).ConfigureAwait(false);
        outcome = context.LoadedBytes == 0 ? outcome : outcome with { LoadedBytes = context.LoadedBytes };
        outcome = !outcome.IsError && context.Features.Get<TurnEnd>() is not null ? outcome with { EndsTurn = true } : outcome;
        outcome = context.Features.Get<ReportedUsage>() is { } reported ? outcome with { Usage = reported.Usage } : outcome;
        SwarmCall? swarm = outcome.IsError ? null : context.Features.Get<SwarmCall>();
        return swarm is { IsOpen: true, Request: { } pending }
            ? new CallOutcome.Delegated(pending)
            : completed with { Outcome = outcome, Swarm = swarm?.Request };
    }
}
