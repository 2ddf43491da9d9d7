using System.Text;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Sqlite.Operations;
using AgentFunctions.TestKit;
using Microsoft.Data.Sqlite;

namespace AgentFunctions.Conformance.Engine;

/// <summary>Whose a data file is, what it may be, and how it is looked after.</summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class DataFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DurableRegistry _registry = new DurableRegistry()
        .AddActivity<int, int>("next", (_, number) => Task.FromResult(number + 1))
        .AddOrchestrator<int, int>("main", (context, number) => context.CallActivityAsync<int>("next", number))
        .AddOrchestrator<int, int>("wait", (context, _) => context.WaitForExternalEventAsync<int>("go"));

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private string DataFilePath => _folder.File("engine.db");

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Start_FileOpenInAnotherEngine_IsRefusedAndNamesTheProcess()
    {
        await using SqliteEngine first = await StartAsync();
        AgentException error = Refused(ErrorCode.DataFileInUse);
        Assert.That(error.Message, Does.Contain(DataFilePath).And.Contain($"{Environment.ProcessId}"));
        string id = await first.Client.ScheduleAsync("main", 1, null, Cancel);
        Assert.That((await first.Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("2"));
    }

    [Test]
    public async Task Start_AfterTheFirstHasStopped_Works()
    {
        await (await StartAsync()).DisposeAsync();
        await using SqliteEngine second = await StartAsync();
        Assert.That(DataFile.Status(DataFilePath).InUseBy, Is.EqualTo(Environment.ProcessId));
    }

    [Test]
    public void Start_TextFile_IsRefusedAndLeftAlone()
    {
        File.WriteAllText(DataFilePath, string.Concat(Enumerable.Repeat("these are my notes\n", 100)));
        Refused(ErrorCode.DataFileUnusable);
        Assert.That(File.ReadAllText(DataFilePath), Does.StartWith("these are my notes"));
    }

    [Test]
    public void Start_DatabaseOfAnotherProgram_IsRefusedAndLeftAlone()
    {
        Sql("CREATE TABLE mine (id INTEGER)");
        AgentException error = Refused(ErrorCode.DataFileUnusable);
        Assert.That(error.Message, Does.Contain("another program"));
        Assert.That(Scalar("SELECT count(*) FROM sqlite_schema"), Is.EqualTo(1));
    }

    [Test]
    public async Task Start_FileOfANewerVersion_IsRefused()
    {
        await (await StartAsync()).DisposeAsync();
        Sql("PRAGMA user_version = 999");
        AgentException error = Refused(ErrorCode.DataFileUnusable);
        Assert.That(error.Message, Does.Contain("999"));
    }

    [Test]
    public async Task Start_InFolderThatDoesNotExist_MakesIt()
    {
        var options = new SqliteEngineOptions { DataFile = _folder.File("a/b/engine.db") };
        await using var engine = new SqliteEngine(options, _registry);
        await engine.StartAsync(Cancel);
        Assert.That(File.Exists(options.DataFile), Is.True);
    }

    [Test]
    public async Task Commits_AreFullySynchronous()
    {
        // In WAL mode only FULL (2) flushes at every commit, and on macOS only a full flush reaches the disk.
        await using SqliteEngine engine = await StartAsync();
        var asked = new TaskCompletionSource<(long Synchronous, string? Journal, long Commits, long Checkpoints)>();
        engine.Core.Writer.Enqueue(new Ask(asked));
        Assert.That(await asked.Task.WaitAsync(Cancel), Is.EqualTo((2L, "wal", 1L, 1L)));
    }

    [Test]
    public async Task Status_OfALiveFile_CountsWhatIsThere()
    {
        await using SqliteEngine engine = await StartAsync();
        await engine.Client.WaitForCompletionAsync(await engine.Client.ScheduleAsync("main", 1, null, Cancel), Cancel);
        await engine.Client.ScheduleAsync("main", 1, new StartOptions { StartAt = DateTimeOffset.UtcNow.AddDays(1) }, Cancel);
        await engine.Logs.AppendAsync("stream", [new byte[1], new byte[1]], null, Cancel);
        await engine.Records.PutAsync("key", new byte[1], default, Cancel);
        await engine.Blobs.PutAsync(new byte[1_000], Cancel);
        DataFileStatus status = DataFile.Status(DataFilePath);
        Assert.That(
            status.Instances,
            Is.EquivalentTo(new Dictionary<OrchestrationStatus,
                long>
            { [OrchestrationStatus.Completed] = 1, [OrchestrationStatus.Pending] = 1 }));
        Assert.That((status.Turns, status.Timers, status.Messages), Is.EqualTo((2, 1, 0)));
        Assert.That((status.Streams, status.StreamEntries, status.Records, status.Blobs, status.BlobBytes),
            Is.EqualTo((1, 2, 1, 1, 1_000)));
        Assert.That(status.InUseBy, Is.EqualTo(Environment.ProcessId));
        Assert.That(status.NextTimer, Is.EqualTo(DateTimeOffset.UtcNow.AddDays(1)).Within(TimeSpan.FromMinutes(1)));
    }

    [Test]
    public async Task Status_AfterStop_IsInUseByNobody()
    {
        await (await StartAsync()).DisposeAsync();
        Assert.That(DataFile.Status(DataFilePath).InUseBy, Is.Null);
    }

    [Test]
    public async Task Status_OfACopy_IsInUseByNobody()
    {
        await using SqliteEngine engine = await StartAsync();
        string backup = _folder.File("backup.db");
        DataFile.Backup(DataFilePath, backup);
        File.Copy(DataFilePath, _folder.File("copy.db"));
        File.Copy(DataFilePath + "-wal", _folder.File("copy.db-wal"));

        Assert.That(DataFile.Status(DataFilePath).InUseBy, Is.EqualTo(Environment.ProcessId));
        Assert.That(DataFile.Status(_folder.File("copy.db")).InUseBy, Is.Null);
        File.Create(backup + ".lock").Dispose();
        Assert.That(DataFile.Status(backup).InUseBy, Is.Null, "it names no process, wherever it is put");
    }

    [Test]
    public async Task Stop_LeavesOneFileThatCanBeCopied()
    {
        string id = await WorkAsync();
        Assert.That(File.Exists(DataFilePath + "-wal"), Is.False);
        File.Copy(DataFilePath, _folder.File("copy.db"));
        var copy = new SqliteEngine(new SqliteEngineOptions { DataFile = _folder.File("copy.db") }, _registry);
        await copy.StartAsync(Cancel);
        Assert.That((await copy.Client.GetAsync(id, true, Cancel))!.Output, Is.EqualTo("2"));
        await copy.DisposeAsync();
    }

    [Test]
    public async Task Check_GoodFile_FindsNothing()
    {
        await WorkAsync();
        Assert.That(DataFile.Check(DataFilePath, cancellationToken: Cancel), Is.Empty);
    }

    [TestCase("UPDATE history SET events = x'00' WHERE pos = 1", "Turn 1 ")]
    [TestCase("DELETE FROM instances", "belongs to no instance")]
    [TestCase("INSERT INTO timers VALUES (1, 1, 0)", "no live instance")]
    [TestCase("DELETE FROM log_entries WHERE position = 1", "'stream' has gaps")]
    [TestCase("UPDATE blobs SET content = x'00'", "other content")]
    [TestCase("INSERT INTO inbox (instance, message) VALUES (999, x'00')", "for no instance")]
    public async Task Check_DamagedFile_NamesTheDamage(string damage, string finding)
    {
        await WorkAsync();
        Sql(damage);
        Assert.That(DataFile.Check(DataFilePath, cancellationToken: Cancel), Has.Some.Contains(finding));
    }

    [Test]
    public async Task Compact_AfterPurges_GivesSpaceBack()
    {
        await using (SqliteEngine engine = await StartAsync())
        {
            await engine.Blobs.PutAsync(new byte[1_000_000], Cancel);
            Assert.That(() => DataFile.Compact(DataFilePath),
                Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(ErrorCode.DataFileInUse));
        }

        Sql("DELETE FROM blobs");
        DataFileCompaction compaction = DataFile.Compact(DataFilePath);
        Assert.That(compaction.BytesBefore - compaction.BytesAfter, Is.GreaterThan(900_000));
        await using SqliteEngine again = await StartAsync();
        Assert.That((await again.Client.QueryAsync(new OrchestrationQuery(), Cancel)).Items, Is.Empty);
    }

    [Test]
    public async Task Reclaim_AfterDeletions_GivesSpaceBackWhileTheEngineRuns()
    {
        string id = await WorkAsync(), hash;
        await using (SqliteEngine engine = await StartAsync())
        {
            hash = await engine.Blobs.PutAsync(new byte[1_000_000], Cancel);
        }

        Assert.That(new FileInfo(DataFilePath).Length, Is.GreaterThan(1_000_000));
        await using (SqliteEngine engine = await StartAsync())
        {
            await engine.Blobs.DeleteAsync(hash, Cancel);
            using var maintenance = new Sqlite.Stores.SqliteMaintenance(engine);
            await maintenance.ReclaimAsync(Cancel);
            await Poll.UntilAsync(() => maintenance.EmptyLogAsync(Cancel), Cancel);
            Assert.That(new FileInfo(DataFilePath).Length, Is.LessThan(500_000));
            Assert.That((await engine.Client.GetAsync(id, cancellationToken: Cancel))?.Status,
                Is.EqualTo(OrchestrationStatus.Completed));
        }

        Assert.That(Scalar("PRAGMA freelist_count"), Is.Zero);
        Assert.That(DataFile.Check(DataFilePath, cancellationToken: Cancel), Is.Empty);
    }

    [Test]
    public async Task Export_Instance_HasStateAndHistoryThatReplays()
    {
        string id = await WorkAsync();
        using var stream = new MemoryStream();
        DataFile.Export(DataFilePath, id, stream);
        using var json = JsonDocument.Parse(stream.ToArray());
        Assert.That(json.RootElement.GetProperty("state").GetProperty("output").GetString(), Is.EqualTo("2"),
            Encoding.UTF8.GetString(stream.ToArray()));
        HistoryEvent[] history = json.RootElement.GetProperty("history").Deserialize<HistoryEvent[]>(DurableJson.Options)!;
        Assert.That(history[^1], Is.InstanceOf<ExecutionCompleted>());
        Assert.That(OrchestrationReplayer.Verify(history, _registry), Is.Null);
    }

    [Test]
    public async Task Operations_OnWhatIsNoDataFile_AreRefused()
    {
        Assert.That(() => DataFile.Status(_folder.File("nothing.db")), Code(ErrorCode.InvalidInput));
        File.WriteAllText(_folder.File("text.db"), new string('x', 5_000));
        Assert.That(() => DataFile.Check(_folder.File("text.db"), cancellationToken: Cancel), Code(ErrorCode.DataFileUnusable));
        await WorkAsync();
        Assert.That(() => DataFile.Export(DataFilePath, "nobody", Stream.Null), Code(ErrorCode.InstanceNotFound));
    }

    [Test]
    public async Task StoresOnly_UnfinishedWork_IsLeftAlone()
    {
        string running;
        string scheduled;
        await using (SqliteEngine engine = await StartAsync())
        {
            running = await engine.Client.ScheduleAsync("wait", 1, null, Cancel);
            await RunningAsync(engine, running);
            scheduled = await engine.Client.ScheduleAsync("main", 1,
                new StartOptions { StartAt = DateTimeOffset.UtcNow.AddMilliseconds(1) }, Cancel);
            await engine.Records.PutAsync("key", new byte[1], default, Cancel);
        }

        var options = new SqliteEngineOptions { DataFile = DataFilePath, StoresOnly = true };
        await using (var stores = new SqliteEngine(options, new DurableRegistry()))
        {
            await stores.StartAsync(Cancel);
            Assert.That(await stores.Records.GetAsync("key", Cancel), Is.Not.Null);
            await stores.Records.PutAsync("key2", new byte[1], default, Cancel);
            Assert.That((await stores.Client.QueryAsync(new OrchestrationQuery(), Cancel)).Items, Has.Count.EqualTo(2));
            Assert.That(async () => await stores.Client.ScheduleAsync("main", 1, null, Cancel),
                Code(ErrorCode.EngineUnavailable));
            Assert.That(async () => await stores.Client.RaiseEventAsync(running, "go", 1, Cancel),
                Code(ErrorCode.EngineUnavailable));
        }

        await using SqliteEngine again = await StartAsync();
        await again.Client.RaiseEventAsync(running, "go", 5, Cancel);
        Assert.That((await again.Client.WaitForCompletionAsync(running, Cancel)).Output, Is.EqualTo("5"));
        Assert.That((await again.Client.WaitForCompletionAsync(scheduled, Cancel)).Output, Is.EqualTo("2"));
    }

    [Test]
    public async Task OrchestratorNoLongerRegistered_RunningInstance_WaitsForTheProgramThatHasIt()
    {
        string id;
        string unwanted;
        await using (SqliteEngine engine = await StartAsync())
        {
            id = await engine.Client.ScheduleAsync("wait", 1, null, Cancel);
            unwanted = await engine.Client.ScheduleAsync("wait", 1, null, Cancel);
            await RunningAsync(engine, id);
            await RunningAsync(engine, unwanted);
        }

        await using (var other = new SqliteEngine(new SqliteEngineOptions { DataFile = DataFilePath }, new DurableRegistry()))
        {
            await other.StartAsync(Cancel);
            Assert.That(async () => await other.Client.RaiseEventAsync(id, "go", 1, Cancel), Code(ErrorCode.NotRegistered));
            Assert.That(async () => await other.Client.RaiseEventAsync(id, "go", 2, Cancel), Code(ErrorCode.NotRegistered));
            await other.Client.TerminateAsync(unwanted, null, true, Cancel);
            Assert.That((await other.Client.GetAsync(unwanted, true, Cancel))!.Status,
                Is.EqualTo(OrchestrationStatus.Terminated));
        }

        await using SqliteEngine again = await StartAsync();
        await again.Client.RaiseEventAsync(id, "go", 5, Cancel);
        Assert.That((await again.Client.WaitForCompletionAsync(id, Cancel)).Output, Is.EqualTo("5"));
    }

    [Test]
    public async Task DamagedHistory_FailsItsInstanceAndNoOther()
    {
        string damaged;
        string good;
        await using (SqliteEngine engine = await StartAsync())
        {
            damaged = await engine.Client.ScheduleAsync("wait", 1, null, Cancel);
            good = await engine.Client.ScheduleAsync("wait", 1, null, Cancel);
            await RunningAsync(engine, damaged);
            await RunningAsync(engine, good);
        }

        Sql("UPDATE history SET events = x'7B7D' WHERE instance = 1");
        await using SqliteEngine again = await StartAsync();
        foreach (string id in (string[])[damaged, good])
        {
            await again.Client.RaiseEventAsync(id, "go", 5, Cancel);
        }

        OrchestrationState failed = await again.Client.WaitForCompletionAsync(damaged, Cancel);
        Assert.That(failed.Failure!.IsCausedBy(ErrorCode.DataFileUnusable), Is.True);
        Assert.That(failed.Failure.Message, Does.Contain(damaged));
        Assert.That((await again.Client.WaitForCompletionAsync(good, Cancel)).Output, Is.EqualTo("5"));
    }

    [Test]
    public async Task DamagedMessage_FailsItsReceiverAndNoOther()
    {
        string receiver;
        await using (SqliteEngine engine = await StartAsync())
        {
            receiver = await engine.Client.ScheduleAsync("wait", 1, null, Cancel);
        }

        Sql("INSERT INTO inbox (instance, message) VALUES (1, x'7B')");
        await using SqliteEngine again = await StartAsync();
        OrchestrationState state = await again.Client.WaitForCompletionAsync(receiver, Cancel);
        Assert.That(state.Failure!.IsCausedBy(ErrorCode.DataFileUnusable), Is.True);
        Assert.That((await again.Client.WaitForCompletionAsync(await again.Client.ScheduleAsync("main", 1, null, Cancel),
            Cancel)).Output, Is.EqualTo("2"));
        Assert.That(DataFile.Status(DataFilePath).Messages, Is.Zero);
    }

    private static NUnit.Framework.Constraints.EqualConstraint Code(ErrorCode code) =>
        Throws.TypeOf<AgentException>().With.Property(nameof(AgentException.Code)).EqualTo(code);

    private async Task<SqliteEngine> StartAsync()
    {
        var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = DataFilePath }, _registry);
        await engine.StartAsync(Cancel);
        return engine;
    }

    private AgentException Refused(ErrorCode code)
    {
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await StartAsync())!;
        Assert.That(error.Code, Is.EqualTo(code), error.Message);
        return error;
    }

    private static async Task RunningAsync(SqliteEngine engine, string id)
    {
        await Poll.UntilAsync(async () => (await engine.Client.GetAsync(id, true, Cancel))!.Status == OrchestrationStatus.Running,
            Cancel);
    }

    private async Task<string> WorkAsync()
    {
        await using SqliteEngine engine = await StartAsync();
        string id = await engine.Client.ScheduleAsync("main", 1, null, Cancel);
        await engine.Client.WaitForCompletionAsync(id, Cancel);
        await engine.Logs.AppendAsync("stream", [new byte[1], new byte[1], new byte[1]], null, Cancel);
        await engine.Blobs.PutAsync(new byte[100], Cancel);
        return id;
    }

    private void Sql(string sql) => Execute(sql, static command => command.ExecuteNonQuery());

    private long Scalar(string sql) => (long)Execute(sql, static command => command.ExecuteScalar()!);

    private object Execute(string sql, Func<SqliteCommand, object> execute)
    {
        using var connection = new SqliteConnection($"Data Source={DataFilePath};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return execute(command);
    }

    private sealed class Ask(TaskCompletionSource<(long Synchronous, string? Journal, long Commits, long Checkpoints)> answer)
        : Sqlite.Database.WriterJob
    {
        public override void Run(Sqlite.Database.Connection connection)
        {
            using Sqlite.Database.Statement journal = connection.PrepareOnce("PRAGMA journal_mode");
            journal.Step();
            answer.SetResult((
                connection.Scalar("PRAGMA synchronous"), journal.Text(0), connection.Scalar("PRAGMA fullfsync"),
                connection.Scalar("PRAGMA checkpoint_fullfsync")));
        }

        public override void Failed(AgentException error) => answer.SetException(error);
    }
}
