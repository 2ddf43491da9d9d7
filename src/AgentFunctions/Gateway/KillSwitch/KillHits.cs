using System.Runtime.CompilerServices;
using AgentFunctions.Durability;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.KillSwitch;

/// <summary>Finds what an order hits among the runs that have not ended.</summary>
internal sealed class KillHits(IOrchestrationClient orchestrations, RunStore runs, RunLineage lineage, CallLedger ledger)
{
    private static readonly OrchestrationStatus[] Live = [OrchestrationStatus.Pending, OrchestrationStatus.Running,
        OrchestrationStatus.Suspended];

    /// <summary>Finds the runs that an order ends, and the calls with effects that have begun.</summary>
    /// <param name="order">The order.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <remarks>What had begun is listed first, of sub-agents too: when a run ends, its calls are no longer in flight.</remarks>
    public async Task<(IReadOnlyList<string> Runs, IReadOnlyList<PendingEffect> Begun)> FindAsync(KillOrder order,
        CancellationToken cancellationToken)
    {
        var hit = new List<IReadOnlyList<string>>();
        var begun = new List<PendingEffect>();
        await foreach (RunRecord run in ListLiveAsync(cancellationToken).ConfigureAwait(false))
        {
            IReadOnlyList<string> tree = await lineage.TreeOfAsync(run, cancellationToken).ConfigureAwait(false);
            bool isHit = order.Hits(run, tree);
            if (isHit)
            {
                hit.Add(tree);
            }

            if (isHit || order.Scope == KillScope.Tool)
            {
                begun.AddRange(await ledger.StartedAsync(run.Id, order.Scope == KillScope.Tool ? order.Name : null,
                    cancellationToken).ConfigureAwait(false));
            }
        }

        // A run ends its own sub-agents.
        var all = hit.Select(static tree => tree[0]).ToHashSet(StringComparer.Ordinal);
        return ([.. hit.Where(tree => !tree.Skip(1).Any(all.Contains)).Select(static tree => tree[0])], begun);
    }

    /// <summary>
    /// The runs that have not ended, sub-agents included: asked of the engine, since most runs of a host ended long ago.
    /// </summary>
    private async IAsyncEnumerable<RunRecord> ListLiveAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            Page<OrchestrationState> page = await orchestrations.QueryAsync(
                new OrchestrationQuery { Statuses = Live, PageSize = 1_000, ContinuationToken = next }, cancellationToken)
                .ConfigureAwait(false);
            foreach (OrchestrationState live in page.Items)
            {
                if (await runs.FindAsync(live.InstanceId, cancellationToken).ConfigureAwait(false) is { } run)
                {
                    yield return run;
                }
            }

            next = page.ContinuationToken;
        }
        while (next is not null);
    }
}
