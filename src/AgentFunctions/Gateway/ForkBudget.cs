using AgentFunctions.Budgets;
using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Views;

namespace AgentFunctions.Gateway;

/// <summary>Works out what is left of a run's budget for its fork, and takes it.</summary>
internal sealed class ForkBudget(RunReader reader, IRecordStore records)
{
    /// <summary>What is left of the run's budget: the fork takes it along.</summary>
    /// <param name="id">The run.</param>
    /// <param name="state">Where it stands.</param>
    /// <param name="hasEnded">Whether it has ended.</param>
    /// <param name="forkId">The fork. What it took before a crash is what it gets.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunStateForbids"/>: nothing is left, or it cannot be given away.
    /// </exception>
    public async Task<BudgetShare> LeftAsync(string id, RunState state, bool hasEnded, string forkId,
        CancellationToken cancellationToken)
    {
        Budget granted = state.Limits.Budget;
        if (granted.IsUnlimited)
        {
            return new BudgetShare(granted, 0);
        }

        int resumptions = state.Resumptions ?? 0;
        TakenParts taken = await TakenBudget.ReadAsync(records, id, cancellationToken).ConfigureAwait(false);
        if (taken.Of(forkId) is { } own)
        {
            return new BudgetShare(own, resumptions);
        }

        if (state.Lead is { } lead)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"budget: what run '{id}' left over went back to its lead, run '{lead.RunId}'; name what the new run may spend.");
        }

        if (!hasEnded)
        {
            throw new AgentException(
                ErrorCode.RunStateForbids,
                $"budget: run '{id}' is still spending its own; name what the new run may spend, or end the run first.");
        }

        taken.EnsureEnded(id, resumptions);
        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        Budget left = granted.Minus(run.Budget!.Spent).Minus(taken.Beyond(state.Taken));
        return left is { Steps: 0 } or { Tokens: 0 } or { Usd: 0 } || left.WallClock == TimeSpan.Zero
            ? throw new AgentException(ErrorCode.RunStateForbids,
                $"budget: nothing is left of the budget of run '{id}'; name what the new run may spend.")
            : new BudgetShare(left, resumptions);
    }

    /// <summary>Takes it.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.RunStateForbids"/>: another fork was first, or the run has been taken up since.
    /// </exception>
    public Task TakeAsync(string id, string forkId, BudgetShare share, CancellationToken cancellationToken) =>
        share.Part.IsUnlimited ? Task.CompletedTask : TakenBudget.TakeAsync(records, id, forkId, share, cancellationToken);

    /// <summary>Gives back what a fork took that does not come on record; nothing if it took nothing.</summary>
    public Task GiveBackAsync(string id, string forkId) => TakenBudget.GiveBackAsync(records, id, forkId);
}
