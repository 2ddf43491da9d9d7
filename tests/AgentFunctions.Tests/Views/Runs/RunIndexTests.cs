using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Views.Runs;

/// <summary>The run index on the embedded engine.</summary>
/// <param name="isInMemory">Whether in memory or on disk.</param>
[TestFixture(true)]
[TestFixture(false)]
public sealed class EmbeddedRunIndexTests(bool isInMemory) : RunIndexConformance
{
    private SqliteEngine? _engine;

    [SetUp]
    public async Task StartAsync()
    {
        string file = isInMemory
            ? SqliteEngineOptions.InMemory
            : Path.Combine(Directory.CreateTempSubdirectory("agentfunctions-").FullName, "runs.db");
        _engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, new DurableRegistry());
        await _engine.StartAsync();
    }

    [TearDown]
    public async Task StopAsync() => await _engine!.DisposeAsync();

    protected override (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) Connect() =>
        (_engine!.Logs, _engine.Records, _engine.Blobs);
}
