namespace AgentFunctions.Testing;

/// <summary>
/// A clock that a test moves. Timers run on elapsed time, as real ones do: <see cref="Step"/> sets the clock without letting
/// time pass, <see cref="Advance"/> lets it pass at once, and every timer that is due within fires once at its end.
/// </summary>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private static readonly AsyncLocal<object?> PresentCall = new();

    private readonly Lock _gate = new();
    private readonly HashSet<VirtualTimer> _timers = [];
    private DateTimeOffset _now = start;
    private long _elapsed;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _elapsed;
        }
    }

    /// <summary>Sets the clock, forwards or back. No time passes.</summary>
    /// <param name="by">By how much.</param>
    public void Step(TimeSpan by)
    {
        lock (_gate)
        {
            _now += by;
        }
    }

    /// <summary>Lets time pass.</summary>
    /// <param name="by">How much.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_gate)
        {
            _now += by;
            _elapsed += by.Ticks;
            foreach (VirtualTimer timer in _timers.Where(timer => timer.DueAt <= _elapsed).OrderBy(timer => timer.DueAt)
                .ToArray())
            {
                timer.Fire(_elapsed);
            }
        }
    }

    /// <summary>Lets time pass until a moment; at once where it has passed.</summary>
    /// <param name="moment">The moment.</param>
    public void AdvanceTo(DateTimeOffset moment)
    {
        TimeSpan by = moment - GetUtcNow();
        Advance(by > TimeSpan.Zero ? by : TimeSpan.Zero);
    }

    /// <summary>Begins a call: what waits on this clock from here on, waits on behalf of the call.</summary>
    internal static IDisposable BeginCall()
    {
        object? outer = PresentCall.Value;
        PresentCall.Value = new object();
        return new Call(outer);
    }

    /// <summary>
    /// Gets when the first of the calls that are under way wants to go on; <see langword="null"/> if one of them does not wait
    /// for time.
    /// </summary>
    /// <param name="underWay">How many are under way.</param>
    internal DateTimeOffset? NextOfCalls(int underWay)
    {
        lock (_gate)
        {
            VirtualTimer[] waiting = [.. _timers.Where(static timer => timer.Call is not null)];
            return waiting.Length == 0 || waiting.Select(static timer => timer.Call).Distinct().Count() < underWay
                ? null
                : _now + TimeSpan.FromTicks(waiting.Min(static timer => timer.DueAt) - _elapsed);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class VirtualTimer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        /// <summary>
        /// Gets the call that waits for this timer. What cancels a call is its time limit, and nothing that it waits for.
        /// </summary>
        public object? Call { get; } = state is CancellationTokenSource ? null : PresentCall.Value;

        public long DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                _period = period;
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                DueAt = time._elapsed + dueTime.Ticks;
                time._timers.Add(this);
                if (dueTime <= TimeSpan.Zero)
                {
                    Fire(time._elapsed);
                }

                return true;
            }
        }

        public void Fire(long elapsed)
        {
            time._timers.Remove(this);
            if (_period > TimeSpan.Zero)
            {
                DueAt = elapsed + _period.Ticks;
                time._timers.Add(this);
            }

            // Never on the caller's thread: it holds the lock, and a real timer would not either.
            ThreadPool.QueueUserWorkItem(static timer => timer.Item1(timer.Item2), (callback, state), preferLocal: false);
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Call(object? outer) : IDisposable
    {
        public void Dispose() => PresentCall.Value = outer;
    }
}
