using System.Text;
using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Storage;

namespace AgentFunctions.Records;

/// <summary>Represents an event of a run. Members are only added.</summary>
/// <param name="Type">What happened: one of <see cref="JournalEventTypes"/>.</param>
/// <param name="At">The time (UTC).</param>
public sealed record JournalEvent(string Type, DateTimeOffset At)
{
    /// <summary>Gets the turn, for what belongs to one.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets the number of the tool call within its turn, for what belongs to one.</summary>
    public int? Call { get; init; }

    /// <summary>Gets the tool.</summary>
    public string? Tool { get; init; }

    /// <summary>Gets whether the caller of the run executes the call; <see langword="null"/> if this host does.</summary>
    public bool? IsClient { get; init; }

    /// <summary>Gets the model.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the beginning of what was said, asked or returned.</summary>
    public string? Text { get; init; }

    /// <summary>Gets whether it went wrong.</summary>
    public bool? IsError { get; init; }

    /// <summary>Gets the stable code of what went wrong.</summary>
    public string? Code { get; init; }

    /// <summary>Gets the artifact that holds the whole of it.</summary>
    public string? Artifact { get; init; }

    /// <summary>Gets the sub-agent's run that it is about.</summary>
    public string? Run { get; init; }

    /// <summary>Gets the approval that it is about.</summary>
    public string? Approval { get; init; }

    /// <summary>Gets the question that it is about.</summary>
    public string? Question { get; init; }

    /// <summary>
    /// Gets the number of the attempt that failed, from 1; of the end of a run, or what a sub-agent said at its end, how often it had gone on after
    /// an end before.
    /// </summary>
    public int? Attempt { get; init; }

    /// <summary>Gets when it is tried again (UTC).</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gets how long it took, in milliseconds.</summary>
    public long? DurationMs { get; init; }

    /// <summary>Gets what a model call consumed.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>
    /// Gets the id of the model call, as in <c>ModelStarted</c>; <see langword="null"/> if its answer was not shown live.
    /// </summary>
    public string? Delivery { get; init; }
}

/// <summary>Names the values of <see cref="JournalEvent.Type"/>.</summary>
public static class JournalEventTypes
{
    /// <summary>Reports that the run was admitted.</summary>
    public const string RunSubmitted = "run.submitted";

    /// <summary>Reports that something was left out or replaced when the run was admitted.</summary>
    public const string RunNoted = "run.noted";

    /// <summary>Reports that tools which the run started without are available.</summary>
    public const string ToolsArrived = "tools.arrived";

    /// <summary>Reports that the model answered, with text or with tool calls.</summary>
    public const string ModelCompleted = "model.completed";

    /// <summary>
    /// Reports that another model than before answers: one that stands in for the run's own, or the run's own again.
    /// </summary>
    public const string ModelSwitched = "model.switched";

    /// <summary>Reports that a model call was interrupted. It counts as if it had consumed its whole reserve.</summary>
    public const string ModelLost = "model.lost";

    /// <summary>
    /// Reports that a tool is about to be called. If the call ends within a quarter of a second, its end may be reported with it.
    /// It may be reported again after a crash.
    /// </summary>
    public const string ToolStarted = "tool.started";

    /// <summary>Reports that a tool call has an outcome.</summary>
    public const string ToolCompleted = "tool.completed";

    /// <summary>Reports that the run received a message.</summary>
    public const string MessageReceived = "message.received";

    /// <summary>Reports that the budget of the run was raised.</summary>
    public const string BudgetGranted = "budget.granted";

    /// <summary>Reports that the run was paused.</summary>
    public const string RunPaused = "run.paused";

    /// <summary>Reports that a paused or failed run was resumed.</summary>
    public const string RunResumed = "run.resumed";

    /// <summary>Reports that the older part of the context was summarized.</summary>
    public const string ContextCompacted = "context.compacted";

    /// <summary>Reports that the answer was checked against the acceptance conditions.</summary>
    public const string AnswerChecked = "answer.checked";

    /// <summary>Reports that the cancellation of the run was requested.</summary>
    public const string RunCancelRequested = "run.cancelRequested";

    /// <summary>Reports that a tool call waits for an approval.</summary>
    public const string ApprovalRequested = "approval.requested";

    /// <summary>
    /// Reports that a person approved or denied a tool call; <see cref="JournalEvent.Text"/> has the person and the reason.
    /// </summary>
    public const string ApprovalDecided = "approval.decided";

