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
    public async Task<Budget> LeftAsync(string id, RunState state, bool hasEnded, string forkId,
        CancellationToken cancellationToken)
    {
        Budget granted = state.Limits.Budget;
        if (granted.IsUnlimited)
        {
            return granted;
        }

        TakenParts taken = await TakenBudget.ReadAsync(records, id, cancellationToken).ConfigureAwait(false);
        if (taken.Of(forkId) is { } own)
        {
            return own;
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

        Run run = await reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        Budget left = granted.Minus(run.Budget!.Spent).Minus(taken.Sum());
        return left is { Steps: 0 } or { Tokens: 0 } or { Usd: 0 } || left.WallClock == TimeSpan.Zero
            ? throw new AgentException(ErrorCode.RunStateForbids,
                $"budget: nothing is left of the budget of run '{id}'; name what the new run may spend.")
            : left;
    }

    /// <summary>Takes it.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunStateForbids"/>: another fork was first.</exception>
    public Task TakeAsync(string id, string forkId, Budget part, CancellationToken cancellationToken) =>
        part.IsUnlimited ? Task.CompletedTask : TakenBudget.TakeAsync(records, id, forkId, part, cancellationToken);

    /// <summary>Gives back what a fork took that does not come on record; nothing if it took nothing.</summary>
    public Task GiveBackAsync(string id, string forkId) => TakenBudget.GiveBackAsync(records, id, forkId);
}
