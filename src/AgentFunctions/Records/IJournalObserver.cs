namespace AgentFunctions.Records;

/// <summary>Hears of the events that are written to journals, by the step that writes them.</summary>
internal interface IJournalObserver
{
    /// <summary>An event is being written.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>A task that never fails for want of a store.</returns>
    Task WrittenAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken);
}
