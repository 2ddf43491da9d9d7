using AgentFunctions.Records;

namespace AgentFunctions.Views.Live;

/// <summary>
/// Tells those who follow a run on this host that something happened below it which no event of its own tells of: a sub-agent has
/// begun, or asks people. What happens on another instance is seen at their next look.
/// </summary>
internal sealed class TreeNews : IJournalObserver
{
    private readonly PerRun<RunNews> _followed = new(static _ => new RunNews());

    /// <summary>Begins to hear of a run.</summary>
    /// <param name="runId">The run.</param>
    public RunNews Enter(string runId) => _followed.Enter(runId);

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    /// <param name="runId">The run.</param>
    public void Leave(string runId) => _followed.Leave(runId);

    public Task WrittenAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken)
    {
        if (IsNews(journalEvent.Type))
        {
            // The id of a sub-agent begins with that of its lead.
            for (int end = runId.LastIndexOf('.'); end > 0; end = runId.LastIndexOf('.', end - 1))
            {
                _followed.Find(runId[..end])?.Tell();
            }
        }

        return Task.CompletedTask;
    }

    private static bool IsNews(string type) => type is JournalEventTypes.RunSubmitted
        or JournalEventTypes.ApprovalRequested or JournalEventTypes.ApprovalDecided or JournalEventTypes.ApprovalWithdrawn
        or JournalEventTypes.QuestionAsked or JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined
        or JournalEventTypes.QuestionExpired or JournalEventTypes.QuestionWithdrawn;
}

/// <summary>Represents what is heard of the sub-agents of one run.</summary>
internal sealed class RunNews
{
    private TaskCompletionSource _next = New();

    /// <summary>Gets what completes with the next news.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Tells that there is news.</summary>
    public void Tell() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