    /// <summary>Reports that a call which waited for an approval can no longer be made.</summary>
    public const string ApprovalWithdrawn = "approval.withdrawn";

    /// <summary>The run asks people; <see cref="JournalEvent.Question"/> names the question.</summary>
    public const string QuestionAsked = "question.asked";

    /// <summary>A question was answered; <see cref="JournalEvent.Text"/> says by whom and what.</summary>
    public const string QuestionAnswered = "question.answered";

    /// <summary>A person declined to answer a question.</summary>
    public const string QuestionDeclined = "question.declined";

    /// <summary>Nobody answered a question in time.</summary>
    public const string QuestionExpired = "question.expired";

    /// <summary>A question needs no answer any more.</summary>
    public const string QuestionWithdrawn = "question.withdrawn";

    /// <summary>
    /// Reports that a step failed and is retried: <see cref="JournalEvent.Text"/> has the reason,
    /// <see cref="JournalEvent.Attempt"/> the number of failures in a row, <see cref="JournalEvent.Until"/> the time of the next
    /// attempt.
    /// </summary>
    public const string StepRetrying = "step.retrying";

    /// <summary>
    /// Reports, after the end of the run, that its callback could not be delivered; <see cref="JournalEvent.Text"/> has the
    /// reason.
    /// </summary>
    public const string CallbackFailed = "callback.failed";

    /// <summary>Reports that a person brought an earlier state of the run's folder back.</summary>
    public const string WorkspaceRestored = "workspace.restored";

    /// <summary>
    /// Reports that a person went on from a turn of the run in another one, which <see cref="JournalEvent.Run"/> names.
    /// </summary>
    public const string RunSuperseded = "run.superseded";

    /// <summary>Reports that the run ended; <see cref="JournalEvent.Code"/> is its final status.</summary>
    public const string RunEnded = "run.ended";
}

/// <summary>Stores the ordered events of runs, in a log for each run.</summary>
public sealed class Journal
{
    private readonly ILogStore _logs;
    private readonly HeldEvents _held;

    internal Journal(ILogStore logs, TimeProvider time)
    {
        _logs = logs;
        _held = new HeldEvents(time, WriteAsync);
    }

    /// <summary>Gets who is told of each event that is written.</summary>
    internal IReadOnlyList<IJournalObserver> Observers { get; init; } = [];

    /// <summary>Gets the name of a run's log.</summary>
    /// <param name="runId">The run.</param>
    public static string StreamOf(string runId) => $"journals/{runId}";

    /// <summary>Adds an event at the end.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task AppendAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journalEvent);
        if (_held.Take(runId) is { } waiting)
        {
            waiting.Events.Add(journalEvent);
            return WriteAsync(runId, waiting).WaitAsync(cancellationToken);
        }

        Task<long> appended = _logs.AppendAsync(StreamOf(runId), [Serialize(journalEvent)], null, cancellationToken);
        if (appended.IsFaulted)
        {
            return appended;
        }

