using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Orchestration;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>One turn: what came in, what the code made of it, and what is to be recorded.</summary>
internal sealed class Turn
{
    private readonly EngineCore _engine;
    private readonly LiveInstance _live;
    private readonly OrchestrationExecution _execution;
    private readonly TurnCommit _commit;
    private readonly List<HistoryEvent> _events = [];
    private readonly DateTimeOffset _now;
    private bool _isRunning;

    private Turn(Instance instance, EngineCore engine, LiveInstance live, List<Message> messages)
    {
        _engine = engine;
        _live = live;
        _execution = live.Execution;
        DateTimeOffset now = engine.Time.GetUtcNow();
        foreach (Message message in messages)
        {
            // A timer that fired has fired, even where the clock was put back since.
            now = message.FireAt > now ? message.FireAt.Value : now;
        }

        _now = now > live.LastTime ? now : live.LastTime;
        _commit = new TurnCommit(instance, engine, live, messages, _now);
    }

    /// <summary>Runs a turn.</summary>
    /// <returns>What is to be recorded.</returns>
    public static TurnCommit Run(Instance instance, EngineCore engine, LiveInstance live, List<Message> messages)
    {
        var turn = new Turn(instance, engine, live, messages);
        if (messages.Find(message => message.Event is ExecutionTerminated) is { } termination)
        {
            turn._commit.TerminatesChildren = termination.IsRecursive;
            turn.EndBy(termination.Event!);
        }
        else if ((live.Verdict ?? messages.Find(message => message.Verdict is not null)?.Verdict) is { } verdict)
        {
            engine.Logger.LogInstanceUnusable(live.Row.Id, verdict.Message);
            turn.EndBy(new ExecutionFailed(turn._now, FailureDetails.FromException(verdict)));
        }
        else
        {
            turn.TakeIn(messages);
        }

        turn._commit.Seal(turn._events);
        return turn._commit;
    }

    private void EndBy(HistoryEvent last)
    {
        _events.Add(last);
        _commit.Outcome = new TurnOutcome.Ended(last);
    }

    private void TakeIn(List<Message> messages)
    {
        for (int index = 0; index < messages.Count; index++)
        {
            if (_execution.IsFinished)
            {
                _commit.LeftOver = new HashSet<Message>(messages[index..]);
                break;
            }

            TakeIn(messages[index]);
        }

        if (_isRunning)
        {
            _commit.Outcome = _execution.EndTurn(out List<HistoryEvent> actions);
            _commit.Actions = actions;
            _events.AddRange(actions);
        }
    }

    private void TakeIn(Message message)
    {
        switch (message.Event)
        {
            case null:
                _live.IsStartDue |= message.FireAt is not null || _live.Row.StartAt is null;
                if (!_execution.IsStarted && _live.IsStartDue && !_execution.IsSuspended)
                {
                    EnsureRunning();
                }

                break;
            case ExecutionSuspended suspended when !_execution.IsSuspended:
                Record(suspended);
                break;
            case ExecutionResumed resumed when _execution.IsSuspended:
                if (_execution.IsStarted || _live.IsStartDue)
                {
                    EnsureRunning();
                }

                Record(resumed);
                break;
            case EventRaised raised when message.Ack is not null && IsOneTooMany(raised):
                _commit.Refuse(message, new AgentException(
                    ErrorCode.Overloaded,
                    $"Instance '{_live.Row.Id}' has {_execution.BufferedEvents:N0} events that it has not waited for; repeat later, or raise "
                    + $"{nameof(SqliteEngineOptions.MaxBufferedEvents)}."));
                break;
            case EventRaised raised:
                EnsureRunningIfActive();
                Record(raised);
                break;
            case { } outcome when IsAwaited(message, outcome):
                EnsureRunningIfActive();
                Record(outcome);
                break;
        }
    }

    private bool IsAwaited(Message message, HistoryEvent outcome)
    {
        if (OrchestrationExecution.TaskIdOf(outcome) is not { } taskId
            || (message.Execution is { } execution && execution != _live.Row.Execution)
            || _execution.OutstandingStep(taskId) is not { } step)
        {
            return false;
        }

        switch (outcome)
        {
            case TimerFired:
                return step is TimerCreated && _live.Timers.TryGetValue(taskId, out TimerKey timer)
                    && timer.FireAt == message.FireAt?.UtcTicks && _live.Timers.Remove(taskId) && _commit.Removes(timer);
            case TaskCompleted or TaskFailed:
                _commit.FinishedTasks.Add(taskId);
                return step is TaskScheduled;
            default:
                return step is SubOrchestrationCreated;
        }
    }

    private bool IsOneTooMany(EventRaised raised) =>
        _execution.BufferedEvents >= _engine.Options.MaxBufferedEvents && !_execution.IsWaitingFor(raised.Name);

    private void Record(HistoryEvent input)
    {
        _events.Add(input);
        _execution.Apply(input);
    }

    private void EnsureRunningIfActive()
    {
        if (_execution.IsStarted && !_execution.IsSuspended)
        {
            EnsureRunning();
        }
    }

    private void EnsureRunning()
    {
        if (_isRunning)
        {
            return;
        }

        _isRunning = true;
        _events.Add(new TurnStarted(_now));
        _execution.BeginTurn(_now, isReplay: false);
        if (_live.Timers.Remove(TimerKey.Start, out TimerKey start))
        {
            _commit.Removes(start);
        }
    }
}
