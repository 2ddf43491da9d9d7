using System.Diagnostics.CodeAnalysis;
using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>
/// One execution of an orchestrator as a state machine: events go in, the code runs as far as it can, and what it asked
/// for comes out. A live turn and a replayed one take the same way through here, which is what makes them equal.
/// </summary>
internal sealed class OrchestrationExecution
{
    private readonly OrchestratorDelegate? _orchestrator;
    private readonly OrchestrationContext _context;
    private readonly OrchestrationLimits _limits;
    private readonly TurnContext _turn;
    private readonly Dictionary<int, PendingStep> _pending = [];
    private readonly Queue<HistoryEvent> _heldBack = new();
    private List<HistoryEvent> _actions = [];
    private Task<string?>? _run;
    private Exception? _crash;
    private (string? Input, bool Preserve)? _continueAsNew;
    private int _nextTaskId;

    /// <summary>Makes an execution that has not begun.</summary>
    /// <param name="started">What it is and what it was given.</param>
    /// <param name="registry">The orchestrators.</param>
    /// <param name="limits">The bounds of its payloads.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="onForeignThread">Told when the code goes on outside its turns.</param>
    public OrchestrationExecution(
        ExecutionStarted started, DurableRegistry registry, OrchestrationLimits limits, ILoggerFactory loggers,
        Action onForeignThread)
    {
        Started = started;
        CurrentTime = started.Timestamp;
        registry.Orchestrators.TryGetValue(started.Name, out _orchestrator);
        _limits = limits;
        _turn = new TurnContext(onForeignThread);
        Events = new ExternalEvents(_turn);
        _context = new OrchestrationContext(this, limits, loggers);
    }

    /// <summary>Gets what the execution is and what it was given.</summary>
    public ExecutionStarted Started { get; }

    /// <summary>Gets or sets the time of the turn.</summary>
    public DateTimeOffset CurrentTime { get; private set; }

    /// <summary>Gets or sets whether the turn is on record already.</summary>
    public bool IsReplaying { get; private set; }

    /// <summary>Gets whether the code has begun.</summary>
    public bool IsStarted => _run is not null || _crash is not null;

    /// <summary>Gets or sets whether the code is held.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>
    /// Gets whether the code has returned or thrown; steps may still be open, and nobody waits for them any more.
    /// </summary>
    public bool HasReturned => _run is { IsCompleted: true };

    /// <summary>Gets whether the execution is over; what comes later in the turn is not for it.</summary>
    /// <remarks>
    /// As in Durable Task's <c>TaskOrchestrationExecutor</c>, code that returned or threw is not the end while steps that it
    /// asked for are open: activities, sub-orchestrations and timers that were neither awaited nor cancelled.
    /// </remarks>
    public bool IsFinished => _crash is not null || (HasReturned && _pending.Count == 0);

    /// <summary>Gets or sets the custom status as JSON.</summary>
    public string? CustomStatus { get; set; }

    /// <summary>Gets the external events.</summary>
    public ExternalEvents Events { get; }

    /// <summary>Gets how many events wait for the code to take them.</summary>
    public int BufferedEvents => Events.Unclaimed.Count + _heldBack.Count;

    /// <summary>Whether the code waits for an event and would take it now.</summary>
    /// <param name="eventName">The name of the event.</param>
    public bool IsWaitingFor(string eventName) => IsStarted && !IsSuspended && Events.HasWaiter(eventName);

    /// <summary>Gets or sets how many activities have no recorded outcome yet.</summary>
    public int OutstandingActivities { get; private set; }

    /// <summary>Steps whose outcome is not recorded yet.</summary>
    public IEnumerable<HistoryEvent> Outstanding =>
        _pending.Values.Where(step => !step.IsOutcomeRecorded).Select(step => step.Scheduled);

    // Nothing is open and nobody waits for an event, and yet the code has not returned.
    private bool IsStuck => IsStarted && !IsSuspended && _pending.Count == 0 && !Events.HasWaiters;

