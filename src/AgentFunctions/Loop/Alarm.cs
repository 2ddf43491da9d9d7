using AgentFunctions.Durability;

namespace AgentFunctions.Loop;

/// <summary>
/// One timer for many moments: it is set anew only for an earlier one, since each setting is an event of the history.
/// </summary>
internal sealed class Alarm(IOrchestrationContext context) : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private DateTimeOffset _at = DateTimeOffset.MaxValue;
    // Of this alarm: whoever waits for a task hangs on it until it completes, which one that all share never would.
    private readonly Task _never = new TaskCompletionSource().Task;
    private Task? _timer;

    /// <summary>Completes at the moment or before it; who was woken too early asks again.</summary>
    /// <param name="moment">The moment (UTC); <see langword="null"/> for never.</param>
    public Task At(DateTimeOffset? moment)
    {
        if (_timer?.IsCompleted == true)
        {
            (_at, _timer) = (DateTimeOffset.MaxValue, null);
        }

        if (moment < _at)
        {
            _at = moment.Value;
            _timer = context.CreateTimerAsync(_at, _stopped.Token);
        }

        return _timer ?? _never;
    }

    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }
}
