using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>A store with an audit log, and what somebody who may write the store can do to it.</summary>
internal sealed class AuditBench : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly SqliteEngine _engine;

    private AuditBench()
    {
        Keys = new SigningKeys(new FolderKeyStore(KeyFolder), "audit", TimeProvider.System);
        _engine = new SqliteEngine(
            new SqliteEngineOptions { DataFile = Path.Combine(_folder.Path, "data.db") },
            new AgentFunctions.Durability.DurableRegistry());
    }

    public string KeyFolder => Path.Combine(_folder.Path, "keys");

    public string File => Path.Combine(_folder.Path, "audit.jsonl");

    public SigningKeys Keys { get; }

    public ILogStore Store => _engine.Logs;

    /// <summary>Gets the streams of all parts.</summary>
    public static IReadOnlyList<string> Streams { get; } = [.. AuditParts.InOrder.Prepend(AuditShards.Heads)
        .Select(AuditShards.StreamOf)];

    public static async Task<AuditBench> OpenAsync()
    {
        var bench = new AuditBench();
        await bench._engine.StartAsync();
        return bench;
    }

    public AuditLog Log(ILogStore? store = null, TimeProvider? time = null, IHeadStore? heads = null) =>
        new(store ?? Store, Keys, time ?? TimeProvider.System, null, heads);

    public async Task<long> ExportAsync()
    {
        await using FileStream file = System.IO.File.Create(File);
        return await AuditExport.WriteAsync(Store, file);
    }

    public async Task<AuditVerification> VerifyExportAsync(IReadOnlyCollection<AuditHead>? known = null) =>
        await AuditVerifier.VerifyAsync(AuditExport.ReadAsync(File), await Keys.PublishedAsync(), known ?? []);

    public async Task<List<ReadOnlyMemory<byte>>> LinesAsync(string stream) =>
        await Store.ReadAsync(stream).Select(static entry => entry.Data).ToListAsync();

    public async Task ReplaceAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> lines)
    {
        await Store.DeleteAsync(stream);
        if (lines.Count > 0)
        {
            await Store.AppendAsync(stream, lines);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _folder.Dispose();
    }
}
