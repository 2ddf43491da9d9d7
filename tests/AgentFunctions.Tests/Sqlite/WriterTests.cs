using AgentFunctions.Sqlite.Database;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Sqlite;

/// <summary>Who writes: a thread of the writer's own, or a caller that is alone.</summary>
[CancelAfter(300_000)]
internal sealed class WriterTests
{
    private TemporaryFolder _folder = null!;
    private Writer _writer = null!;

    [SetUp]
    public void Open()
    {
        _folder = new TemporaryFolder();
        string file = _folder.File("data.db");
        _writer = new Writer(WriterConnection.Open(file), file, null);
    }

    [TearDown]
    public void Close()
    {
        _writer.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Add_Alone_IsWrittenByTheCaller(CancellationToken cancellationToken)
    {
        Assume.That(Environment.ProcessorCount, Is.GreaterThan(1));
        bool isMine = false;
        while (!isMine)
        {
            // Until the thread sleeps, it is the one.
            cancellationToken.ThrowIfCancellationRequested();
            isMine = await Task.Run(() => AddAsync(out int thread, out Job job).IsCompleted && job.Thread == thread,
                cancellationToken);
        }

        Assert.That(isMine);
    }

    [Test]
    public async Task Add_ByAThreadThatIsNotOfThePool_IsWrittenByTheThread()
    {
        List<bool> mine = [];
        var caller = new Thread(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                AddAsync(out int thread, out Job job).Wait();
                mine.Add(job.Thread == thread);
            }
        });
        caller.Start();
        await Task.Run(caller.Join);

        Assert.That(mine, Has.Count.EqualTo(50).And.All.False);
    }

    [Test]
    public async Task Add_WhileACallerWrites_IsWrittenAfterIt(CancellationToken cancellationToken)
    {
        for (int round = 0; round < 200; round++)
        {
            Job? second = null;
            var first = new Job(() =>
            {
                second = new Job();
                _writer.Add(second);
            });
            await Task.Run(() => _writer.Add(first), cancellationToken);
            await first.Task;
            await second!.Task.WaitAsync(cancellationToken);
        }
    }

    [Test]
    public async Task Add_OfManyAtOnce_WritesEachOnce(CancellationToken cancellationToken)
    {
        Job[] jobs = [.. Enumerable.Range(0, 2_000).Select(static _ => new Job())];
        await Parallel.ForEachAsync(jobs, cancellationToken, async (job, _) =>
        {
            _writer.Add(job);
            await job.Task;
        });

        Assert.That(jobs.Select(static job => job.Times), Is.All.EqualTo(1));
    }

    [Test]
    public async Task Add_WithOneThatFails_FailsThatAlone(CancellationToken cancellationToken)
    {
        for (int round = 0; round < 50; round++)
        {
            var bad = new Job { Fault = new InvalidOperationException("broken") };
            var good = new Job();
            await Task.Run(() => _writer.Add(bad), cancellationToken);
            await Task.Run(() => _writer.Add(good), cancellationToken);

            Assert.That(async () => await bad.Task, Throws.InstanceOf<AgentException>());
            await good.Task.WaitAsync(cancellationToken);
        }
    }

    [Test]
    public async Task Dispose_WhileACallerWrites_WaitsForIt(CancellationToken cancellationToken)
    {
        using var begun = new SemaphoreSlim(0);
        using var goesOn = new SemaphoreSlim(0);
        var job = new Job(() =>
        {
            begun.Release();
            goesOn.Wait(cancellationToken);
        });
        Task adding = Task.Run(() => _writer.Add(job), cancellationToken);
        await begun.WaitAsync(cancellationToken);
        Task disposing = Task.Run(_writer.Dispose, cancellationToken);
        var late = new Job();
        goesOn.Release();
        await adding;
        await disposing;
        _writer.Add(late);

        Assert.That(job.Task.IsCompletedSuccessfully);
        Assert.That(async () => await late.Task, Throws.InstanceOf<AgentException>()
            .With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.EngineUnavailable));
        _folder.Dispose();
        Open();
    }

    private Task AddAsync(out int thread, out Job job)
    {
        thread = Environment.CurrentManagedThreadId;
        job = new Job();
        _writer.Add(job);
        return job.Task;
    }

    private sealed class Job(Action? then = null) : WriteJob
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _done.Task;

        public Exception? Fault { get; init; }

        public int Thread { get; private set; }

        public int Times { get; private set; }

        public override void Apply(WriteTransaction transaction)
        {
            if (Fault is not null)
            {
                throw Fault;
            }
        }

        public override void Committed()
        {
            Thread = Environment.CurrentManagedThreadId;
            Times++;
            then?.Invoke();
            _done.TrySetResult();
        }

        public override void Failed(AgentException error) => _done.TrySetException(error);
    }
}
