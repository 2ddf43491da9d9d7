using AgentFunctions.Durability;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>Runs recorded turns again and compares what the code asks for with what is on record.</summary>
/// <param name="execution">The execution, not begun.</param>
/// <param name="compareInputs">Whether the inputs of steps must be equal too, and not only their kinds and names.</param>
internal sealed class HistoryReplay(OrchestrationExecution execution, bool compareInputs)
{
    private readonly List<HistoryEvent> _recorded = [];
    private int _step;
    private bool _inTurn;
    private bool _ended;

    /// <summary>Gets or sets when the last event was recorded.</summary>
    public DateTimeOffset LastTimestamp { get; private set; }

    /// <summary>Replays one event after the other.</summary>
    /// <param name="events">Events, oldest first, without the leading <see cref="ExecutionStarted"/>.</param>
    /// <returns>The first difference, or <see langword="null"/>.</returns>
    public string? Feed(IEnumerable<HistoryEvent> events)
    {
        foreach (HistoryEvent next in events)
        {
            LastTimestamp = next.Timestamp > LastTimestamp ? next.Timestamp : LastTimestamp;
            if (next is TurnStarted or ExecutionTerminated && EndTurn() is { } difference)
            {
                return difference;
            }

            if (next is TurnStarted turn)
            {
                execution.BeginTurn(turn.Timestamp, isReplay: true);
                _inTurn = true;
            }
            else if (IsInput(next))
            {
                execution.Apply(next);
            }
            else if (next is ExecutionTerminated || IsEngineVerdict(next))
            {
                _ended = true;
            }
            else
            {
                _recorded.Add(next);
            }
        }

        return null;
    }

    /// <summary>Ends the turn that is open, if one is.</summary>
    /// <returns>The first difference, or <see langword="null"/>.</returns>
    public string? EndTurn()
    {
        if (!_inTurn)
        {
            return null;
        }

        _inTurn = false;
        TurnOutcome outcome = execution.EndTurn(out List<HistoryEvent> asked);
        for (int index = 0; index < Math.Max(_recorded.Count, asked.Count); index++, _step++)
        {
            HistoryEvent? inHistory = index < _recorded.Count ? _recorded[index] : null;
            HistoryEvent? inCode = index < asked.Count ? asked[index] : null;
            if (inHistory is null && _ended)
            {
                break;
            }

            if (!AreSame(inHistory, inCode))
            {
                return $"step {_step} differs: the history has {Describe(inHistory)}, the code asked for {Describe(inCode)}";
            }
        }

        _recorded.Clear();
        return outcome is TurnOutcome.ContinuedAsNew && !_ended
            ? $"step {_step} differs: the history goes on, the code continued as new"
            : null;
    }

    private static bool IsInput(HistoryEvent next) => next is TaskCompleted or TaskFailed or SubOrchestrationCompleted
        or SubOrchestrationFailed or TimerFired or EventRaised or ExecutionSuspended or ExecutionResumed;

    // A failure that the engine, not the code, decided on; a replay cannot come to it.
    private static bool IsEngineVerdict(HistoryEvent next) =>
        next is ExecutionFailed failed
            && (failed.Failure.ErrorType is nameof(ErrorCode.NonDeterminism) or nameof(ErrorCode.HistoryTooLong)
            or nameof(ErrorCode.DataFileUnusable));

    private bool AreSame(HistoryEvent? inHistory, HistoryEvent? inCode) => (inHistory, inCode) switch
    {
        (TaskScheduled left, TaskScheduled right) =>
            left.TaskId == right.TaskId && left.Name == right.Name && (!compareInputs || left.Input == right.Input),
        (SubOrchestrationCreated left, SubOrchestrationCreated right) =>
            left.TaskId == right.TaskId && left.Name == right.Name && left.InstanceId == right.InstanceId
            && (!compareInputs || left.Input == right.Input),
        (TimerCreated left, TimerCreated right) => left.TaskId == right.TaskId && (!compareInputs || left.FireAt == right.FireAt),
        (TimerCancelled left, TimerCancelled right) => left.TaskId == right.TaskId,
        (EventSent left, EventSent right) =>
            left.TaskId == right.TaskId && left.InstanceId == right.InstanceId && left.Name == right.Name
            && (!compareInputs || left.Payload == right.Payload),
        (ExecutionCompleted left, ExecutionCompleted right) => !compareInputs || left.Output == right.Output,
        (ExecutionFailed left, ExecutionFailed right) => left.Failure.ErrorType == right.Failure.ErrorType,
        _ => false,
    };

    private string Describe(HistoryEvent? step) => step switch
    {
        null => "nothing more in this turn",
        TaskScheduled scheduled => $"activity '{scheduled.Name}' (#{scheduled.TaskId}){Input(scheduled.Input)}",
        SubOrchestrationCreated created =>
            $"sub-orchestration '{created.Name}' (#{created.TaskId}) with id '{created.InstanceId}'{Input(created.Input)}",
        TimerCreated created => $"a timer (#{created.TaskId}) for {created.FireAt:O}",
        TimerCancelled cancelled => $"the cancellation of timer #{cancelled.TaskId}",
        EventSent sent => $"event '{sent.Name}' (#{sent.TaskId}) to '{sent.InstanceId}'{Input(sent.Payload)}",
        ExecutionCompleted completed => $"the end{Input(completed.Output)}",
        ExecutionFailed failed => $"the failure {failed.Failure.ErrorType}: {failed.Failure.Message}",
        _ => step.GetType().Name,
    };

    private string Input(string? json) => !compareInputs ? ""
        : json is null ? " with nothing"
        : $" with {AgentFunctions.Views.JournalLine.OneLine(json, 200)}";
}
