using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Orchestration;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>An instance in memory, as far as its last recorded turn.</summary>
internal sealed class LiveInstance
{
    private LiveInstance(InstanceRow row, OrchestrationExecution execution)
    {
        Row = row;
        Execution = execution;
        LastTime = row.UpdatedAt;
    }

    /// <summary>Gets or sets what the table has.</summary>
    public InstanceRow Row { get; set; }

    /// <summary>Gets the code.</summary>
    public OrchestrationExecution Execution { get; }

    /// <summary>Gets or sets the time of the last turn: the next is not earlier, whatever the clock says.</summary>
    public DateTimeOffset LastTime { get; set; }

    /// <summary>Gets or sets how many events the history has.</summary>
    public int EventCount { get; set; }

    /// <summary>Gets or sets how many bytes the history has.</summary>
    public long HistoryBytes { get; set; }

    /// <summary>Gets or sets whether the first turn is due.</summary>
    public bool IsStartDue { get; set; }

    /// <summary>Gets the timers on record, by step.</summary>
    public Dictionary<int, TimerKey> Timers { get; } = [];

    /// <summary>Why the instance cannot go on; <see langword="null"/> if it can.</summary>
    public AgentException? Verdict { get; private set; }

    /// <summary>
    /// Why the instance cannot be replayed by this program, though another one can: it has begun, and its orchestrator is
    /// not registered. It is left as it is.
    /// </summary>
    public AgentException? Unregistered { get; private set; }

    /// <summary>An execution that has no history yet.</summary>
    public static LiveInstance Begin(EngineCore engine, InstanceRow row, Action onForeignThread)
    {
        var execution = new OrchestrationExecution(row.Started, engine.Registry, engine.Limits, engine.Loggers, onForeignThread)
        {
            CustomStatus = row.CustomStatus,
        };
        var live = new LiveInstance(row, execution) { IsStartDue = row.StartAt is null };
        if (row.StartAt is { } startAt)
        {
            live.Timers.Add(TimerKey.Start, new TimerKey(startAt.UtcTicks, row.Seq, TimerKey.Start));
        }

        return live;
    }

    /// <summary>Reads an instance and replays its history.</summary>
    /// <returns>The instance, or <see langword="null"/> if there is none.</returns>
    public static LiveInstance? Load(EngineCore engine, long seq, Action onForeignThread)
    {
        (InstanceRow? row, List<byte[]> history) = engine.Readers.Read(connection => Read(connection, seq));
        if (row is null)
        {
            return null;
        }

        LiveInstance live = Begin(engine, row, onForeignThread);
        if (row.Status != OrchestrationStatus.Pending && !row.IsEnded && !engine.Registry.Orchestrators.ContainsKey(row.Name))
        {
            live.Unregistered = new AgentException(
                ErrorCode.NotRegistered,
                $"Instance '{row.Id}' needs orchestrator '{row.Name}', which is not registered here; start the program that registers it.");
        }
        else if (!row.IsEnded)
        {
            live.Replay(history);
        }

        return live;
    }

    /// <summary>Reads an instance and its history at one moment.</summary>
    public static (InstanceRow? Row, List<byte[]> History) Read(Connection connection, long seq)
    {
        Statement find = connection.Prepare($"SELECT {InstanceRow.Columns} FROM instances WHERE seq = ?").Bind(1, seq);
        InstanceRow? row = find.Step() ? InstanceRow.Read(find) : null;
        find.Reset();
        List<byte[]> history = [];
        if (row is not null)
        {
            Statement turns = connection.Prepare("SELECT events FROM history WHERE instance = ? ORDER BY pos").Bind(1, seq);
            while (turns.Step())
            {
                history.Add(turns.Bytes(0).ToArray());
            }
        }

        return (row, history);
    }

    /// <summary>Gets whether a restart must look at the instance.</summary>
    public bool IsPending => Execution.OutstandingActivities > 0 || (!Execution.IsStarted && Row.StartAt is null);

    private void Replay(List<byte[]> history)
    {
        var replay = new HistoryReplay(Execution, compareInputs: false);
        string? difference = null;
        try
        {
            foreach (byte[] turn in history)
            {
                List<HistoryEvent> events = HistoryCodec.ReadOf(Row.Id, turn);
                EventCount += events.Count;
                HistoryBytes += turn.Length;
                difference ??= replay.Feed(events);
            }
        }
        catch (AgentException damage)
        {
            Verdict = damage;
            return;
        }

        difference ??= replay.EndTurn();
        if (difference is not null)
        {
            Verdict = new AgentException(
                ErrorCode.NonDeterminism,
                $"Orchestrator '{Row.Name}' does not decide as it did before ({difference}). Run the version that started instance "
                + $"'{Row.Id}', or make the change under a new name.");
            return;
        }

        LastTime = replay.LastTimestamp > LastTime ? replay.LastTimestamp : LastTime;
        if (Execution.IsStarted)
        {
            Timers.Remove(TimerKey.Start);
        }

        foreach (TimerCreated timer in Execution.Outstanding.OfType<TimerCreated>())
        {
            Timers.Add(timer.TaskId, new TimerKey(timer.FireAt.UtcTicks, Row.Seq, timer.TaskId));
        }
    }
}
