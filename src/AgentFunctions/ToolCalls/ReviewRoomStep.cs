using AgentFunctions.Governance.Reviews;
using AgentFunctions.Ledger;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>
/// Holds a call with effects back while its team has no room for one more unreviewed change, before anybody is asked about it; a
/// call that is refused, or that a person reviews anyway, leaves its place to others.
/// </summary>
internal sealed class ReviewRoomStep(ReviewAdmission reviews) : IToolCallStep
{
    public Task<CallOutcome> RunAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken) =>
        state.IsDecided || !reviews.IsConfigured || state.Request.Tool.Effect == ToolEffect.None
            ? next(state, cancellationToken)
            : FindRoomAsync(state, next, cancellationToken);

    private async Task<CallOutcome> FindRoomAsync(ToolCallState state, ToolCallHandler next, CancellationToken cancellationToken)
    {
        RunRecord run = state.Request.Run;
        ChangeLocation place = PlaceOf(state.Request.Context);
        if (state.Known?.ApprovalId is null
            && await reviews.FindWaitAsync(run, place, cancellationToken).ConfigureAwait(false) is { } wait)
        {
            return new CallOutcome.Waiting(WaitFor(wait), LedgerState.Waiting);
        }

        CallOutcome outcome = await next(state, cancellationToken).ConfigureAwait(false);
        if (state.Call is null)
        {
            await reviews.ForgetAsync(run, place, cancellationToken).ConfigureAwait(false);
        }

        return outcome;
    }

    /// <summary>Gets which change a call is.</summary>
    public static ChangeLocation PlaceOf(ToolContext context) => new(context.RunId, context.Turn, context.Call);

    /// <summary>Gets what a call waits for that has no room.</summary>
    public static ToolCallWait WaitFor(ReviewWait wait) => new("reviewCapacity", wait.Label, wait.EventName, wait.NextLook);
}