    /// <summary>The step of a number, if its outcome is not recorded yet.</summary>
    /// <param name="taskId">The number.</param>
    public HistoryEvent? OutstandingStep(int taskId) =>
        _pending.TryGetValue(taskId, out PendingStep? step) && !step.IsOutcomeRecorded ? step.Scheduled : null;

    /// <summary>Begins a turn; the first one begins the code.</summary>
    /// <param name="time">What the code sees as now.</param>
    /// <param name="isReplay">Whether the turn is on record already.</param>
    public void BeginTurn(DateTimeOffset time, bool isReplay)
    {
        CurrentTime = time;
        IsReplaying = isReplay;
        _turn.Enter();
        if (!IsStarted)
        {
            Run(Start);
        }
    }

    /// <summary>Takes in one recorded event, within a turn or, for one that lets no code run, outside.</summary>
    /// <param name="input">The event.</param>
    public void Apply(HistoryEvent input)
    {
        switch (input)
        {
            case ExecutionSuspended:
                IsSuspended = true;
                break;
            case ExecutionResumed:
                IsSuspended = false;
                DeliverHeldBack();
                break;
            default:
                if (IsSuspended || !IsStarted)
                {
                    Hold(input);
                }
                else
                {
                    Deliver(input);
                }

                break;
        }
    }

    /// <summary>Ends the turn.</summary>
    /// <param name="actions">What the code asked for in it, in order.</param>
    /// <returns>How the execution stands now.</returns>
    public TurnOutcome EndTurn(out List<HistoryEvent> actions)
    {
        _turn.Leave();
        actions = _actions;
        _actions = [];
        if (_crash is not null)
        {
            return Fail(_crash, actions);
        }

        if (IsFinished)
        {
            return Finish(_run!, actions);
        }

        return IsStuck ? Fail(ForeignAwait(), actions) : TurnOutcome.Waiting.Instance;
    }

    /// <summary>The failure of code that awaits something that its context did not give it.</summary>
    public static AgentException ForeignAwait() => new(
        ErrorCode.NonDeterminism,
        "The orchestrator awaits something that its context did not give it (Task.Delay, Task.Run, CancelAsync, I/O), or went on "
        + "outside its turn. Use the context's timers and events, and do the rest in activities.");

    /// <summary>The step whose outcome an event is.</summary>
    /// <param name="input">The event.</param>
    public static int? TaskIdOf(HistoryEvent input) => input switch
    {
        TaskCompleted completed => completed.TaskId,
        TaskFailed failed => failed.TaskId,
        SubOrchestrationCompleted completed => completed.TaskId,
        SubOrchestrationFailed failed => failed.TaskId,
        TimerFired fired => fired.TaskId,
        _ => null,
    };

    /// <summary>Asks for a step that has a result.</summary>
    /// <typeparam name="T">The type of the result.</typeparam>
    /// <param name="request">Makes the request for a step number.</param>
    public Task<T> AskAsync<T>(Func<int, HistoryEvent> request)
    {
        var step = new PendingStep<T>(request(_nextTaskId));
        Ask(step);
        return step.Task;
    }

