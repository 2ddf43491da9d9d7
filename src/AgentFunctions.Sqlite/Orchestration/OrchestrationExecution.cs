using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Durability;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Orchestration;

/// <summary>
/// One execution of an orchestrator as a state machine: events go in, the code runs as far as it can, and what it asked
/// for comes out. A live turn and a replayed one take the same way through here, which is what makes them equal.
/// </summary>
[SuppressMessage("Reliability", "CA2007:Consider calling ConfigureAwait on the awaited task", Justification = "Continuations belong to the turn.")]
internal sealed class OrchestrationExecution : IOrchestrationContext
{
    private readonly OrchestratorDelegate? _orchestrator;
    private readonly OrchestrationLimits _limits;
    private readonly ILoggerFactory _loggers;
    private readonly ExecutionStarted _started;
    private readonly byte[] _guidSeed;
    private readonly TurnContext _turn;
    private readonly Dictionary<int, PendingStep> _pending = [];
    private readonly ExternalEvents _events;
    private readonly Queue<HistoryEvent> _heldBack = new();
    private List<HistoryEvent> _actions = [];
    private Task<string?>? _run;
    private Exception? _crash;
    private (string? Input, bool Preserve)? _continueAsNew;
    private int _nextTaskId;
    private int _nextGuid;

    /// <summary>Makes an execution that has not begun.</summary>
    /// <param name="started">What it is and what it was given.</param>
    /// <param name="registry">The orchestrators.</param>
    /// <param name="limits">The bounds of its payloads.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="onForeignThread">Told when the code goes on outside its turns.</param>
    public OrchestrationExecution(
        ExecutionStarted started, DurableRegistry registry, OrchestrationLimits limits, ILoggerFactory loggers, Action onForeignThread)
    {
        _started = started;
        _limits = limits;
        _loggers = loggers;
        registry.Orchestrators.TryGetValue(started.Name, out _orchestrator);
        _turn = new TurnContext(onForeignThread);
        _events = new ExternalEvents(_turn);
        _guidSeed = Encoding.UTF8.GetBytes($"{started.InstanceId}/{started.ExecutionId}/\0\0\0\0");
        CurrentTime = started.Timestamp;
    }

    public string InstanceId => _started.InstanceId ?? "";

    public string Name => _started.Name;

    public string? ParentInstanceId => _started.ParentInstanceId;

    public DateTimeOffset CurrentTime { get; private set; }

    public bool IsReplaying { get; private set; }

    /// <summary>Whether the code has begun.</summary>
    public bool IsStarted => _run is not null || _crash is not null;

    /// <summary>Whether the code is held.</summary>
    public bool IsSuspended { get; private set; }

    /// <summary>The custom status as JSON.</summary>
    public string? CustomStatus { get; set; }

    /// <summary>Whether the execution is over; what comes later in the turn is not for it.</summary>
    /// <remarks>
    /// As in Durable Task's <c>TaskOrchestrationExecutor</c>, code that returned or threw is not the end while steps that it
    /// asked for are open: activities, sub-orchestrations and timers that were neither awaited nor cancelled.
    /// </remarks>
    public bool IsFinished => _crash is not null || (_run is { IsCompleted: true } && _pending.Count == 0);

    /// <summary>How many activities have no recorded outcome yet.</summary>
    public int OutstandingActivities { get; private set; }

    /// <summary>Steps whose outcome is not recorded yet.</summary>
    public IEnumerable<HistoryEvent> Outstanding =>
        _pending.Values.Where(step => !step.IsOutcomeRecorded).Select(step => step.Scheduled);

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
                while (IsStarted && !IsSuspended && _heldBack.TryDequeue(out HistoryEvent? held))
                {
                    Deliver(held);
                }

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

