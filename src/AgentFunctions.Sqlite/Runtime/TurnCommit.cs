using System.Collections.Frozen;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Orchestration;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>The record of one turn: all of it or nothing.</summary>
internal sealed class TurnCommit : WriteJob
{
    private readonly Instance _instance;
    private readonly EngineCore _engine;
    private readonly DateTimeOffset _now;
    private readonly List<TimerKey> _removedTimers = [];
    private readonly List<TimerKey> _addedTimers = [];
    private readonly Outbox _outbox;
    private Dictionary<Message, AgentException>? _refused;
    private byte[]? _turn;
    private InstanceRow _next;
    private bool _changesRow;

    public TurnCommit(Instance instance, EngineCore engine, LiveInstance live, List<Message> messages, DateTimeOffset now)
    {
        _instance = instance;
        _engine = engine;
        _now = now;
        _next = live.Row;
        _outbox = new Outbox(live.Row, now);
        Live = live;
        Messages = messages;
    }

    public LiveInstance Live { get; }

    /// <summary>Gets what the turn took in.</summary>
    public List<Message> Messages { get; }

    /// <summary>Gets or sets what came too late for the execution and goes to the next one.</summary>
    public IReadOnlySet<Message> LeftOver { get; set; } = FrozenSet<Message>.Empty;

    /// <summary>Activities whose outcome the turn took in.</summary>
    public List<int> FinishedTasks { get; } = [];

    /// <summary>Gets or sets what the code asked for.</summary>
    public List<HistoryEvent> Actions { get; set; } = [];

    public TurnOutcome Outcome { get; set; } = TurnOutcome.Waiting.Instance;

    /// <summary>For a termination: whether the sub-orchestrations end too.</summary>
    public bool TerminatesChildren { get; set; }

    /// <summary>Gets whether there is nothing to record.</summary>
    public bool IsEmpty => _turn is null && !_changesRow && !Messages.Exists(message => message.InboxPosition > 0);

    /// <summary>Does not take a message in, and tells whoever sent it once the turn is over.</summary>
    public void Refuse(Message message, AgentException error) => (_refused ??= []).Add(message, error);

    /// <summary>A timer of the instance is over.</summary>
    public bool Removes(TimerKey timer)
    {
        _removedTimers.Add(timer);
        return true;
    }

    /// <summary>Fixes what is to be recorded, so that the writer has little left to do.</summary>
    /// <param name="events">The turn's events; none where nothing happened.</param>
    public void Seal(List<HistoryEvent> events)
    {
        switch (Outcome)
        {
            case TurnOutcome.ContinuedAsNew next:
                _turn = next.CarriedOver.Count > 0 ? HistoryCodec.Write([.. next.CarriedOver]) : [];
                _next = _next with
                {
                    Status = OrchestrationStatus.Running,
                    IsPending = true,
                    Input = next.Input,
                    // The new execution has said nothing yet; so it is in durabletask-dotnet.
                    CustomStatus = null,
                    Execution = Guid.NewGuid(),
                    ExecutionAt = _now,
                    UpdatedAt = _now,
                    StartAt = null,
                };
                RemoveAllTimers();
                break;
            case TurnOutcome.Ended:
                _turn = HistoryCodec.Write(events);
                RemoveAllTimers();
                break;
            default:
                SealWaiting(events);
                break;
        }
    }

    public override void Apply(WriteTransaction transaction)
    {
        if (_instance.IsGone || transaction.Removed.Contains(_next.Seq))
        {
            throw new AgentException(ErrorCode.InstanceNotFound, $"Instance '{_next.Id}' was deleted or replaced.");
        }

        if (Messages.Exists(static message => message.LastWrites is { IsLost: true }))
        {
            throw new AgentException(ErrorCode.EngineUnavailable, $"The last writes of a step of instance '{_next.Id}' failed.");
        }

        // A commit that failed is applied again.
        _outbox.Clear();
        Connection connection = transaction.Connection;
        switch (Outcome)
        {
            case TurnOutcome.ContinuedAsNew:
                InstanceTable.BeginAgain(connection, _next);
                break;
            case TurnOutcome.Ended ended:
                End(connection, ended.Last);
                break;
            default:
                if (_changesRow)
                {
                    InstanceTable.Update(connection, _next.Seq, _next.Status, _next.IsPending, _now, _next.CustomStatus);
                }

                break;
        }

        if (_turn is { Length: > 0 })
        {
            InstanceTable.AppendHistory(connection, _next.Seq, _now, _turn);
        }

        foreach (HistoryEvent action in Actions)
        {
            switch (action)
            {
                case EventSent sent:
                    _outbox.Send(connection, sent);
                    break;
                case SubOrchestrationCreated created:
                    _outbox.Create(transaction, created);
                    break;
            }
        }

        foreach (TimerKey timer in _removedTimers)
        {
            InstanceTable.RemoveTimer(connection, timer);
        }

        foreach (TimerKey timer in _addedTimers)
        {
            InstanceTable.AddTimer(connection, timer);
        }

        foreach (Message message in Messages)
        {
            if (message.InboxPosition > 0 && !IsPassedOn(message))
            {
                InstanceTable.RemoveFromInbox(connection, message.InboxPosition);
            }
        }
    }