    /// <summary>Asks for a timer.</summary>
    /// <param name="fireAt">When it fires.</param>
    /// <param name="cancellationToken">The token to cancel the timer.</param>
    public Task AskTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken)
    {
        int taskId = _nextTaskId;
        var step = new PendingStep<bool>(new TimerCreated(CurrentTime, taskId, fireAt));
        Ask(step);
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(() => _turn.CompleteCancelled(() =>
            {
                if (_pending.Remove(taskId))
                {
                    _actions.Add(new TimerCancelled(CurrentTime, taskId));
                    step.Cancel(cancellationToken);
                }
            }));
        }

        return step.Task;
    }

    /// <summary>Asks for something that has no result.</summary>
    /// <param name="request">Makes the request for a step number.</param>
    public void Tell(Func<int, HistoryEvent> request) => _actions.Add(request(_nextTaskId++));

    /// <summary>Begins again once the code has returned.</summary>
    /// <param name="input">The new input as JSON.</param>
    /// <param name="preserveUnprocessedEvents">Whether events that nobody has waited for are carried over.</param>
    public void ContinueAsNew(string? input, bool preserveUnprocessedEvents) =>
        _continueAsNew = (input, preserveUnprocessedEvents);

    /// <summary>Lets a call of the code pass, if it comes from the turn.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.NonDeterminism"/>.</exception>
    public void EnsureOnTurn()
    {
        if (!_turn.IsOnTurn)
        {
            _turn.ReportForeignThread();
            throw ForeignAwait();
        }
    }

    private void Start()
    {
        if (_orchestrator is null)
        {
            throw new AgentException(
                ErrorCode.NotRegistered,
                $"No orchestrator '{Started.Name}' is registered; register it under this name, or correct the name.");
        }

        _run = _orchestrator(_context, Started.Input);
        DeliverHeldBack();
    }

    private void DeliverHeldBack()
    {
        while (IsStarted && !IsSuspended && _heldBack.TryDequeue(out HistoryEvent? held))
        {
            Deliver(held);
        }
    }

    private void Hold(HistoryEvent input)
    {
        if (TaskIdOf(input) is { } taskId && _pending.TryGetValue(taskId, out PendingStep? step))
        {
            CountOutcome(step, input);
            step.IsOutcomeRecorded = true;
        }

        _heldBack.Enqueue(input);
    }

    private void Deliver(HistoryEvent input)
    {
        if (input is EventRaised raised)
        {
            Run(() => _turn.Complete(() => Events.Raise(raised)));
        }
        else if (TaskIdOf(input) is { } taskId && _pending.Remove(taskId, out PendingStep? step))
        {
            CountOutcome(step, input);
            Run(() => _turn.Complete(() => step.Resolve(taskId, input)));
        }
    }

    private void CountOutcome(PendingStep step, HistoryEvent input)
    {
        if (!step.IsOutcomeRecorded && input is (TaskCompleted or TaskFailed))
        {
            OutstandingActivities--;
        }
    }

    // Faults of the code end up in its task; what comes out here is a missing orchestrator, or an `async void` that threw.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "Whatever the code threw is its outcome.")]
    private void Run(Action code)
    {
        try
        {
            _turn.Run(code);
        }
        catch (Exception error)
        {
            _crash ??= error;
        }
    }

    private TurnOutcome Finish(Task<string?> run, List<HistoryEvent> actions)
    {
        if (!run.IsCompletedSuccessfully)
        {
            return Fail(run.Exception?.InnerException ?? new TaskCanceledException(run), actions);
        }

        if (_continueAsNew is { } next)
        {
            return new TurnOutcome.ContinuedAsNew(next.Input, next.Preserve ? [.. Events.Unclaimed] : []);
        }

        try
        {
            string? output = OrchestrationLimits.Check(run.Result, "output of the orchestrator", _limits.MaxPayloadBytes);
            return End(new ExecutionCompleted(CurrentTime, output), actions);
        }
        catch (AgentException tooLarge)
        {
            return Fail(tooLarge, actions);
        }
    }

    private TurnOutcome.Ended Fail(Exception error, List<HistoryEvent> actions) =>
        End(new ExecutionFailed(CurrentTime, FailureDetails.FromException(error)), actions);

    private static TurnOutcome.Ended End(HistoryEvent last, List<HistoryEvent> actions)
    {
        actions.Add(last);
        return new TurnOutcome.Ended(last);
    }

    private void Ask(PendingStep step)
    {
        _pending.Add(_nextTaskId++, step);
        _actions.Add(step.Scheduled);
        if (step.Scheduled is TaskScheduled)
        {
            OutstandingActivities++;
        }
    }
}
