using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Reviews;

/// <summary>Closes the unreviewed changes of a tree that is erased, and lets others have their room.</summary>
internal sealed class ErasedChanges(ReviewStateStore books) : IErasureObserver
{
    /// <inheritdoc/>
    public async Task<int> ErasedAsync(ErasingTree erasing, CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (ReviewState book in await books.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!book.Open.Exists(change => erasing.Has(change.RunId))
                && !book.Waiting.Exists(waiting => erasing.Has(waiting.RunId)))
            {
                continue;
            }

            (int closed, ReviewState left) = await books.ChangeAsync(book.Label, before =>
            {
                ReviewState after = before with
                {
                    Open = before.Open.RemoveAll(change => erasing.Has(change.RunId)),
                    Waiting = before.Waiting.RemoveAll(waiting => erasing.Has(waiting.RunId)),
                };
                return (after, (before.Open.Count - after.Open.Count, after));
            }, cancellationToken).ConfigureAwait(false);
            count += closed;
            await books.WakeAsync(left, cancellationToken).ConfigureAwait(false);
        }

        return count;
    }
}
