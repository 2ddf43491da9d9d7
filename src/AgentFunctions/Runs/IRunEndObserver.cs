namespace AgentFunctions.Runs;

/// <summary>Is told when a run has ended, to free what it holds for the run.</summary>
internal interface IRunEndObserver
{
    /// <summary>Frees what is held for a run. It is called again after a crash, so it must be safe to repeat.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task RunEndedAsync(RunRecord run, CancellationToken cancellationToken);

    /// <summary>The same, for those to whom it matters how the run ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="status">How it ended.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task RunEndedAsync(RunRecord run, RunStatus status, CancellationToken cancellationToken) =>
        RunEndedAsync(run, cancellationToken);
}
