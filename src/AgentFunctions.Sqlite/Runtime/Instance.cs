using System.Diagnostics.CodeAnalysis;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Orchestration;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>
/// One instance as an actor: messages queue up, a turn takes all of them in, its record is committed, and only then does
/// anything happen outside. There is never more than one turn of an instance under way.
/// </summary>
internal sealed class Instance
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(2);

    private readonly EngineCore _engine;
    private readonly Lock _gate = new();
    private readonly HashSet<int> _inFlight = [];
    private List<Message> _mailbox = [];
    private bool _isBusy;
    private bool _isGone;
    private bool _isReloaded;
    private LiveInstance? _live;
    private CancellationTokenSource? _cancellation;
    private TimeSpan _backoff = FirstBackoff;

    public Instance(EngineCore engine, long seq)
    {
        _engine = engine;
        Seq = seq;
        IdleNode = new LinkedListNode<Instance>(this);
    }

    /// <summary>Gets the instance's row.</summary>
    public long Seq { get; }

    /// <summary>Gets or sets the instance's id; known once a turn has run.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Its place among the idle ones.</summary>
    public LinkedListNode<Instance> IdleNode { get; }

    /// <summary>Gets or sets what the idle ones count it as.</summary>
    public long IdleBytes { get; set; }

    /// <summary>Gets how long its history is.</summary>
    public long HistoryBytes => _live?.HistoryBytes ?? 0;

    /// <summary>Gets whether the instance was deleted, has ended or has left memory.</summary>
    public bool IsGone => Volatile.Read(ref _isGone);

    /// <summary>Adds a message.</summary>
    /// <param name="message">The message.</param>
    /// <returns>Whether it was taken; not where the instance has left memory.</returns>
    public bool Post(Message message)
    {
        lock (_gate)
        {
            if (_isGone)
            {
                return false;
            }

            _mailbox.Add(message);
            if (_isBusy)
            {
                return true;
            }

            _isBusy = true;
        }

        _engine.Turns.Enqueue(this);
        return true;
    }

    /// <summary>Takes in what has come, and sends the record to the writer.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "One instance's fault must not stop the others.")]
    public void RunTurn()
    {
        List<Message> messages;
        lock (_gate)
        {
            messages = _mailbox;
            _mailbox = [];
        }

        try
        {
            LiveInstance? live = _live ??= Load(messages);
            if (live is null || live.Row.IsEnded)
            {
                Drop(messages, live);
                return;
            }

            Id = live.Row.Id;
            if (live.Unregistered is { } unregistered && !messages.Exists(message => message.Event is ExecutionTerminated))
            {
                LeaveAlone(messages, unregistered);
                return;
            }

            TurnCommit commit = Turn.Run(this, _engine, live, messages);
            if (commit.IsEmpty)
            {
                commit.Acknowledge();
                Dispatch(live, []);
                Finish();
            }
            else
            {
                _engine.Writer.Enqueue(commit);
            }
        }
        catch (Exception error)
        {
            Retry(messages, error);
        }
        finally
        {
            // What the steps wrote last has waited for the turn's record; there may be none.
            _engine.Writer.Wake();
        }
    }

    /// <summary>The turn is on disk: now let it have its effects. Runs as the writer.</summary>
    /// <param name="commit">The turn.</param>
    public void OnCommitted(TurnCommit commit)
    {
        _backoff = FirstBackoff;
        LiveInstance live = commit.Live;
        foreach (int taskId in commit.FinishedTasks)
        {
            _inFlight.Remove(taskId);
        }

        switch (commit.Outcome)
        {
            case TurnOutcome.Ended:
                Leave();
                _engine.Ends.Raise(live.Row.Id);
                return;
            case TurnOutcome.ContinuedAsNew next:
                Cancel();
                _live = LiveInstance.Begin(_engine, live.Row, ReportForeignThread);
                _live.EventCount = next.CarriedOver.Count;
                foreach (EventRaised carried in next.CarriedOver)
                {
                    _live.Execution.Apply(carried);
                }

                lock (_gate)
                {
                    _mailbox.InsertRange(0, [new Message(), .. commit.LeftOver]);
                }

                break;
            default:
                Dispatch(live, commit.Actions);
                break;
        }

        Finish();
    }

    /// <summary>The turn is not on disk: forget it, and take its messages in again later.</summary>
    /// <param name="commit">The turn.</param>
    /// <param name="error">The reason.</param>
    public void OnFailed(TurnCommit commit, AgentException error)
    {
        if (IsGone)
        {
            commit.Reject(error);
        }
        else
        {
            Retry(commit.Messages, error);
        }
    }

    /// <summary>The instance was deleted. Runs as the writer.</summary>
    public void Leave()
    {
        List<Message> rest;
        lock (_gate)
        {
            _isGone = true;
            rest = _mailbox;
            _mailbox = [];
        }

        Cancel();
        _live = null;
        _engine.Instances.Forget(this);
        Settle(rest);
    }

    /// <summary>Leaves memory, if there is nothing to do and nothing in flight.</summary>
    public void TryEvict()
    {
        lock (_gate)
        {
            if (_isBusy || _isGone || _inFlight.Count > 0)
            {
                return;
            }

            _isGone = true;
        }

        _live = null;
        _cancellation?.Dispose();
        _engine.Instances.Forget(this);
    }

    /// <summary>Nothing will be recorded any more.</summary>
    /// <param name="error">The reason.</param>
    public void Abandon(AgentException error)
    {
        lock (_gate)
        {
            foreach (Message message in _mailbox)
            {
                message.Ack?.TrySetException(error);
            }

            _mailbox.Clear();
        }
    }

    private LiveInstance? Load(List<Message> messages)
    {
        _isReloaded = true;
        return messages.Find(message => message.Fresh is not null)?.Fresh is { } fresh
            ? LiveInstance.Begin(_engine, fresh, ReportForeignThread)
            : LiveInstance.Load(_engine, Seq, ReportForeignThread);
    }

    private void ReportForeignThread() =>
        _engine.Instances.Deliver(Seq, new Message { Verdict = OrchestrationExecution.ForeignAwait() });

    // An activity that is on record and not under way: it is new, or was so when the last process died.
    private void Dispatch(LiveInstance live, List<HistoryEvent> asked)
    {
        IEnumerable<HistoryEvent> steps = _isReloaded ? live.Execution.Outstanding : asked;
        _isReloaded = false;
        foreach (HistoryEvent step in steps)
        {
            if (step is TaskScheduled request && live.Execution.OutstandingStep(request.TaskId) is not null
                && _inFlight.Add(request.TaskId))
            {
                _cancellation ??= CancellationTokenSource.CreateLinkedTokenSource(_engine.Stopping);
                _engine.Activities.Enqueue(new ActivityCall(this, live.Row.Execution, request, _cancellation.Token));
            }
        }

        if (live.Execution.HasReturned && _cancellation is { } unwanted)
        {
            // Nobody waits for what is in flight. Durable Task lets it end, and the instance with it; the token hastens that.
            ThreadPool.UnsafeQueueUserWorkItem(_engine.Cancel, unwanted, preferLocal: false);
        }
    }

    private void Finish()
    {
        bool goesOn;
        bool isIdle;
        lock (_gate)
        {
            goesOn = _mailbox.Count > 0;
            isIdle = !goesOn && _inFlight.Count == 0;
            _isBusy = goesOn;
        }

        // From here on, unless it goes on, a message from anywhere may have begun the next turn.
        if (goesOn)
        {
            _engine.Turns.Enqueue(this);
        }
        else if (isIdle)
        {
            _engine.Instances.BecameIdle(this);
        }
    }

    // The instance has ended or was deleted: what comes now is ignored, and must not come again.
    private void Drop(List<Message> messages, LiveInstance? live)
    {
        Settle(messages, live is null ? NotFound() : null);
        Leave();
    }

    // What is on record about it stays, for a program that can run it; so its messages and timers come again at the next start.
    private void LeaveAlone(List<Message> messages, AgentException reason)
    {
        _engine.Logger.LogInstanceUnusable(Id, reason.Message);
        lock (_gate)
        {
            _isGone = true;
            messages.AddRange(_mailbox);
            _mailbox = [];
        }

        _live = null;
        _engine.Instances.Forget(this);
        foreach (Message message in messages)
        {
            message.Ack?.TrySetException(reason);
        }
    }

    private void Settle(List<Message> messages, AgentException? error = null)
    {
        foreach (Message message in messages)
        {
            if (error is null)
            {
                message.Ack?.TrySetResult();
            }
            else
            {
                message.Ack?.TrySetException(error);
            }
        }

        if (messages.Exists(message => message.InboxPosition > 0))
        {
            _engine.Writer.Enqueue(new InboxCleanup(messages));
        }
    }

    private void Retry(List<Message> messages, Exception error)
    {
        AgentException known = error as AgentException
            ?? new AgentException(ErrorCode.EngineUnavailable, $"The engine failed: {error.Message}", error);
        var unrecorded = UnrecordedTurn.Of(messages, known);
        _live = null;
        TimeSpan delay = _backoff;
        _backoff = delay * 2 > LongestBackoff ? LongestBackoff : delay * 2;
        if (unrecorded.Lost.Count == 0 && !_engine.Stopping.IsCancellationRequested)
        {
            _engine.Logger.LogTurnNotRecorded(known, Seq, delay);
        }

        lock (_gate)
        {
            // Even with nothing kept there is work: a reload dispatches what is on record.
            _mailbox.InsertRange(0, unrecorded.Kept.Count > 0 ? unrecorded.Kept : [new Message()]);
        }

        // Not within the flow of whoever happened to write.
        ThreadPool.UnsafeQueueUserWorkItem(_ => _ = EnqueueLaterAsync(delay, unrecorded), null);
    }

    // Real time, because what failed is a real disk, whatever clock the orchestrations see.
    private async Task EnqueueLaterAsync(TimeSpan delay, UnrecordedTurn turn)
    {
        await Task.Delay(delay, CancellationToken.None).ConfigureAwait(false);
        foreach (Message step in turn.Lost)
        {
            if (await UnrecordedTurn.SettleAsync(step, _engine.Time).ConfigureAwait(false) is { } failed)
            {
                lock (_gate)
                {
                    _mailbox.Insert(0, failed);
                }
            }
            else
            {
                _inFlight.Remove(OrchestrationExecution.TaskIdOf(step.Event!)!.Value);
            }
        }

        _engine.Turns.Enqueue(this);
    }

    private void Cancel()
    {
        _inFlight.Clear();
        CancellationTokenSource? cancellation = _cancellation;
        _cancellation = null;
        if (cancellation is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                source =>
                {
                    _engine.Cancel(source);
                    source.Dispose();
                },
                cancellation,
                preferLocal: false);
        }
    }

    private AgentException NotFound() =>
        new(ErrorCode.InstanceNotFound, $"There is no instance {(Id.Length > 0 ? $"'{Id}'" : $"#{Seq}")} any more.");
}