        return IsStuck
            ? Fail(ForeignAwait(), actions)
            : TurnOutcome.Waiting.Instance;
    }

    /// <summary>The failure of code that awaits something that its context did not give it.</summary>
    public static AgentException ForeignAwait() => new(
        ErrorCode.NonDeterminism,
        "The orchestrator awaits something that its context did not give it (Task.Delay, Task.Run, CancelAsync, I/O), or went on outside its "
        + "turn. Use the context's timers and events, and do the rest in activities.");

    public Guid NewGuid()
    {
        EnsureOnTurn();
        BinaryPrimitives.WriteInt32LittleEndian(_guidSeed.AsSpan(_guidSeed.Length - 4), _nextGuid++);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_guidSeed, hash);
        // RFC 9562, version 8 (of the maker's own making), variant 10.
        hash[6] = (byte)((hash[6] & 0x0F) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    public Task<TResult> CallActivityAsync<TResult>(string name, object? input = null, TaskOptions? options = null)
    {
        EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? json = _limits.Serialize(input, $"input of activity '{name}'");
        return options?.Retry is { } retry
            ? RetryAsync(retry, () => Ask<TResult>(new TaskScheduled(CurrentTime, _nextTaskId, name, json)))
            : Ask<TResult>(new TaskScheduled(CurrentTime, _nextTaskId, name, json));
    }

    public Task<TResult> CallSubOrchestratorAsync<TResult>(string name, object? input = null, SubOrchestrationOptions? options = null)
    {
        EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(name);
        string? json = _limits.Serialize(input, $"input of orchestrator '{name}'");
        // As in durabletask-dotnet, every attempt has the same id; a failed attempt is replaced by the next.
        string child = options?.InstanceId is { Length: > 0 } given ? InstanceIds.Check(given) : NewGuid().ToString("N");
        return options?.Retry is { } retry
            ? RetryAsync(retry, () => Ask<TResult>(new SubOrchestrationCreated(CurrentTime, _nextTaskId, name, child, json)))
            : Ask<TResult>(new SubOrchestrationCreated(CurrentTime, _nextTaskId, name, child, json));
    }

    public Task CreateTimerAsync(DateTimeOffset fireAt, CancellationToken cancellationToken = default)
    {
        EnsureOnTurn();
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        int taskId = _nextTaskId;
        var step = new PendingStep<bool>(new TimerCreated(CurrentTime, taskId, fireAt.ToUniversalTime()));
        Ask(step);
        if (cancellationToken.CanBeCanceled)
        {
            cancellationToken.Register(() => _turn.CompleteCancelled(() =>
            {
                if (_pending.TryGetValue(taskId, out PendingStep? pending) && pending == step)
                {
                    _pending.Remove(taskId);
                    _actions.Add(new TimerCancelled(CurrentTime, taskId));
                    step.Cancel(cancellationToken);
                }
            }));
        }

        return step.Task;
    }

    public Task<T> WaitForExternalEventAsync<T>(string name, CancellationToken cancellationToken = default)
    {
        EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(name);
        return _events.WaitAsync<T>(name, cancellationToken);
    }

    public void SendEvent(string instanceId, string eventName, object? payload = null)
    {
        EnsureOnTurn();
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        string? json = _limits.Serialize(payload, $"payload of event '{eventName}'");
        _actions.Add(new EventSent(CurrentTime, _nextTaskId++, instanceId, eventName, json));
    }

    public void SetCustomStatus(object? status)
    {
        EnsureOnTurn();
        CustomStatus = OrchestrationLimits.Check(DurableJson.Serialize(status), "custom status", _limits.MaxCustomStatusBytes);
    }

    public void ContinueAsNew(object? input = null, bool preserveUnprocessedEvents = true)
    {
        EnsureOnTurn();
        _continueAsNew = (_limits.Serialize(input, "input of the new execution"), preserveUnprocessedEvents);
    }

    public ILogger CreateReplaySafeLogger(string category) => new ReplaySafeLogger(_loggers.CreateLogger(category), this);

    private bool IsStuck => IsStarted && !IsSuspended && _pending.Count == 0 && !_events.HasWaiters;

    private void Start()
    {
        if (_orchestrator is null)
        {
            throw new AgentException(
                ErrorCode.NotRegistered, $"No orchestrator '{Name}' is registered; register it under this name, or correct the name.");
        }

        _run = _orchestrator(this, _started.Input);
        while (!IsSuspended && _heldBack.TryDequeue(out HistoryEvent? held))
        {
            Deliver(held);
        }
    }

    private void Hold(HistoryEvent input)
    {
        if (TaskIdOf(input) is { } taskId && _pending.TryGetValue(taskId, out PendingStep? step))
        {
            step.IsOutcomeRecorded = true;
            OutstandingActivities -= input is TaskCompleted or TaskFailed ? 1 : 0;
        }

        _heldBack.Enqueue(input);
    }

    private void Deliver(HistoryEvent input)
    {
        if (input is EventRaised raised)
        {
            Run(() => _turn.Complete(() => _events.Raise(raised)));
        }
        else if (TaskIdOf(input) is { } taskId && _pending.Remove(taskId, out PendingStep? step))
        {
            OutstandingActivities -= !step.IsOutcomeRecorded && input is (TaskCompleted or TaskFailed) ? 1 : 0;
            Run(() => _turn.Complete(() => Resolve(step, taskId, input)));
        }
    }

    private static void Resolve(PendingStep step, int taskId, HistoryEvent input)
    {
        switch (input)
        {
            case TaskCompleted completed:
                step.Complete(completed.Result);
                break;
            case SubOrchestrationCompleted completed:
                step.Complete(completed.Result);
                break;
            case TimerFired:
                step.Complete("true");
                break;
            case TaskFailed failed:
                step.Fail(new TaskFailedException(((TaskScheduled)step.Scheduled).Name, taskId, failed.Failure));
                break;
            case SubOrchestrationFailed failed:
                step.Fail(new TaskFailedException(((SubOrchestrationCreated)step.Scheduled).Name, taskId, failed.Failure));
                break;
        }
    }

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

    // Faults of the code end up in its task; what comes out here is a missing orchestrator, or an `async void` that threw.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever the code threw is its outcome.")]
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
            return new TurnOutcome.ContinuedAsNew(next.Input, next.Preserve ? [.. _events.Unclaimed] : []);
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

    private Task<T> Ask<T>(HistoryEvent request)
    {
        var step = new PendingStep<T>(request);
        Ask(step);
        return step.Task;
    }

    private void Ask(PendingStep step)
    {
        _pending.Add(_nextTaskId++, step);
        OutstandingActivities += step.Scheduled is TaskScheduled ? 1 : 0;
        _actions.Add(step.Scheduled);
    }

    private async Task<T> RetryAsync<T>(RetryPolicy policy, Func<Task<T>> attempt)
    {
        DateTimeOffset first = CurrentTime;
        for (int number = 1; ; number++)
        {
            try
            {
                return await attempt();
            }
            catch (TaskFailedException error) when (policy.ShouldRetry(error.Failure, number, CurrentTime - first))
            {
                TimeSpan delay = policy.DelayAfter(number);
                await CreateTimerAsync(
                    delay >= DateTimeOffset.MaxValue - CurrentTime ? DateTimeOffset.MaxValue : CurrentTime + delay);
            }
        }
    }

    private void EnsureOnTurn()
    {
        if (!_turn.IsOnTurn)
        {
            _turn.ReportForeignThread();
            throw ForeignAwait();
        }
    }
}
