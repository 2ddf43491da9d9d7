using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using AgentFunctions.Sqlite.Integrity;

namespace AgentFunctions.Sqlite.Database;

/// <summary>
/// The one that writes. What came in while a commit was on its way to the disk goes into the next one together, so many callers
/// share one flush without any of them waiting for company. That is the work of a thread of its own, unless there is no company:
/// then whoever brings a write does it, and no thread has to be woken before and after.
/// </summary>
/// <remarks>
/// Only one writes at a time: the thread or, as long as it sleeps, a caller on a thread of the pool. What is said to run as the
/// writer runs on either.
/// </remarks>
internal sealed class Writer : IDisposable
{
    /// <summary>
    /// Enough for a flush to cost each next to nothing, few enough that those who are through work on while the next are written.
    /// </summary>
    private const int MaxJobsPerTransaction = 128;

    /// <summary>What a run that is alone brings at once: the last writes of a step, and its turn.</summary>
    private const int MaxJobsOfOne = 2;

    private readonly Connection _connection;
    private readonly string _dataFile;
    private readonly CommitCounter? _counter;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _wake = new(0);
    private readonly AsyncLocal<WriteGroup?> _group = new();

    /// <summary>One after the other: each is used again.</summary>
    private readonly WriteTransaction _transaction;
    private List<WriterJob> _queue = [];
    private List<WriterJob> _spare = [];

    /// <summary>How many jobs were taken from the queue at once the last time.</summary>
    private int _taken;

    /// <summary>Whether nobody writes.</summary>
    private bool _asleep;
    private bool _closed;

    public Writer(Connection connection, string dataFile, CommitCounter? counter)
    {
        _counter = counter;
        _connection = connection;
        _transaction = new WriteTransaction(connection);
        _dataFile = dataFile;
        _thread = new Thread(Run) { IsBackground = true, Name = "AgentFunctions writer" };
        _thread.Start();
    }

    /// <summary>Gets how many jobs wait.</summary>
    public int QueueLength => Volatile.Read(ref _queue).Count;

    /// <summary>Begins to hold back the writes of this flow, until the group is disposed of.</summary>
    public WriteGroup BeginGroup() => _group.Value = new WriteGroup(this, _group);

    /// <summary>Adds work, or holds it back for the group of this flow; its outcome comes back through its own methods.</summary>
    /// <param name="job">The work.</param>
    public void Enqueue(WriterJob job)
    {
        if (job is not WriteJob write || _group.Value?.TryHold(write) != true)
        {
            Add(job);
        }
    }

    /// <summary>Adds work, whatever group there is.</summary>
    /// <param name="job">The work.</param>
    public void Add(WriterJob job) => WriteIfMine(Queue(job));

    /// <summary>
    /// Adds work that is to be done with what is added next. Whoever adds it wakes the writer if nothing more comes.
    /// </summary>
    /// <param name="job">The work.</param>
    public void AddBeforeAnother(WriterJob job) => Queue(job, wakes: false);

    /// <summary>Adds work whose place in the queue is settled when this returns, and that the caller may have to do.</summary>
    /// <param name="job">The work.</param>
    /// <param name="wakes">Whether the writer is to do it now.</param>
    /// <returns>What the caller writes, without any lock (<see cref="WriteIfMine"/>); mostly nothing.</returns>
    public List<WriterJob>? Queue(WriterJob job, bool wakes = true)
    {
        List<WriterJob>? mine = null;
        bool wake = false;
        bool closed;
        lock (_gate)
        {
            closed = _closed;
            if (!closed)
            {
                _queue.Add(job);
                if (_asleep && wakes)
                {
                    _asleep = false;
                    wake = !MayWriteHere(job);
                    mine = wake ? null : Take(ref _spare);
                }
            }
        }

        if (closed)
        {
            job.Failed(Stopped());
        }
        else if (wake)
        {
            _wake.Release();
        }

        return mine;
    }

    /// <summary>Does what <see cref="Queue"/> left to the caller.</summary>
    /// <param name="jobs">What it returned.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "It is thrown on a thread of its own.")]
    public void WriteIfMine(List<WriterJob>? jobs)
    {
        if (jobs is null)
        {
            return;
        }

        try
        {
            ProcessAll(jobs);
        }
        catch (Exception fault)
        {
            // Not the caller's, to whom it would look as if nothing were written: what ends the thread ends the process.
            var thrown = ExceptionDispatchInfo.Capture(fault);
            new Thread(thrown.Throw) { Name = "AgentFunctions writer" }.Start();
            return;
        }

        bool wake;
        lock (_gate)
        {
            _spare = jobs;
            wake = _queue.Count > 0 || _closed;
            _asleep = !wake;
        }

        if (wake)
        {
            _wake.Release();
        }
    }

    /// <summary>Has the writer do what was added.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (!_asleep || (_queue.Count == 0 && !_closed))
            {
                return;
            }

