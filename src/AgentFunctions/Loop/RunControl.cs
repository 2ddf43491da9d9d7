using AgentFunctions.Durability;

namespace AgentFunctions.Loop;

/// <summary>What reaches a live run from outside: commands, in the order in which they came, and the end of its time.</summary>
internal sealed class RunControl : IDisposable
{
    private readonly IOrchestrationContext _context;
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<RunCommand> _pending = [];
    private Task<RunCommand> _next;
    private DateTimeOffset? _deadline;
    private Task _deadlineTimer = Never;
    private CancellationTokenSource? _deadlineCancel;

    public RunControl(IOrchestrationContext context)
    {
        _context = context;
        _next = Listen();
    }

    /// <summary>The request to end the run, once there is one.</summary>
    public RunCommand? Cancelled { get; private set; }

    /// <summary>
    /// Whether the run's time is up. Asked of the timer and not of the clock: a turn may begin a moment before the deadline that
    /// it is told of.
    /// </summary>
    public bool IsTimeUp => _deadlineTimer.IsCompleted;

    /// <summary>Whether a step was left before it was over.</summary>
    public bool HasLeftSteps { get; private set; }

    private static Task Never { get; } = new TaskCompletionSource().Task;

    /// <summary>Takes the commands that have come into the state.</summary>
    public RunState Apply(RunState state)
    {
        Receive();
        foreach (RunCommand command in _pending)
        {
            state = state with
            {
                Inbox = Math.Max(state.Inbox, command.Inbox ?? 0),
                PendingBytes = state.PendingBytes + command.InboxBytes,
                Limits = command.Grant is null ? state.Limits : state.Limits with { Budget = state.Limits.Budget.Plus(command.Grant) },
            };
        }

        _pending.Clear();
        SetDeadline(state.StartedAt + state.Limits.Budget.WallClock);
        return state;
    }

    /// <summary>Waits for a step; false where a cancellation or the end of the run's time came first.</summary>
    public async Task<bool> FinishedAsync(Task step)
    {
        while (true)
        {
            Task first = await Task.WhenAny(step, _next, _deadlineTimer);
            if (first == step)
            {
                return true;
            }

            Receive();
            if (Cancelled is not null || IsTimeUp)
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
        _stopped.Cancel();
        _stopped.Dispose();
    }

    private void Receive()
    {
        while (_next.IsCompletedSuccessfully)
        {
            RunCommand command = _next.Result;
            _next = Listen();
            _pending.Add(command);
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
        _deadlineTimer = deadline is null ? Never : _context.CreateTimerAsync(deadline.Value, _deadlineCancel!.Token);
        _deadline = deadline;
    }

    private Task<RunCommand> Listen() => _context.WaitForExternalEventAsync<RunCommand>(RunCommand.EventName, _stopped.Token);
}
