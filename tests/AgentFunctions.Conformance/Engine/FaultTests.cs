using System.Diagnostics;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Operations;

namespace AgentFunctions.Conformance.Engine;

/// <summary>A disk that does not do what it should.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class FaultTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DurableRegistry _registry;
    private int _calls;

    public FaultTests() => _registry = new DurableRegistry()
        .AddActivity<int, int>("next", (_, number) =>
        {
            Interlocked.Increment(ref _calls);
            return Task.FromResult(number + 1);
        })
        .AddOrchestrator<int, int>("wait", (context, _) => context.WaitForExternalEventAsync<int>("go"))
        .AddOrchestrator<int, int>("main", async (context, count) =>
        {
            int number = 0;
            while (number < count)
            {
                number = await context.CallActivityAsync<int>("next", number);
            }

            return number;
        });

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task FullFile_CallsAreRefused_WorkGoesOnWhenThereIsRoom()
    {
        await using SqliteEngine engine = await StartAsync(_folder.File("engine.db"));
        string waiting = await ScheduleAsync(engine, "wait", 0);
        await PragmaAsync(engine, "PRAGMA max_page_count = 1");
        string? running = await FillAsync(engine);
        await RefusedAsync(() => engine.Client.RaiseEventAsync(waiting, "go", 1, Cancel));
        await RefusedAsync(() => engine.Records.PutAsync("key", new byte[100_000], default, Cancel));
        Assert.That(await engine.Records.GetAsync("key", Cancel), Is.Null);
        Assert.That((await engine.Client.GetAsync(waiting, true, Cancel))!.IsEnded, Is.False, "reading goes on");
        await PragmaAsync(engine, "PRAGMA max_page_count = 1000000");
        await engine.Client.RaiseEventAsync(waiting, "go", 2, Cancel);
        Assert.That((await engine.Client.WaitForCompletionAsync(waiting, Cancel)).Output, Is.EqualTo("2"));
        if (running is not null)
        {
            Assert.That((await engine.Client.WaitForCompletionAsync(running, Cancel)).Output, Is.EqualTo("200"));
        }

        Assert.That(DataFile.Check(_folder.File("engine.db"), cancellationToken: Cancel), Is.Empty);
    }

    [Test]
    public async Task FullDisk_WorkInFlight_IsNotRepeatedAndGoesOnWhenThereIsRoom()
    {
        using var disk = SmallDisk.Mount(_folder.File("disk"), "32m");
        await using SqliteEngine engine = await StartAsync(disk.File("engine.db"));
        string waiting = await ScheduleAsync(engine, "wait", 0);
        string filler = disk.File("filler");
        string run = await ScheduleAsync(engine, "main", 2_000);
        Fill(filler);

        // The run writes on until nothing fits; then everybody who asks is told.
        AgentException? refusal = null;
        while (refusal is null)
        {
            try
            {
                await engine.Records.PutAsync("key", new byte[4_096], default, Cancel);
                Fill(filler);
            }
            catch (AgentException error)
            {
                refusal = error;
            }
        }

        Assert.That(refusal.Code, Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(refusal.Message, Does.Contain("full"));
        File.Delete(filler);
        await engine.Client.RaiseEventAsync(waiting, "go", 7, Cancel);
        Assert.That((await engine.Client.WaitForCompletionAsync(waiting, Cancel)).Output, Is.EqualTo("7"));
        Assert.That((await engine.Client.WaitForCompletionAsync(run, Cancel)).Output, Is.EqualTo("2000"));
        Assert.That(_calls, Is.EqualTo(2_000), "a result that could not be recorded at once is kept, not asked for again");
        Assert.That(DataFile.Check(disk.File("engine.db"), cancellationToken: Cancel), Is.Empty);
    }

    [Test]
    public async Task SmallDisk_LogWouldFillIt_IsEmptiedInTime()
    {
        using var disk = SmallDisk.Mount(_folder.File("disk"), "6m");
        await using SqliteEngine engine = await StartAsync(disk.File("engine.db"));

        // Free pages in the file, which take in what the log holds.
        for (int number = 0; number < 8; number++)
        {
            await engine.Records.PutAsync($"filler/{number}", new byte[200_000], default, Cancel);
        }

        await PragmaAsync(engine, "PRAGMA wal_checkpoint(TRUNCATE)");
        for (int number = 0; number < 8; number++)
        {
            await engine.Records.DeleteAsync($"filler/{number}", default, Cancel);
        }

        // About 16 MB of log.
        string run = await ScheduleAsync(engine, "main", 2_000);
        Assert.That((await engine.Client.WaitForCompletionAsync(run, Cancel)).Output, Is.EqualTo("2000"));
    }

    [Test]
    public async Task ReadOnlyDisk_WhileRunning_RefusesAndRecovers()
    {
        using var disk = SmallDisk.Mount(_folder.File("disk"), "8m");
        await using SqliteEngine engine = await StartAsync(disk.File("engine.db"));
        string waiting = await ScheduleAsync(engine, "wait", 0);
        await engine.StopAsync();
        disk.MakeReadOnly(true);
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await engine.StartAsync(Cancel))!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.EngineUnavailable), error.Message);
        Assert.That(error.Message, Does.Contain(disk.File("engine.db")));
        disk.MakeReadOnly(false);
        await engine.StartAsync(Cancel);
        await engine.Client.RaiseEventAsync(waiting, "go", 3, Cancel);
        Assert.That((await engine.Client.WaitForCompletionAsync(waiting, Cancel)).Output, Is.EqualTo("3"));
    }

    [Test]
    public async Task ReadOnlyFile_AtStart_IsRefused()
    {
        string file = _folder.File("engine.db");
        await (await StartAsync(file)).DisposeAsync();
        using var immutable = Immutable.Make(file);
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await StartAsync(file))!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.EngineUnavailable), error.Message);
        Assert.That(error.Message, Does.Contain(file));
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task TornLog_CutOrScribbled_OpensAtACommitAndGoesOn(int seed)
    {
        // A crash in the middle of a write leaves a log whose end is cut or garbage. What was in it up to the last whole
        // commit is there; from there the runs go on.
        var random = new Random(seed);
        string file = _folder.File("engine.db");
        await using SqliteEngine engine = await StartAsync(file);
        await PragmaAsync(engine, "PRAGMA wal_autocheckpoint = 0");
        string[] runs = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ScheduleAsync(engine, "main", 50)));
        await engine.Client.WaitForCompletionAsync(runs[0], Cancel);
        for (int copy = 0; copy < 15; copy++)
        {
            string torn = _folder.File($"torn{copy}.db");
            await CopyAsync(engine, file, torn);
            bool isCut = copy % 2 == 0;
            using (FileStream log = File.Open(torn + "-wal", FileMode.Open))
            {
                if (isCut)
                {
                    log.SetLength(random.NextInt64(log.Length / 2, log.Length));
                }
                else
                {
                    byte[] garbage = new byte[random.Next(1, 20_000)];
                    random.NextBytes(garbage);
                    log.Seek(0, SeekOrigin.End);
                    log.Write(garbage);
                }
            }

            await using SqliteEngine again = await StartAsync(torn);
            Assert.That(DataFile.Check(torn, cancellationToken: Cancel), Is.Empty);
            Page<OrchestrationState> page = await again.Client.QueryAsync(new OrchestrationQuery(), Cancel);
            if (!isCut)
            {
                Assert.That(page.Items, Has.Count.EqualTo(20), "nothing whole is lost");
            }

            foreach (OrchestrationState state in page.Items)
            {
                Assert.That((await again.Client.WaitForCompletionAsync(state.InstanceId, Cancel)).Output, Is.EqualTo("50"));
            }
        }
    }

    // Between two commits, as a power cut would find the files.
    private static async Task CopyAsync(SqliteEngine engine, string from, string to)
    {
        var copied = new TaskCompletionSource();
        engine.Core.Writer.Enqueue(new Job(_ =>
        {
            File.Copy(from, to);
            File.Copy(from + "-wal", to + "-wal");
        }, copied));
        await copied.Task.WaitAsync(Cancel);
    }

    private static async Task PragmaAsync(SqliteEngine engine, string pragma)
    {
        var done = new TaskCompletionSource();
        engine.Core.Writer.Enqueue(new Job(connection => connection.Execute(pragma), done));
        await done.Task.WaitAsync(Cancel);
    }

    private async Task<SqliteEngine> StartAsync(string file)
    {
        var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, _registry);
        await engine.StartAsync(Cancel);
        return engine;
    }

    private static Task<string> ScheduleAsync(SqliteEngine engine, string name, int input) =>
        engine.Client.ScheduleAsync(name, input, null, Cancel);

    // A run, if there was room for its first record, and then no room.
    private static async Task<string?> FillAsync(SqliteEngine engine)
    {
        string? run = null;
        while (true)
        {
            try
            {
                run = await ScheduleAsync(engine, "main", 200);
            }
            catch (AgentException error) when (error.Code == ErrorCode.EngineUnavailable)
            {
                return run;
            }
        }
    }

    private static async Task RefusedAsync(Func<Task> call)
    {
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await call())!;
        Assert.That(error.Code, Is.EqualTo(ErrorCode.EngineUnavailable), error.Message);
        Assert.That(error.IsTransient, Is.True);
        await Task.CompletedTask;
    }

    private static void Fill(string filler)
    {
        try
        {
            using FileStream stream = File.Open(filler, FileMode.Append);
            byte[] block = new byte[4_096];
            while (true)
            {
                stream.Write(block);
                stream.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private sealed class Job(Action<Connection> run, TaskCompletionSource done) : WriterJob
    {
        public override void Run(Connection connection)
        {
            run(connection);
            done.SetResult();
        }

        public override void Failed(AgentException error) => done.TrySetException(error);
    }

    /// <summary>A file system of a few megabytes. Needs the right to mount one.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private readonly string _path;

        private SmallDisk(string path) => _path = path;

        public static SmallDisk Mount(string path, string size)
        {
            Directory.CreateDirectory(path);
            if (!Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path))
            {
                Assert.Ignore("A small disk cannot be mounted here: run the tests as root to see this one.");
            }

            return new SmallDisk(path);
        }

        public string File(string name) => Path.Combine(_path, name);

        public void MakeReadOnly(bool isReadOnly) =>
            Assert.That(Run("mount", "-o", $"remount,{(isReadOnly ? "ro" : "rw")}", _path), Is.True);

        public void Dispose() => Run("umount", "-l", _path);
    }

    /// <summary>A file that nobody can write.</summary>
    private sealed class Immutable : IDisposable
    {
        private readonly string _file;

        private Immutable(string file) => _file = file;

        public static Immutable Make(string file)
        {
            // Root may write whatever the mode says; the attribute stops even root.
            if (Environment.IsPrivilegedProcess ? !Run("chattr", "+i", file) : !Run("chmod", "0444", file))
            {
                Assert.Ignore("The file cannot be protected here.");
            }

            return new Immutable(file);
        }

        public void Dispose() =>
            Run(Environment.IsPrivilegedProcess ? "chattr" : "chmod", Environment.IsPrivilegedProcess ? "-i" : "0644", _file);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
