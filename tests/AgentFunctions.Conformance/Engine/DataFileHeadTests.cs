using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Operations;

namespace AgentFunctions.Conformance.Engine;

/// <summary>A data file that has lost something is told from a whole one, at the start and by the check.</summary>
[CancelAfter(300_000)]
internal sealed class DataFileHeadTests
{
    private readonly DurableRegistry _registry = new();
    private TemporaryFolder _folder = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private string File => _folder.File("data.db");

    private string Log => File + "-wal";

    [SetUp]
    public void MakeFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Start_AfterCleanAndUncleanEnds_IsNoAlarm()
    {
        for (int round = 0; round < 3; round++)
        {
            await WriteAsync(20);
            Assert.That(DataFile.Check(File, cancellationToken: Cancel), Is.Empty);
            await CutOffAsync(20);
            Assert.That(DataFile.Check(File, cancellationToken: Cancel), Is.Empty);
        }

        await WriteAsync(1);
        Assert.That(DataFile.Accept(File), Is.Null);
    }

    [Test]
    public async Task Check_WhileAnEngineWrites_IsNoAlarm()
    {
        await using SqliteEngine engine = await StartAsync();
        using var over = new CancellationTokenSource();
        Task writing = Task.Run(async () =>
        {
            for (int i = 0; !over.IsCancellationRequested; i++)
            {
                await engine.Records.PutAsync($"key-{i % 7}", new byte[100], default, Cancel);
            }
        });
        for (int i = 0; i < 30; i++)
        {
            Assert.That(DataFile.Check(File, cancellationToken: Cancel), Is.Empty);
        }

        await over.CancelAsync();
        await writing;
    }

    [Test]
    public async Task Start_EmptiedFile_IsRefused()
    {
        await WriteAsync(5);
        await System.IO.File.WriteAllBytesAsync(File, [], Cancel);
        Refused("empty");
        Assert.That(new FileInfo(File).Length, Is.Zero, "nothing begins anew by itself");
    }

    [Test]
    public async Task Start_FileThatIsGone_IsRefused()
    {
        await WriteAsync(5);
        System.IO.File.Delete(File);
        Refused("gone");
        Assert.That(System.IO.File.Exists(File), Is.False);
    }

    [Test]
    public async Task Start_OlderCopy_IsRefused()
    {
        await WriteAsync(5);
        System.IO.File.Copy(File, File + "~");
        await WriteAsync(5);
        System.IO.File.Move(File + "~", File, overwrite: true);
        Refused("on record");
    }

    [Test]
    public async Task Start_FileOfAnotherEngine_IsRefused()
    {
        await WriteAsync(5);
        string other = _folder.File("other.db");
        await WriteAsync(50, other);
        System.IO.File.Copy(other, File, overwrite: true);
        Refused("another file");
    }

    [Test]
    public async Task Start_CopyThatWentOnElsewhere_IsRefused()
    {
        await WriteAsync(5);
        string copy = _folder.File("copy.db");
        System.IO.File.Copy(File, copy);
        await WriteAsync(1);
        await WriteAsync(50, copy);
        System.IO.File.Copy(copy, File, overwrite: true);
        Refused("elsewhere");
    }

    [Test]
    public async Task Start_LogThatIsGone_IsRefused()
    {
        await CutOffAsync(30);
        System.IO.File.Delete(Log);
        Refused("on record");
    }

    [TestCase(0.0)]
    [TestCase(0.5)]
    [TestCase(0.99)]
    public async Task Start_LogThatIsCut_IsRefused(double part)
    {
        await CutOffAsync(30);
        using (FileStream log = System.IO.File.OpenWrite(Log))
        {
            log.SetLength((long)(log.Length * part));
        }

        Refused("on record");
    }

    [Test]
    public async Task Start_AnyFlippedBitInTheCommittedLog_IsRefused([Values(1, 2, 3, 4, 5, 6, 7, 8)] int seed)
    {
        await CutOffAsync(30);
        byte[] log = await System.IO.File.ReadAllBytesAsync(Log, Cancel);
        var random = new Random(seed);
        log[random.Next(32 + 24, log.Length)] ^= (byte)(1 << random.Next(8));
        await System.IO.File.WriteAllBytesAsync(Log, log, Cancel);
        Refused("on record");
        Assert.That(await System.IO.File.ReadAllBytesAsync(Log, Cancel), Is.EqualTo(log),
            "what is left of the log must stay for who restores it");
    }