            _asleep = false;
        }

        _wake.Release();
    }

    /// <summary>Finishes what is queued and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
        }

        Wake();
        _thread.Join();
        _wake.Dispose();
        WriterConnection.Release(_connection);
        _connection.Dispose();
        _counter?.Dispose();
    }

    // Where the last write had company, the next has it too: then it is the thread's. A caller that is not of the pool may be one
    // that must not wait for a disk.
    private bool MayWriteHere(WriterJob job) =>
        _taken <= MaxJobsOfOne && _queue.Count <= MaxJobsOfOne && job is WriteJob && Thread.CurrentThread.IsThreadPoolThread
        && Environment.ProcessorCount > 1;

    /// <summary>Takes all that is queued; within the lock.</summary>
    /// <param name="empty">The list that takes the queue's place.</param>
    private List<WriterJob> Take(ref List<WriterJob> empty)
    {
        List<WriterJob> taken = _queue;
        _queue = empty;
        _taken = taken.Count;
        return taken;
    }

    private static AgentException Stopped() =>
        new(ErrorCode.EngineUnavailable, "The engine has stopped; start it again and repeat the call.");

    private void Run()
    {
        List<WriterJob> batch = [];
        while (WaitAndTake(ref batch))
        {
            ProcessAll(batch);
        }
    }

    private void ProcessAll(List<WriterJob> batch)
    {
        for (int start = 0; start < batch.Count; start += MaxJobsPerTransaction)
        {
            Process(batch.Count <= MaxJobsPerTransaction
                ? batch
                : batch.GetRange(start, Math.Min(MaxJobsPerTransaction, batch.Count - start)));
        }

        batch.Clear();
    }

    private bool WaitAndTake(ref List<WriterJob> batch)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_queue.Count > 0)
                {
                    batch = Take(ref batch);
                    return true;
                }

                if (_closed)
                {
                    return false;
                }

                _asleep = true;
            }

            _wake.Wait();
        }
    }

    private void Process(List<WriterJob> jobs)
    {
        if (TryWrite(jobs) is null)
        {
            return;
        }

        // One bad job must not take the others with it: each gets a transaction of its own.
        foreach (WriterJob job in jobs)
        {
            if (TryWrite([job]) is { } error)
            {
                job.Failed(error);
            }
        }
    }

    // Writes all jobs and completes them, or leaves no trace of any and says why.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "The writer serves everybody; one job's fault is its own.")]
    private AgentException? TryWrite(List<WriterJob> jobs)
    {
        var done = new List<WriterJob>(jobs.Count);
        List<(WriterJob Job, AgentException Error)>? rejected = null;
        bool isOpen = false;
        try
        {
            foreach (WriterJob job in jobs)
            {
                if (job is WriteJob write)
                {
                    if (!isOpen)
                    {
                        _transaction.Begin();
                        isOpen = true;
                    }

                    try
                    {
                        write.Apply(_transaction);
                    }
                    catch (AgentException rejection)
                    {
                        (rejected ??= []).Add((job, rejection));
                        continue;
                    }
                }

                done.Add(job);
            }

            if (isOpen)
            {
                _counter?.Count(_connection);
                _connection.Prepare("COMMIT").Run();
            }
        }
        catch (Exception failure)
        {
            RollBack();
            if (failure is DatabaseException { IsFull: true })
            {
                MakeRoom();
            }

            return Describe(failure);
        }

        Complete(done);
        if (isOpen)
        {
            // Last, so that nobody waits for it: a head that is behind is no fault.
            _counter?.Committed();
        }

        foreach ((WriterJob job, AgentException rejection) in rejected ?? [])
        {
            job.Failed(rejection);
        }

        return null;
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types",
        Justification = "The writer serves everybody; one job's fault is its own.")]
    private void Complete(List<WriterJob> jobs)
    {
        foreach (WriterJob job in jobs)
        {
            try
            {
                job.Run(_connection);
            }
            catch (Exception failure)
            {
                job.Failed(Describe(failure));
            }
        }
    }

    private AgentException Describe(Exception failure) => failure switch
    {
        AgentException known => known,
        DatabaseException database => database.ToAgentException(_dataFile),
        _ => new AgentException(ErrorCode.EngineUnavailable, $"The engine failed: {failure.Message}", failure),
    };

    // The log itself may be what fills the disk; what is in it fits into the file's free pages more often than not.
    private void MakeRoom()
    {
        try
        {
            _connection.Prepare("PRAGMA wal_checkpoint(TRUNCATE)").Run();
        }
        catch (DatabaseException)
        {
            // No room for that either.
        }
    }

    private void RollBack()
    {
        try
        {
            if (_connection.InTransaction)
            {
                _connection.Prepare("ROLLBACK").Run();
            }
        }
        catch (DatabaseException)
        {
            // SQLite has rolled back by itself.
        }
    }
}
