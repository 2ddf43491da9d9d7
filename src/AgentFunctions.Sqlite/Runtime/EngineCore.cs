using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Integrity;
using AgentFunctions.Sqlite.Orchestration;
using AgentFunctions.Sqlite.Stores;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Sqlite.Runtime;

/// <summary>The parts of a running engine, and the way from one to the other.</summary>
internal sealed class EngineCore : IDisposable
{
    private readonly CancellationTokenSource _stop = new();

    public EngineCore(
        SqliteEngineOptions options, DurableRegistry registry, TimeProvider time, ILoggerFactory loggers, Connection connection,
        CommitCounter? counter)
    {
        Stopping = _stop.Token;
        Options = options;
        Registry = registry;
        Time = time;
        Loggers = loggers;
        Logger = loggers.CreateLogger("AgentFunctions.Engine");
        Limits = OrchestrationLimits.Of(options);
        Writer = new Writer(connection, options.DataFile, counter);
        Readers = new Readers(options.DataFile, options.DataFile == SqliteEngineOptions.InMemory ? Writer : null);
        Timers = new TimerIndex(this);
        Turns = new TurnScheduler(options.MaxConcurrentTurns, Timers.RequestTick, time);
        Activities = new ActivityDispatcher(this);
        Instances = new InstanceCache(this);
    }

    public SqliteEngineOptions Options { get; }

    public DurableRegistry Registry { get; }

    public TimeProvider Time { get; }

    public ILoggerFactory Loggers { get; }

    public ILogger Logger { get; }

    public OrchestrationLimits Limits { get; }

    public Writer Writer { get; }

    public Readers Readers { get; }

    /// <summary>Where streams end; for the writer.</summary>
    public StreamEnds StreamEnds { get; } = new();

    /// <summary>Which kinds of records there are none of.</summary>
    public RecordKinds RecordKinds { get; } = new();

    public TimerIndex Timers { get; }

    public TurnScheduler Turns { get; }

    public ActivityDispatcher Activities { get; }

    public InstanceCache Instances { get; }

    /// <summary>Instances that end, by id.</summary>
    public Signals Ends { get; } = new();

    /// <summary>Streams that grow, by name.</summary>
    public Signals Appends { get; } = new();

    /// <summary>Cancelled when the engine begins to stop.</summary>
    /// <remarks>Kept apart from its source: a timer may still ask for it when the engine is gone.</remarks>
    public CancellationToken Stopping { get; }

    /// <summary>Lets a call from outside pass, or says why not now.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>.</exception>
    public void EnsureRunning()
    {
        if (Stopping.IsCancellationRequested)
        {
            throw Stopped();
        }
    }

    /// <summary>Lets a call that starts or steers orchestrations pass, or says why not.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.EngineUnavailable"/>.</exception>
    public void EnsureWorking()
    {
        EnsureRunning();
        if (Options.StoresOnly)
        {
            throw new AgentException(
                ErrorCode.EngineUnavailable,
                $"The engine was opened with {nameof(SqliteEngineOptions.StoresOnly)} and runs nothing; open it without.");
        }
    }

    /// <summary>Lets a call from outside that brings new work pass, or says why not now.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/> or <see cref="ErrorCode.Overloaded"/>.
    /// </exception>
    public void EnsureAccepting()
    {
        EnsureWorking();
        EnsureRoomFor(Writer.QueueLength + Turns.Backlog + Activities.Backlog);
    }

    /// <summary>
    /// Lets a write to a store pass, or says why not now. Only writes count: the steps that were accepted must be able to
    /// write, or they would never make room.
    /// </summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.EngineUnavailable"/> or <see cref="ErrorCode.Overloaded"/>.
    /// </exception>
    public void EnsureWritable()
    {
        EnsureRunning();
        EnsureRoomFor(Writer.QueueLength);
    }

    /// <summary>
    /// Cancels tokens that activities have; their callbacks are their own code, so never as the writer.
    /// </summary>
    /// <param name="source">The source of the tokens.</param>
    public void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException error)
        {
            Logger.LogCallbackFailed(error);
        }
        catch (ObjectDisposedException)
        {
            // The instance has ended meanwhile.
        }
    }

    /// <summary>Takes up what was left when the file was closed.</summary>
    public void Resume()
    {
        if (Options.StoresOnly)
        {
            return;
        }

        List<(long Seq, Message Message)> work = Readers.Read(connection =>
        {
            List<(long, Message)> found = [];
            Statement pending = connection.Prepare("SELECT seq FROM instances WHERE pending = 1");
            while (pending.Step())
            {
                found.Add((pending.Int64(0), new Message()));
            }

            Statement inbox = connection.Prepare("SELECT pos, instance, message FROM inbox ORDER BY pos");
            while (inbox.Step())
            {
                found.Add((inbox.Int64(1), InboxMessage.Read(inbox.Int64(0), inbox.Bytes(2))));
            }

            return found;
        });
        foreach ((long seq, Message message) in work)
        {
            Instances.Deliver(seq, message);
        }

        Timers.RequestTick();
    }

    /// <summary>Lets activities finish for a while, records what they returned, and ends.</summary>
    public async Task StopAsync()
    {
        await Task.Run(() => Cancel(_stop)).ConfigureAwait(false);
        await Activities.WhenIdleAsync(Options.StopTimeout).ConfigureAwait(false);
        await Turns.StopAsync(Options.StopTimeout).ConfigureAwait(false);
        Timers.Dispose();

        // The writer last: who closes the last connection moves the log into the file, and readers may not.
        Readers.Dispose();
        Writer.Dispose();
        Instances.Abandon(Stopped());
        Ends.Abandon(Stopped());
        Appends.Abandon(Stopped());
    }

    public void Dispose() => _stop.Dispose();

    private void EnsureRoomFor(int queued)
    {
        if (queued > Options.MaxQueuedWork)
        {
            throw new AgentException(
                ErrorCode.Overloaded,
                $"{queued:N0} pieces of work wait, the limit {nameof(SqliteEngineOptions.MaxQueuedWork)} is {Options.MaxQueuedWork:N0}; repeat later.")
            {
                RetryAfter = TimeSpan.FromSeconds(1),
            };
        }
    }

    private static AgentException Stopped() =>
        new(ErrorCode.EngineUnavailable, "The engine has stopped; start it again and repeat the call.");
}