    [Test]
    public async Task Start_PlantedHead_IsRefused()
    {
        await WriteAsync(5);
        string head = Directory.GetFiles(_folder.File("data.db.keys/heads"), "*.head").Single();
        string text = await System.IO.File.ReadAllTextAsync(head, Cancel);
        await System.IO.File.WriteAllTextAsync(head,
            System.Text.RegularExpressions.Regex.Replace(text, "\"count\":\\d+", "\"count\":1"), Cancel);
        AgentException refused = Assert.ThrowsAsync<AgentException>(() => StartAsync())!;
        Assert.That(refused.Message, Does.Contain("seal"));
    }

    [Test]
    public async Task Accept_AfterALoss_GoesOnWithWhatIsLeft()
    {
        await CutOffAsync(30);
        System.IO.File.Delete(Log);
        Assert.That(DataFile.Accept(File), Does.Contain("on record"));
        await WriteAsync(5);
        Assert.That(DataFile.Check(File, cancellationToken: Cancel), Is.Empty);
    }

    [Test]
    public async Task Accept_EmptiedFile_BeginsAnew()
    {
        await WriteAsync(5);
        await System.IO.File.WriteAllBytesAsync(File, [], Cancel);
        Assert.That(DataFile.Accept(File), Does.Contain("empty"));
        await WriteAsync(5);
        Assert.That(DataFile.Check(File, cancellationToken: Cancel), Is.Empty);
    }

    [Test]
    public async Task Start_FileOfAnEarlierVersionWithoutAHead_GetsOne()
    {
        await WriteAsync(5);
        using (Connection old = Connection.Open(File, readOnly: false))
        {
            old.Execute("DROP TABLE head; DROP TABLE head_starts; PRAGMA user_version = 1");
        }

        Directory.Delete(File + ".keys", recursive: true);
        Assert.That(DataFile.Check(File, cancellationToken: Cancel), Is.Empty);
        await WriteAsync(5);
        await System.IO.File.WriteAllBytesAsync(File, [], Cancel);
        Refused("empty");
    }

    private void Refused(string because)
    {
        AgentException refused = Assert.ThrowsAsync<AgentException>(() => StartAsync())!;
        Assert.That(refused.Code, Is.EqualTo(ErrorCode.DataFileUnusable), refused.Message);
        Assert.That(refused.Message, Does.Contain(because).And.Contain("engine accept"));
        Assert.That(DataFile.Check(File, cancellationToken: Cancel), Has.Some.Contains(because));
    }

    private async Task<SqliteEngine> StartAsync(string? file = null)
    {
        var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file ?? File }, _registry);
        await engine.StartAsync(Cancel);
        return engine;
    }

    private async Task WriteAsync(int records, string? file = null)
    {
        await using SqliteEngine engine = await StartAsync(file);
        for (int i = 0; i < records; i++)
        {
            await engine.Records.PutAsync($"key-{i}", new byte[100], default, Cancel);
        }
    }

    /// <summary>Leaves the files as a process that was killed leaves them: with a log that nobody moved into the file.</summary>
    private async Task CutOffAsync(int records)
    {
        string aside = _folder.Folder("aside");
        await using (SqliteEngine engine = await StartAsync())
        {
            for (int i = 0; i < records; i++)
            {
                await engine.Records.PutAsync($"key-{i}", new byte[100], default, Cancel);
            }

            // The head follows its commit on the writer's thread.
            var reached = new TaskCompletionSource();
            engine.Core.Writer.Enqueue(new Barrier(reached));
            await reached.Task.WaitAsync(Cancel);
            System.IO.File.Copy(File, Path.Combine(aside, "data.db"), overwrite: true);
            System.IO.File.Copy(Log, Path.Combine(aside, "data.db-wal"), overwrite: true);
            foreach (string head in Directory.GetFiles(File + ".keys", "*", SearchOption.AllDirectories))
            {
                System.IO.File.Copy(head, Path.Combine(aside, Path.GetFileName(head)), overwrite: true);
            }
        }

        System.IO.File.Move(Path.Combine(aside, "data.db"), File, overwrite: true);
        System.IO.File.Move(Path.Combine(aside, "data.db-wal"), Log, overwrite: true);
        foreach (string head in Directory.GetFiles(Path.Combine(File + ".keys", "heads")))
        {
            System.IO.File.Copy(Path.Combine(aside, Path.GetFileName(head)), head, overwrite: true);
        }
    }

    private sealed class Barrier(TaskCompletionSource reached) : WriterJob
    {
        public override void Run(Connection connection) => reached.TrySetResult();

        public override void Failed(AgentException error) => reached.TrySetException(error);
    }
}