    public override void Committed()
    {
        foreach (TimerKey timer in _removedTimers)
        {
            _engine.Timers.Remove(timer);
        }

        foreach (TimerKey timer in _addedTimers)
        {
            _engine.Timers.Add(timer);
        }

        Live.Row = _next;
        Live.LastTime = _now;
        _instance.OnCommitted(this);
        _outbox.Deliver(_engine.Instances);
        Acknowledge();
    }

    public override void Failed(AgentException error) => _instance.OnFailed(this, error);

    /// <summary>Tells those who wait that it is recorded.</summary>
    public void Acknowledge()
    {
        foreach (Message message in Messages)
        {
            if (_refused is not null && _refused.TryGetValue(message, out AgentException? error))
            {
                message.Ack?.TrySetException(error);
            }
            else if (!IsPassedOn(message))
            {
                message.Ack?.TrySetResult();
            }
        }
    }

    /// <summary>Tells those who wait that it will not be recorded.</summary>
    /// <param name="error">The reason.</param>
    public void Reject(AgentException error)
    {
        foreach (Message message in Messages)
        {
            message.Ack?.TrySetException(error);
        }
    }

    private void SealWaiting(List<HistoryEvent> events)
    {
        _turn = events.Count > 0 ? HistoryCodec.Write(events) : null;
        Live.EventCount += events.Count;
        Live.HistoryBytes += _turn?.Length ?? 0;
        if (IsTooLong() is { } tooLong)
        {
            Actions = [];
            Outcome = new TurnOutcome.Ended(new ExecutionFailed(_now, FailureDetails.FromException(tooLong)));
            Seal([((TurnOutcome.Ended)Outcome).Last]);
            return;
        }

        KeepTimers();
        OrchestrationStatus status = Live.Execution.IsSuspended ? OrchestrationStatus.Suspended
            : Live.Execution.IsStarted ? OrchestrationStatus.Running : OrchestrationStatus.Pending;
        bool isPending = Live.IsPending;
        _changesRow = status != _next.Status || isPending != _next.IsPending || Live.Execution.CustomStatus != _next.CustomStatus;
        if (_changesRow)
        {
            _next = _next with
            {
                Status = status,
                IsPending = isPending,
                CustomStatus = Live.Execution.CustomStatus,
                UpdatedAt = _now
            };
        }
    }

    private AgentException? IsTooLong()
    {
        SqliteEngineOptions options = _engine.Options;
        string? breach = Live.EventCount > options.MaxHistoryEvents
            ? $"{nameof(SqliteEngineOptions.MaxHistoryEvents)} = {options.MaxHistoryEvents:N0} events"
            : Live.HistoryBytes > options.MaxHistoryBytes
                ? $"{nameof(SqliteEngineOptions.MaxHistoryBytes)} = {options.MaxHistoryBytes:N0} bytes"
                : null;
        return breach is null ? null : new AgentException(
            ErrorCode.HistoryTooLong, $"The history passes {breach}; continue as new before, and keep large content in a store.");
    }

    private bool IsPassedOn(Message message) => Outcome is TurnOutcome.ContinuedAsNew && LeftOver.Contains(message);

    private void RemoveAllTimers()
    {
        _removedTimers.AddRange(Live.Timers.Values);
        Live.Timers.Clear();
    }

    private void KeepTimers()
    {
        foreach (HistoryEvent action in Actions)
        {
            // One that was cancelled in the turn that made it never comes to the file.
            if (action is TimerCreated created && Live.Execution.OutstandingStep(created.TaskId) is not null)
            {
                var timer = new TimerKey(created.FireAt.UtcTicks, _next.Seq, created.TaskId);
                Live.Timers.Add(created.TaskId, timer);
                _addedTimers.Add(timer);
            }
            else if (action is TimerCancelled cancelled && Live.Timers.Remove(cancelled.TaskId, out TimerKey timer))
            {
                _removedTimers.Add(timer);
            }
        }
    }

    private void End(Connection connection, HistoryEvent last)
    {
        (OrchestrationStatus status, string? output, FailureDetails? failure) = last switch
        {
            ExecutionCompleted completed => (OrchestrationStatus.Completed, completed.Output, (FailureDetails?)null),
            ExecutionFailed failed => (OrchestrationStatus.Failed, null, failed.Failure),
            ExecutionTerminated terminated => (OrchestrationStatus.Terminated, terminated.Output, null),
            _ => throw new InvalidOperationException($"{last.GetType().Name} ends nothing."),
        };
        InstanceTable.End(connection, _next.Seq, status, _now, Live.Execution.CustomStatus, output, failure);
        if (Live.Verdict is not null || Live.Unregistered is not null)
        {
            // Which timers it has is written in a history that was not replayed.
            connection.Prepare("DELETE FROM timers WHERE instance = ?").Bind(1, _next.Seq).Run();
        }

        if (TerminatesChildren)
        {
            _outbox.TerminateChildren(connection);
        }

        _outbox.TellParent(connection, last);
    }
}

/// <summary>Removes messages that nobody will take in.</summary>
/// <param name="messages">The messages.</param>
internal sealed class InboxCleanup(List<Message> messages) : WriteJob
{
    public override void Apply(WriteTransaction transaction)
    {
        foreach (Message message in messages)
        {
            if (message.InboxPosition > 0)
            {
                InstanceTable.RemoveFromInbox(transaction.Connection, message.InboxPosition);
            }
        }
    }

    public override void Committed()
    {
    }

    // They stay, and are ignored again after the next start.
    public override void Failed(AgentException error)
    {
    }
}
