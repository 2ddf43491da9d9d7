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
    private TemporaryFolder? _folder;
    private SqliteEngine? _engine;

    [SetUp]
    public async Task StartAsync()
    {
        _folder = isInMemory ? null : new TemporaryFolder();
        string file = _folder?.File("runs.db") ?? SqliteEngineOptions.InMemory;
        _engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, new DurableRegistry());
        await _engine.StartAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _engine!.DisposeAsync();
        _folder?.Dispose();
    }

    protected override (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) Connect() =>
        (_engine!.Logs, _engine.Records, _engine.Blobs);
}
