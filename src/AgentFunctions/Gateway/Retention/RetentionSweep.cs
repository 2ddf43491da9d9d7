using AgentFunctions.Core;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Runs;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Finds what is due by the rules, and has it erased: the oldest first, a bounded number at a time.</summary>
internal sealed class RetentionSweep(
    RetentionRules rules, RetentionTargets targets, RunIndex index, RunStore runs, ErasureRules erasing, TimeProvider time)
{
    /// <summary>
    /// The most trees that one sweep begins with; what is left comes with the next. What is refused or under way does not count.
    /// </summary>
    public const int MostTrees = 100;

    /// <summary>Sweeps once.</summary>
    /// <param name="cancellationToken">The token to stop.</param>
    /// <returns>The number of trees that were begun, and whether all that was due is begun.</returns>
    public async Task<(int Begun, bool IsDone)> SweepAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (!await index.RefreshAsync(cancellationToken).ConfigureAwait(false))
        {
            return (0, false);
        }

        TimeSpan shortest = rules.Shortest ?? TimeSpan.FromDays(100 * 365);
        IEnumerable<RunIndexRow> ended = index.Rows
            .Where(row => !row.Id.Contains(ChildName.Separator) && row.HasEnded(now)
                && new DateTimeOffset(row.End!.At, TimeSpan.Zero) + shortest <= now)
            .OrderBy(static row => row.End!.At);
        int begun = 0;
        foreach (RunIndexRow row in ended)
        {
            if (begun == MostTrees)
            {
                return (begun, false);
            }

            begun += await TrySweepAsync(row, now, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        }

        await targets.CutAuditAsync(cancellationToken).ConfigureAwait(false);
        return (begun, true);
    }

    /// <summary>Sweeps one tree; what stands against it keeps no other.</summary>
    private async Task<bool> TrySweepAsync(RunIndexRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            return await SweepAsync(row, now, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            targets.Left(row.Id, e.Message);
            return false;
        }
    }

    private async Task<bool> SweepAsync(RunIndexRow row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(row.Id, cancellationToken).ConfigureAwait(false) is not { } run
            || rules.Of(run, row.End!.Status) is not { } term)
        {
            return false;
        }

        TimeSpan age = now - new DateTimeOffset(row.End.At, TimeSpan.Zero);
        bool isDue = term.All <= age || (term.Content <= age && !row.IsEmptied) || rules.OfWorkspace(term) <= age;
        if (!isDue || !await MayEraseAsync(run, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        return term.All <= age ? await targets.EraseAsync(run, term.Rule, cancellationToken).ConfigureAwait(false)
            : term.Content <= age && !row.IsEmptied
                ? await targets.EmptyAsync(run, term.Rule, cancellationToken).ConfigureAwait(false)
            : await targets.DeleteFolderAsync(run, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a tree may be erased now: what would be refused anyway is not begun.</summary>
    private async Task<bool> MayEraseAsync(RunRecord run, CancellationToken cancellationToken)
    {
        try
        {
            await erasing.EnsureAsync(run, force: true, cancel: false, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunHeld or ErrorCode.RunStateForbids)
        {
            return false;
        }
    }
}
