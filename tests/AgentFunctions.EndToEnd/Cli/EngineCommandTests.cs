using System.Text.Json.Nodes;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;

namespace AgentFunctions.EndToEnd.Cli;

/// <summary><c>agentfunctions engine</c> on a real data file.</summary>
[CancelAfter(300_000)]
internal sealed class EngineCommandTests
{
    private TemporaryFolder _folder = null!;
    private SqliteEngine _engine = null!;
    private string _run = null!;

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private string DataFile => Path.Combine(_folder.Path, "data.db");

    [SetUp]
    public async Task StartAsync()
    {
        _folder = new TemporaryFolder();
        DurableRegistry registry = new DurableRegistry()
            .AddActivity<int, int>("next", (_, number) => Task.FromResult(number + 1))
            .AddOrchestrator<int, int>("main", (context, number) => context.CallActivityAsync<int>("next", number));
        _engine = new SqliteEngine(new SqliteEngineOptions { DataFile = DataFile }, registry);
        await _engine.StartAsync(Cancel);
        _run = await _engine.Client.ScheduleAsync("main", 41, null, Cancel);
        await _engine.Client.WaitForCompletionAsync(_run, Cancel);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Status_OfALiveFile_CountsRunsAndNamesTheProcess()
    {
        (int exitCode, string output, string errors) = await RunAsync("status", DataFile);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("1 completed").And.Contain($"process {Environment.ProcessId}"));
        (_, string json, _) = await RunAsync("status", DataFile, "--json");
        Assert.That((int)JsonNode.Parse(json)!["instances"]!["completed"]!, Is.EqualTo(1), json);
    }

    [Test]
    public async Task Check_GoodAndDamagedFile_TellsThemApart()
    {
        (int exitCode, string output, _) = await RunAsync("check", DataFile);
        Assert.That((exitCode, output.Trim()), Is.EqualTo((0, "ok")));
        await _engine.StopAsync();
        byte[] bytes = await File.ReadAllBytesAsync(DataFile, Cancel);
        Array.Clear(bytes, 4096, bytes.Length - 4096);
        await File.WriteAllBytesAsync(DataFile, bytes, Cancel);
        (exitCode, output, string errors) = await RunAsync("check", DataFile);
        Assert.That(exitCode, Is.EqualTo(1), output + errors);
        Assert.That(output + errors, Does.Contain("DAMAGED").Or.Contain("damaged"));
    }

    [Test]
    public async Task Compact_FileInUse_IsRefusedAndThenDone()
    {
        (int exitCode, _, string errors) = await RunAsync("compact", DataFile);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Contain("in use").And.Contain($"{Environment.ProcessId}"));
        await _engine.StopAsync();
        (exitCode, string output, errors) = await RunAsync("compact", DataFile);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Contain("after"));
    }

    [Test]
    public async Task Export_Run_WritesItsHistory()
    {
        (int exitCode, string output, string errors) = await RunAsync("export", _run, DataFile);
        Assert.That(exitCode, Is.Zero, errors);
        JsonNode export = JsonNode.Parse(output)!;
        Assert.That((string?)export["state"]!["output"], Is.EqualTo("42"));
        Assert.That((string?)export["history"]![0]!["$t"], Is.EqualTo("start"));
    }

    [Test]
    public async Task Anything_OnAFileThatIsNotThere_SaysSo()
    {
        (int exitCode, _, string errors) = await RunAsync("status", Path.Combine(_folder.Path, "nothing.db"));
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain("nothing.db"));
    }

    private Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProgramProcess.RunAsync(null, _folder.Path, ["engine", .. arguments]);
}
