using AgentFunctions.Durability;
using AgentFunctions.Ledger;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Tells what forbids to erase a tree: runs that are alive, and calls of which nobody knows whether they took effect.
/// </summary>
internal sealed class TreeStates(TreeContents contents, IOrchestrationClient orchestrations, CallLedger ledger)
{
    private const int Portion = 200;

    /// <summary>Gets the runs of a tree that have not ended.</summary>
    /// <param name="root">The root.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public Task<IReadOnlyList<string>> LiveAsync(string root, CancellationToken cancellationToken) => SelectAsync<string>(
        root,
        async id => await orchestrations.GetAsync(id, false, cancellationToken).ConfigureAwait(false) is { IsEnded: false }
            ? [id]
            : [],
        cancellationToken);

    /// <summary>Gets the calls of a tree that were begun and have no outcome.</summary>
    /// <param name="root">The root.</param>
    /// <param name="cancellationToken">The token to cancel the look.</param>
    public Task<IReadOnlyList<PendingEffect>> UnknownEffectsAsync(string root, CancellationToken cancellationToken) =>
        SelectAsync(root, id => ledger.StartedAsync(id, null, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<T>> SelectAsync<T>(string root, Func<string, Task<IReadOnlyList<T>>> select,
        CancellationToken cancellationToken)
    {
        var found = new List<T>();
        string? after = null;
        while (true)
        {
            IReadOnlyList<string> ids = await contents.RunsAsync(root, after, Portion, cancellationToken).ConfigureAwait(false);
            if (ids.Count == 0)
            {
                return found;
            }

            foreach (IReadOnlyList<T> some in await InParallel.SelectAsync(ids, select, cancellationToken).ConfigureAwait(false))
            {
                found.AddRange(some);
            }

            after = ids[^1];
        }
    }
}
