namespace AgentFunctions.Sqlite.Runtime;

/// <summary>Gives instances that have something to do a thread, a bounded number at a time, first come first served.</summary>
/// <param name="maxConcurrent">The most at a time.</param>
/// <param name="onDrained">Told when a long backlog has become short.</param>
/// <param name="time">The clock of its stop.</param>
internal sealed class TurnScheduler(int maxConcurrent, Action onDrained, TimeProvider time) : IThreadPoolWorkItem
{
    /// <summary>Above this, due timers wait rather than pile up in memory.</summary>
    public const int LongBacklog = 4_096;

    private readonly Lock _gate = new();
    private readonly Queue<Instance> _ready = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _workers;
    private bool _stopping;
    private bool _halted;
    private bool _wasLong;

    /// <summary>Gets how many instances wait for a thread.</summary>
    public int Backlog => _ready.Count;

    public void Enqueue(Instance instance)
    {
        lock (_gate)
        {
            if (_halted)
            {
                return;
            }

            _ready.Enqueue(instance);
            _wasLong |= _ready.Count >= LongBacklog;
            if (_workers == maxConcurrent)
            {
                return;
            }

            _workers++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        while (Next(out bool drained) is { } instance)
        {
            if (drained)
            {
                onDrained();
            }

            instance.RunTurn();
        }
    }

    /// <summary>Lets turns that are ready run, for a while; then no more.</summary>
    /// <param name="timeout">How long.</param>
    public async Task StopAsync(TimeSpan timeout)
    {
        lock (_gate)
        {
            _stopping = true;
            CheckIdle();
        }

        await Task.WhenAny(_idle.Task, Task.Delay(timeout, time, CancellationToken.None)).ConfigureAwait(false);
        lock (_gate)
        {
            _halted = true;
            _ready.Clear();
            CheckIdle();
        }

        await _idle.Task.ConfigureAwait(false);
    }

    private Instance? Next(out bool drained)
    {
        lock (_gate)
        {
            drained = _wasLong && _ready.Count < LongBacklog / 2;
            _wasLong &= !drained;
            if (_ready.TryDequeue(out Instance? instance))
            {
                return instance;
            }

            _workers--;
            CheckIdle();
            return null;
        }
    }

    private void CheckIdle()
    {
        if (_stopping && _workers == 0 && _ready.Count == 0)
        {
            _idle.TrySetResult();
        }
    }
}
