using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>
/// Fires timers. The next ones are in memory, all others only in the file. All but <see cref="RequestTick"/> runs as the
/// writer, so a timer is either in the file when the next ones are read, or told of here after that.
/// </summary>
internal sealed class TimerIndex : IDisposable
{
    private const int PageSize = 1_000;
    private const int MaxInMemory = 4 * PageSize;
    private static readonly TimerKey None = new(long.MinValue, 0, 0);
    private static readonly TimerKey All = new(long.MaxValue, long.MaxValue, int.MaxValue);

    private readonly EngineCore _engine;
    private readonly ITimer _alarm;

    // Every timer on record up to _knownTo, and no other.
    private readonly SortedSet<TimerKey> _next = [];
    private TimerKey _knownTo = None;
    private long _armedFor = long.MaxValue;

    public TimerIndex(EngineCore engine)
    {
        _engine = engine;
        _alarm = engine.Time.CreateTimer(_ => RequestTick(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Looks for due timers soon; from any thread.</summary>
    public void RequestTick() => _engine.Writer.Enqueue(new Tick(this));

    /// <summary>A timer is on record.</summary>
    public void Add(TimerKey timer)
    {
        if (timer.CompareTo(_knownTo) > 0)
        {
            return;
        }

        _next.Add(timer);
        if (_next.Count > MaxInMemory)
        {
            while (_next.Count > MaxInMemory / 2)
            {
                _next.Remove(_next.Max);
            }

            _knownTo = _next.Max;
        }

        if (timer.FireAt < _armedFor)
        {
            Arm();
        }
    }

    /// <summary>A timer is no longer on record.</summary>
    public void Remove(TimerKey timer) => _next.Remove(timer);

    public void Dispose() => _alarm.Dispose();

    private void Fire(Connection connection)
    {
        long now = _engine.Time.GetUtcNow().UtcTicks;
        int fired = 0;

        // Where many instances wait for a thread already, more messages would only pile up.
        while (_engine.Turns.Backlog < TurnScheduler.LongBacklog && (_next.Count > 0 || Load(connection))
            && _next.Min.FireAt <= now)
        {
            TimerKey due = _next.Min;
            _next.Remove(due);
            _engine.Instances.Deliver(due.Instance, MessageOf(due));
            if (++fired == PageSize)
            {
                // Others want the writer too.
                RequestTick();
                return;
            }
        }

        Arm();
    }

    private Message MessageOf(TimerKey timer)
    {
        DateTimeOffset fireAt = InstanceRow.Time(timer.FireAt);
        return timer.TaskId == TimerKey.Start
            ? new Message { FireAt = fireAt }
            : new Message { Event = new TimerFired(_engine.Time.GetUtcNow(), timer.TaskId), FireAt = fireAt };
    }

    // Brings the next page to memory; false where there is none.
    private bool Load(Connection connection)
    {
        if (_knownTo == All)
        {
            return false;
        }

        Statement page = connection.Prepare(
            """
            SELECT fire_at, instance, task FROM timers
            WHERE (fire_at, instance, task) > (?, ?, ?) ORDER BY fire_at, instance, task LIMIT ?
            """)
            .Bind(1, _knownTo.FireAt).Bind(2, _knownTo.Instance).Bind(3, _knownTo.TaskId).Bind(4, PageSize);
        // A page that breaks off is none: what was read of it must not pass for all that there is.
        List<TimerKey> read = [];
        while (page.Step())
        {
            read.Add(new TimerKey(page.Int64(0), page.Int64(1), page.Int32(2)));
        }

        _next.UnionWith(read);
        _knownTo = _next.Count == PageSize ? _next.Max : All;
        return _next.Count > 0;
    }

    private void Arm()
    {
        if (_next.Count == 0 && _knownTo == All)
        {
            _armedFor = long.MaxValue;
            _alarm.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // With a long backlog the scheduler says when to look again.
        long now = _engine.Time.GetUtcNow().UtcTicks;
        long longest = _engine.Options.ClockCheckInterval.Ticks;
        bool isHeldUp = _next.Count == 0 || _engine.Turns.Backlog >= TurnScheduler.LongBacklog;
        long wait = isHeldUp ? longest : Math.Clamp(_next.Min.FireAt - now, 0, longest);
        _armedFor = now + wait;

        // A timer has milliseconds; a fraction is rounded up, or it would fire early and find nothing due.
        _alarm.Change(TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(wait).TotalMilliseconds)),
            Timeout.InfiniteTimeSpan);
    }

    private sealed class Tick(TimerIndex timers) : WriterJob
    {
        public override void Run(Connection connection) => timers.Fire(connection);

        public override void Failed(AgentException error)
        {
            if (!timers._engine.Stopping.IsCancellationRequested)
            {
                timers._engine.Logger.LogTimersUnreadable(error);
                timers.Arm();
            }
        }
    }
}
