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
        Job job = await WrittenByItsCallerAsync(null, cancellationToken);

        Assert.That(job.Task.IsCompletedSuccessfully);
    }

    [Test]
    public async Task Add_ByAThreadThatIsNotOfThePool_IsWrittenByTheThread()
    {
        List<bool> mine = [];
        var caller = new Thread(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                var job = new Job();
                _writer.Add(job);
                job.Task.Wait();
                mine.Add(job.Thread == Environment.CurrentManagedThreadId);
            }
        });
        caller.Start();
        await Task.Run(caller.Join);

        Assert.That(mine, Has.Count.EqualTo(50).And.All.False);
    }

    [Test]
    public async Task Add_WhileACallerWrites_IsWrittenAfterIt(CancellationToken cancellationToken)
    {
        for (int round = 0; round < 20; round++)
        {
            Job? second = null;
            Job first = await WrittenByItsCallerAsync(() => _writer.Add(second = new Job()), cancellationToken);
            await second!.Task.WaitAsync(cancellationToken);

            Assert.That(second.Thread, Is.Not.EqualTo(first.Thread));
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
        Task disposing = Task.CompletedTask;
        Job job = await WrittenByItsCallerAsync(
            () => disposing = Task.Run(_writer.Dispose, cancellationToken), cancellationToken);
        await disposing;
        var late = new Job();
        _writer.Add(late);

        Assert.That(job.Task.IsCompletedSuccessfully);
        Assert.That(async () => await late.Task, Throws.InstanceOf<AgentException>()
            .With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.EngineUnavailable));
        _folder.Dispose();
        Open();
    }

    /// <summary>Adds a job that its caller writes: right after one that it wrote, too, when the thread sleeps.</summary>
    private async Task<Job> WrittenByItsCallerAsync(Action? then, CancellationToken cancellationToken)
    {
        Assume.That(Environment.ProcessorCount, Is.GreaterThan(1));
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (Job first, Job? second, int caller) = await Task.Run(() =>
            {
                int thread = Environment.CurrentManagedThreadId;
                var before = new Job();
                _writer.Add(before);
                if (!before.Task.IsCompleted || before.Thread != thread)
                {
                    return (before, null, thread);
                }

                var job = new Job(then);
                _writer.Add(job);
                return (before, (Job?)job, thread);
            }, cancellationToken);
            await first.Task;
            if (second is not null)
            {
                Assert.That(second.Thread, Is.EqualTo(caller));
                return second;
            }
        }
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
