namespace AgentFunctions.Runs;

/// <summary>Is told when a run tree is erased, to forget what it keeps of its runs beside what others keep.</summary>
internal interface IErasureObserver
{
    /// <summary>Forgets runs. It is called again after a crash, so it must be safe to repeat.</summary>
    /// <param name="erasing">The tree.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>How many things were forgotten or changed.</returns>
    Task<int> ErasedAsync(ErasingTree erasing, CancellationToken cancellationToken);
}

/// <summary>A run tree that is being erased.</summary>
/// <param name="Root">Its root.</param>
internal sealed record ErasingTree(string Root)
{
    /// <summary>Determines whether a run belongs to the tree.</summary>
    public bool Has(string? run) => run is not null && Core.ChildName.RootOf(run) == Root;
}
