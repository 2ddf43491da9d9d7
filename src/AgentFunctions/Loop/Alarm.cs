using AgentFunctions.Durability;

namespace AgentFunctions.Loop;

/// <summary>
/// One timer for many moments: it is set anew only for an earlier one, since each setting is an event of the history.
/// </summary>
internal sealed class Alarm(IOrchestrationContext context) : IDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private DateTimeOffset _at = DateTimeOffset.MaxValue;
    private Task _timer = Never;

    private static Task Never { get; } = new TaskCompletionSource().Task;

    /// <summary>Completes at the moment or before it; who was woken too early asks again.</summary>
    /// <param name="moment">The moment (UTC); <see langword="null"/> for never.</param>
    public Task At(DateTimeOffset? moment)
    {
        if (_timer.IsCompleted)
        {
            (_at, _timer) = (DateTimeOffset.MaxValue, Never);
        }

        if (moment < _at)
        {
            _at = moment.Value;
            _timer = context.CreateTimerAsync(_at, _stopped.Token);
        }

        return _timer;
    }

    public void Dispose()
    {
        _stopped.Cancel();
        _stopped.Dispose();
    }
}
