using AgentFunctions.Governance.Reviews;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;

namespace AgentFunctions.ToolCalls;

/// <summary>Takes the room for a change that is about to be made; a call for which others were quicker waits after all.</summary>
internal sealed class ReviewEntryStep(ReviewAdmission reviews) : IToolCallStep
{
    public Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken) =>
        state.IsDecided || !reviews.IsConfigured || state.Request.Tool.Effect == ToolEffect.None
            ? next(state, cancellationToken)
            : TakeRoomAsync(state, next, cancellationToken);

    private async Task<CallOutcome> TakeRoomAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        RunRecord run = state.Request.Run;
        ChangeLocation place = ReviewRoomStep.PlaceOf(state.Request.Context);
        if (state.ApprovalId is not null)
        {
            // What a person approved was reviewed before it was made.
            await reviews.ForgetAsync(run, place, cancellationToken).ConfigureAwait(false);
        }
        else if (await reviews.TakeAsync(
            run, place, state.Request.Tool.Name, state.Request.Lineage.Root.Requester, state.Arguments, cancellationToken)
            .ConfigureAwait(false) is { } wait)
        {
            return new CallOutcome.Waiting(ReviewRoomStep.WaitFor(wait), LedgerState.Waiting);
        }

        return await next(state, cancellationToken).ConfigureAwait(false);
    }
}
