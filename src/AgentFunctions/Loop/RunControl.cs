using AgentFunctions.Durability;

namespace AgentFunctions.Loop;

/// <summary>What reaches a live run from outside: commands, in the order in which they came, and the end of its time.</summary>
internal sealed class RunControl : IDisposable
{
    /// <summary>How many keys of grants the state keeps.</summary>
    private const int MaxHeard = 16;

    private readonly IOrchestrationContext _context;
    private readonly SwarmFlow _swarm;
    private readonly TimeSpan? _stepTimeout;
    private readonly Func<bool> _isWaiting;
    private readonly Alarm _stepAlarm;
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<RunCommand> _pending = [];
    private Task<RunCommand> _next;
    private DateTimeOffset? _waitedUntil;
    private DateTimeOffset? _deadline;
    // Of this execution: whoever waits for a task hangs on it until it completes, which one that all share never would.
    private readonly Task _never = new TaskCompletionSource().Task;
    private Task _deadlineTimer;
    private CancellationTokenSource? _deadlineCancel;

    public RunControl(IOrchestrationContext context, SwarmFlow swarm, TimeSpan? stepTimeout, Func<bool> isWaiting)
    {
        _context = context;
        _swarm = swarm;
        _stepTimeout = stepTimeout;
        _isWaiting = isWaiting;
        _stepAlarm = new Alarm(context);
        _deadlineTimer = _never;
        _next = Listen();
    }

    /// <summary>Gets or sets the request to end the run, once there is one.</summary>
    public RunCommand? Cancelled { get; private set; }

    /// <summary>Gets or sets whether a step took longer than any may.</summary>
    public bool IsStuck { get; private set; }

    /// <summary>
    /// Whether the run's time is up. Asked of the timer and not of the clock: a turn may begin a moment before the deadline that
    /// it is told of.
    /// </summary>
    public bool IsTimeUp => _deadlineTimer.IsCompleted;

    /// <summary>Gets or sets whether a step was left before it was over.</summary>
    public bool HasLeftSteps { get; private set; }

    /// <summary>Takes the commands that have come into the state.</summary>
    public RunState Apply(RunState state)
    {
        Receive();
        foreach (RunCommand command in _pending)
        {
            bool isRepeated = command.Key is { } key && state.Heard?.Contains(key) == true;
            state = state with
            {
                Heard = Heard(state, command),
                Inbox = Math.Max(state.Inbox, command.Inbox ?? 0),
                PendingBytes = state.PendingBytes + command.InboxBytes,
                Limits = command.Grant is null || isRepeated
                    ? state.Limits
                    : state.Limits with { Budget = state.Limits.Budget.Plus(command.Grant) },
            };
        }

        _pending.Clear();
        SetDeadline(state.Deadline);
        return state;
    }

    /// <summary>The keys that the state knows once it has heard a command: those that may come again stay the longest.</summary>
    public static IReadOnlyList<string>? Heard(RunState state, RunCommand command)
    {
        if (command.Key is not { } key || state.Heard?.Contains(key) == true)
        {
            return state.Heard;
        }

        List<string> keys = [.. state.Heard ?? [], key];
        while (keys.Count > MaxHeard)
        {
            keys.RemoveAt(Math.Max(0, keys.FindIndex(static one => one.StartsWith(RunCommand.Once, StringComparison.Ordinal))));
        }

        return keys;
    }

    /// <summary>Has the run's time stand still.</summary>
    public void HoldDeadline() => SetDeadline(null);

    /// <summary>Has the run's time go on.</summary>
    /// <param name="deadline">
    /// When it is up, without what was granted since the last look (UTC); <see langword="null"/> if it is not limited.
    /// </param>
    public void TakeUpDeadline(DateTimeOffset? deadline) => SetDeadline(
        _pending.Aggregate(deadline, static (until, command) => until + (command.Grant?.WallClock ?? TimeSpan.Zero)));

    /// <summary>Notes that what the steps waited for has come: their time begins anew.</summary>
    public void EndWait() => _waitedUntil = _context.CurrentTime;

    /// <summary>
    /// Waits for a step; false where a cancellation or the end of the run's time came first, or where the step is stuck.
    /// </summary>
    public async Task<bool> FinishedAsync(Task step)
    {
        DateTimeOffset? late = _context.CurrentTime + _stepTimeout;
        while (true)
        {
            Task first = await Task.WhenAny(step, _next, _deadlineTimer, _swarm.Next, _stepAlarm.At(late));
            if (first == step)
            {
                return true;
            }

            _swarm.Receive();
            Receive();
            late = _isWaiting() ? _context.CurrentTime + _stepTimeout : late;
            if (late <= _context.CurrentTime && _waitedUntil + _stepTimeout > late)
            {
                // What the step waited for, a person for example, came in the meantime: that time is not the step's.
                late = _waitedUntil + _stepTimeout;
            }

            IsStuck = late <= _context.CurrentTime;
            if (Cancelled is not null || IsTimeUp || IsStuck)
            {
                HasLeftSteps = true;
                return false;
            }
        }
    }

    /// <summary>Stops listening, so that nothing of this execution stays open.</summary>
    public void Dispose()
    {
        SetDeadline(null);
        _stepAlarm.Dispose();
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private void Receive()
    {
        while (_next.IsCompletedSuccessfully)
        {
            RunCommand command = _next.Result;
            _next = Listen();
            if (command.Child is { } child)
            {
                _swarm.Await(child, command.ChildTime ?? TimeSpan.Zero);
                continue;
            }

            _pending.Add(command);
            _swarm.Wake();
            Cancelled ??= command.Cancel ? command : null;
            if (command.Grant?.WallClock is { } more)
            {
                SetDeadline(_deadline + more);
            }
        }
    }

    private void SetDeadline(DateTimeOffset? deadline)
    {
        if (deadline == _deadline)
        {
            return;
        }

        _deadlineCancel?.Cancel();
        _deadlineCancel?.Dispose();
        _deadlineCancel = deadline is null ? null : new CancellationTokenSource();
        _deadlineTimer = deadline is null ? _never : _context.CreateTimerAsync(deadline.Value, _deadlineCancel!.Token);
        _deadline = deadline;
    }

    private Task<RunCommand> Listen() => _context.WaitForExternalEventAsync<RunCommand>(RunCommand.EventName, _stopped.Token);
}
