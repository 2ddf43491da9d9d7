using System.Runtime.CompilerServices;

namespace AgentFunctions.Runs;

/// <summary>Where a run comes from.</summary>
/// <param name="Root">The run at the root of its tree.</param>
/// <param name="Chain">The agents that delegated, from the root to the run's own.</param>
/// <param name="Runs">The runs from the run itself to the root.</param>
internal sealed record Lineage(RunRecord Root, IReadOnlyList<string> Chain, IReadOnlyList<RunRecord> Runs)
{
    /// <summary>Gets the ids of <see cref="Runs"/>.</summary>
    public IReadOnlyList<string> AncestorIds { get; } = [.. Runs.Select(static run => run.Id)];
}

/// <summary>Follows runs up to the root of their tree.</summary>
internal sealed class RunLineage(RunStore runs)
{
    /// <summary>Of runs that nobody delegated to: their records stay in memory and never change.</summary>
    private readonly ConditionalWeakTable<RunRecord, Task<Lineage>> _ofRoots = [];

    public Task<Lineage> OfAsync(RunRecord run, CancellationToken cancellationToken = default) => run.Parent is null
        ? _ofRoots.GetValue(run, static root => Task.FromResult(new Lineage(root, [root.Agent], [root])))
        : OfChildAsync(run, cancellationToken);

    private async Task<Lineage> OfChildAsync(RunRecord run, CancellationToken cancellationToken)
    {
        var chain = new List<string> { run.Agent };
        var runsUp = new List<RunRecord> { run };
        while (run.Parent is not null && await runs.FindAsync(run.Parent, cancellationToken).ConfigureAwait(false) is { } parent)
        {
            run = parent;
            chain.Insert(0, run.Agent);
            runsUp.Add(run);
        }

        return new Lineage(run, chain, runsUp);
    }

    public async Task<IReadOnlyList<string>> TreeOfAsync(RunRecord run, CancellationToken cancellationToken = default) =>
        (await OfAsync(run, cancellationToken).ConfigureAwait(false)).AncestorIds;
}
