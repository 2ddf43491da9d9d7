using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>
/// Fires timers. The near ones are in memory, the others only in the file. All but <see cref="RequestTick"/> runs on the
/// writer's thread, so a timer is either in the file when the near ones are read, or told of here after that.
/// </summary>
internal sealed class TimerIndex : IDisposable
{
    private const int PageSize = 1_000;
    private static readonly TimeSpan Horizon = TimeSpan.FromSeconds(60);

    // The clock may jump, or stand still while a laptop sleeps: look at it again at least so often.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private readonly EngineCore _engine;
    private readonly SortedSet<TimerKey> _near = [];
    private readonly ITimer _alarm;
    private TimerKey _loadedTo = new(long.MinValue, 0, 0);
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
        if (timer.CompareTo(_loadedTo) <= 0)
        {
            _near.Add(timer);
            if (timer.FireAt < _armedFor)
            {
                Arm();
            }
        }
    }

    /// <summary>A timer is no longer on record.</summary>
    public void Remove(TimerKey timer) => _near.Remove(timer);

    public void Dispose() => _alarm.Dispose();

    private void Fire(Connection connection)
    {
        int fired = 0;
        long now = _engine.Time.GetUtcNow().UtcTicks;
        while (_engine.Turns.Backlog < TurnScheduler.LongBacklog)
        {
            if (_near.Count == 0 && !Load(connection, now))
            {
                break;
            }

            TimerKey next = _near.Min;
            if (next.FireAt > now)
            {
                break;
            }

            _near.Remove(next);
            _engine.Instances.Deliver(next.Instance, Due(next));
            if (++fired == PageSize)
            {
                // Others want the writer too.
                RequestTick();
                return;
            }
        }

        if (_loadedTo.FireAt < now + (Horizon.Ticks / 2))
        {
            Load(connection, now);
        }

        Arm();
    }

    private Message Due(TimerKey timer)
    {
        DateTimeOffset fireAt = InstanceRow.Time(timer.FireAt);
        return timer.TaskId == TimerKey.Start
            ? new Message { FireAt = fireAt }
            : new Message { Event = new TimerFired(_engine.Time.GetUtcNow(), timer.TaskId), FireAt = fireAt };
    }

    // Brings the next page of near timers to memory; false where there is none.
    private bool Load(Connection connection, long now)
    {
        var end = new TimerKey(now > long.MaxValue - Horizon.Ticks ? long.MaxValue : now + Horizon.Ticks, long.MaxValue, int.MaxValue);
        if (_loadedTo.CompareTo(end) >= 0)
        {
            return false;
        }

        Statement page = connection.Prepare(
            """
            SELECT fire_at, instance, task FROM timers
            WHERE (fire_at, instance, task) > (?, ?, ?) AND fire_at <= ? ORDER BY fire_at, instance, task LIMIT ?
            """)
            .Bind(1, _loadedTo.FireAt).Bind(2, _loadedTo.Instance).Bind(3, _loadedTo.TaskId).Bind(4, end.FireAt).Bind(5, PageSize);
        int count = 0;
        TimerKey last = default;
        while (page.Step())
        {
            last = new TimerKey(page.Int64(0), page.Int64(1), page.Int32(2));
            _near.Add(last);
            count++;
        }

        _loadedTo = count == PageSize ? last : end;
        return count > 0;
    }

    private void Arm()
    {
        DateTimeOffset now = _engine.Time.GetUtcNow();
        // With a long backlog the scheduler says when to look again.
        bool idle = _near.Count == 0 || _engine.Turns.Backlog >= TurnScheduler.LongBacklog;
        long wait = idle ? LongestWait.Ticks : Math.Clamp(_near.Min.FireAt - now.UtcTicks, 0, LongestWait.Ticks);
        _armedFor = now.UtcTicks + wait;

        // A timer has milliseconds; a fraction is rounded up, or it would fire early and find nothing due.
        _alarm.Change(TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(wait).TotalMilliseconds)), Timeout.InfiniteTimeSpan);
    }

    private sealed class Tick(TimerIndex timers) : WriterJob
    {
        public override void Run(Connection connection) => timers.Fire(connection);

        public override void Failed(AgentException error)
        {
            if (error.Code != ErrorCode.EngineUnavailable || !timers._engine.Stopping.IsCancellationRequested)
            {
                timers._engine.Logger.LogTimersUnreadable(error);
                timers.Arm();
            }
        }
    }
}
