namespace AgentFunctions.Runs;

/// <summary>Is told when a run asks people for something.</summary>
internal interface IRunAskObserver
{
    /// <summary>Takes that people are asked. It is called again after a crash, so it must be safe to repeat.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="asked">The id of the approval or question.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    Task AskedAsync(string runId, string asked, CancellationToken cancellationToken);
}