        Task observed = ObserveAsync(runId, journalEvent, cancellationToken);
        return observed.IsCompletedSuccessfully ? appended : Task.WhenAll(appended, observed);
    }

    /// <summary>
    /// Adds an event at the end, together with the next one of the run, or alone after <see cref="HeldEvents.Longest"/>.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <returns>A task that completes when the event is written.</returns>
    internal Task AppendSoonAsync(string runId, JournalEvent journalEvent) => _held.Add(runId, journalEvent);

    /// <summary>Writes now what <see cref="AppendSoonAsync"/> lets wait.</summary>
    /// <param name="runId">The run.</param>
    internal Task WriteHeldAsync(string runId) =>
        _held.Take(runId) is { } waiting ? WriteAsync(runId, waiting) : Task.CompletedTask;

    /// <summary>Adds a run's first event, unless it has one.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task BeginAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journalEvent);
        try
        {
            await _logs.AppendAsync(StreamOf(runId), [Serialize(journalEvent)], 0, cancellationToken).ConfigureAwait(false);
            await ObserveAsync(runId, journalEvent, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
        {
            // A repeated submission: the first one's event stands.
        }
    }

    /// <summary>
    /// Adds an event unless one of the same type, turn, call, approval and question is there. For the recovery after a crash,
    /// when nobody knows whether the event was written; it reads the journal, so the usual way is <see cref="AppendAsync"/>.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether it was missing.</returns>
    public Task<bool> AppendIfMissingAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journalEvent);
        return AppendIfMissingAsync(
            runId, journalEvent, 0,
            written => written.Turn == journalEvent.Turn && written.Call == journalEvent.Call
                && written.Approval == journalEvent.Approval && written.Question == journalEvent.Question
                && written.Attempt == journalEvent.Attempt,
            cancellationToken);
    }

    /// <summary>Adds an event unless the same is there.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="journalEvent">The event.</param>
    /// <param name="from">The position before which it cannot be.</param>
    /// <param name="isSame">Tells whether an event of the same type is the same.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Whether it was missing.</returns>
    internal async Task<bool> AppendIfMissingAsync(
        string runId, JournalEvent journalEvent, long from, Func<JournalEvent, bool> isSame, CancellationToken cancellationToken)
    {
        await WriteHeldAsync(runId).ConfigureAwait(false);
        byte[] data = Serialize(journalEvent);
        byte[] type = Encoding.UTF8.GetBytes($"\"{journalEvent.Type}\"");
        long end = from;
        while (true)
        {
            await foreach (LogEntry entry in _logs.ReadAsync(StreamOf(runId), end, null, cancellationToken).ConfigureAwait(false))
            {
                end = entry.Position + 1;
                // To look for the type first spares most of the entries their reading.
                if (entry.Data.Span.IndexOf(type) >= 0
                    && JsonSerializer.Deserialize(entry.Data.Span, StoredRecordsJsonContext.Default.JournalEvent) is { } written
                    && written.Type == journalEvent.Type && isSame(written))
                {
                    return false;
                }
            }

            try
            {
                await _logs.AppendAsync(StreamOf(runId), [data], end, cancellationToken).ConfigureAwait(false);
                await ObserveAsync(runId, journalEvent, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
            {
                // Somebody wrote meanwhile: it may have been this very event.
            }
        }
    }

    /// <summary>Reads the events from a position to the present end.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="maxCount">The most events; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<(long Position, JournalEvent Event)> ReadAsync(
        string runId, long from = 0, int? maxCount = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (LogEntry entry in _logs.ReadAsync(StreamOf(runId), from, maxCount, cancellationToken)
            .ConfigureAwait(false))
        {
            yield return (entry.Position,
                JsonSerializer.Deserialize(entry.Data.Span, StoredRecordsJsonContext.Default.JournalEvent)!);
        }
    }

    /// <summary>Gets how many events a run's journal has.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<long> LengthAsync(string runId, CancellationToken cancellationToken = default) =>
        _logs.GetLengthAsync(StreamOf(runId), cancellationToken);

    private static byte[] Serialize(JournalEvent journalEvent) =>
        JsonSerializer.SerializeToUtf8Bytes(journalEvent, StoredRecordsJsonContext.Default.JournalEvent);

    /// <summary>Writes what waited, as one append. Nobody's token ends it: the events may be of several calls.</summary>
    private Task WriteAsync(string runId, HeldEvents.Waiting waiting)
    {
        _ = WriteAllAsync(runId, waiting);
        return waiting.Written.Task;
    }

    private async Task WriteAllAsync(string runId, HeldEvents.Waiting waiting)
    {
        try
        {
            var entries = new ReadOnlyMemory<byte>[waiting.Events.Count];
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = Serialize(waiting.Events[i]);
            }

            Task<long> appended = _logs.AppendAsync(StreamOf(runId), entries);
            if (appended.IsFaulted)
            {
                await appended.ConfigureAwait(false);
            }

            foreach (JournalEvent journalEvent in waiting.Events)
            {
                await ObserveAsync(runId, journalEvent, CancellationToken.None).ConfigureAwait(false);
            }

            await appended.ConfigureAwait(false);
            waiting.Written.TrySetResult();
        }
        catch (Exception e)
        {
            // It is for those who added an event to handle. Who has gone by now left a step that is repeated.
            waiting.Written.TrySetException(e);
            _ = waiting.Written.Task.Exception;
        }
    }

    private Task ObserveAsync(string runId, JournalEvent journalEvent, CancellationToken cancellationToken)
    {
        Task all = Task.CompletedTask;
        for (int i = 0; i < Observers.Count; i++)
        {
            Task one = Observers[i].WrittenAsync(runId, journalEvent, cancellationToken);
            all = one.IsCompletedSuccessfully ? all : Task.WhenAll(all, one);
        }

        return all;
    }

    /// <summary>Waits until a run's journal has more events than a number.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="length">The number to pass.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task WaitAsync(string runId, long length, CancellationToken cancellationToken) =>
        _logs.WaitForAppendAsync(StreamOf(runId), length, cancellationToken);
}
