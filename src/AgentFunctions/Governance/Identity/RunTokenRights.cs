using AgentFunctions.Durability;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Runs;

namespace AgentFunctions.Governance.Identity;

/// <summary>Says whether a run may have a token: it and every run above it are alive, not stopped, and have the scopes.</summary>
internal sealed class RunTokenRights(RunStore runs, RunLineage lineage, KillOrderStore kills, IOrchestrationClient orchestrations)
{
    /// <summary>Gets the run and those above it.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Lineage> LineageAsync(string runId, CancellationToken cancellationToken) => await lineage.OfAsync(
        await runs.GetAsync(runId, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>Refuses a token that the run may not have.</summary>
    /// <param name="of">The run and those above it.</param>
    /// <param name="scopes">What the token shall carry.</param>
    /// <param name="isAlive">Whether it and the runs above it must be alive.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.NotAllowed"/> or <see cref="ErrorCode.Stopped"/>: the message says why.
    /// </exception>
    public async Task EnsureAsync(Lineage of, IReadOnlyList<string> scopes, bool isAlive, CancellationToken cancellationToken)
    {
        if (isAlive)
        {
            await EnsureAliveAsync(of.Runs[0], of.AncestorIds, cancellationToken).ConfigureAwait(false);
        }

        EnsureScopes(of.Runs, scopes);
    }

    private static void EnsureScopes(IReadOnlyList<RunRecord> chain, IReadOnlyList<string> scopes)
    {
        foreach (string scope in scopes)
        {
            if (chain.FirstOrDefault(one => one.Scopes is not null
                && !one.Scopes.Contains(scope, StringComparer.Ordinal)) is { } without)
            {
                throw new AgentException(
                    ErrorCode.NotAllowed,
                    $"Rule 'scopes': run '{without.Id}' was not given the scope '{scope}', so neither it nor what it delegates to has it.");
            }
        }
    }

    private async Task EnsureAliveAsync(RunRecord run, IReadOnlyList<string> tree, CancellationToken cancellationToken)
    {
        if (await kills.FindAsync(run, tree, null, cancellationToken).ConfigureAwait(false) is { } order)
        {
            throw new AgentException(ErrorCode.Stopped, $"{order.By} stopped {order.Words}; run '{run.Id}' gets no more tokens.");
        }

        foreach (string id in tree)
        {
            if (await orchestrations.GetAsync(id, false, cancellationToken).ConfigureAwait(false) is not { IsEnded: false })
            {
                throw new AgentException(ErrorCode.NotAllowed,
                    $"Rule 'run-alive': run '{id}' has ended; nothing gets tokens in its name.");
            }
        }
    }
}
