using AgentFunctions.Records;
using AgentFunctions.Runs.Index;
using AgentFunctions.Storage;

namespace AgentFunctions.Views.Runs;

/// <summary>
/// Enters in the run index what journals are told: each transition, and while a run works at most one event in 30 seconds. A run
/// that the index does not know, because a version without an index admitted it, gets into it so.
/// </summary>
internal sealed class RunIndexJournal(RunIndexLog index, TimeProvider time) : IJournalObserver
{
    private const int CacheSize = 4_096;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(30);

    private readonly LruCache<string, DateTimeOffset> _entered = new(CacheSize);

    public Task WrittenAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken)
    {
        // The start and the end are entered with more than the event says.
        if (journalEvent.Type is JournalEventTypes.RunSubmitted or JournalEventTypes.RunNoted or JournalEventTypes.CallbackFailed)
        {
            return Task.CompletedTask;
        }

        if (journalEvent.Type == JournalEventTypes.RunEnded)
        {
            // What comes after it takes it back.
            _entered.Remove(runId);
            return Task.CompletedTask;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (!IsTransition(journalEvent.Type) && _entered.TryGet(runId, out DateTimeOffset last) && now - last < s_every)
        {
            return Task.CompletedTask;
        }

        _entered.Set(runId, now);
        string doing = journalEvent.Tool is { } tool ? $"{journalEvent.Type}:{tool}" : journalEvent.Type;
        return index.MovedAsync(runId, journalEvent.Turn, doing, cancellationToken);
    }

    private static bool IsTransition(string type) => type is JournalEventTypes.RunPaused or JournalEventTypes.RunResumed
        or JournalEventTypes.RunCancelRequested or JournalEventTypes.ApprovalRequested or JournalEventTypes.ApprovalDecided
        or JournalEventTypes.QuestionAsked or JournalEventTypes.QuestionAnswered or JournalEventTypes.QuestionDeclined
        or JournalEventTypes.StepRetrying or JournalEventTypes.MessageReceived or JournalEventTypes.BudgetGranted;
}
