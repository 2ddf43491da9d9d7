using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>
/// A part that was emptied, cut or written anew is told from a whole one, by the head that lies beside the keys.
/// </summary>
/// <param name="run">The run that entries are about: those of a run are in a shard.</param>
[CancelAfter(300_000)]
[TestFixture(null)]
[TestFixture("run")]
internal sealed class AuditHeadTests(string? run)
{
    private TemporaryFolder _folder = null!;
    private FileHeadStore _heads = null!;
    private SigningKeys _keys = null!;
    private SqliteEngine _engine = null!;

    private ILogStore Store => _engine.Logs;

    private string Stream => AuditShards.StreamOf(AuditShards.Of(Entry(0)));

    [SetUp]
    public async Task OpenAsync()
    {
        _folder = new TemporaryFolder();
        _heads = new FileHeadStore(_folder.Path);
        _keys = new SigningKeys(new FolderKeyStore(_folder.Path), "audit", TimeProvider.System);
        _engine = new SqliteEngine(
            new SqliteEngineOptions { DataFile = Path.Combine(_folder.Path, "data.db") },
            new AgentFunctions.Durability.DurableRegistry());
        await _engine.StartAsync();
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _engine.DisposeAsync();
        _heads.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Verify_CutOrEmptied_IsFoundByALiveHostAndByTheNext([Values(0, 1, 4)] int left, [Values] bool isLive)
    {
        AuditLog log = await WrittenAsync(5);
        await CutAsync(left);

        AuditLog asking = isLive ? log : Log();

        Assert.That((await asking.VerifyAsync()).Holds, Is.False);
        Assert.That(() => asking.EnsureWholeAsync(),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.DataFileUnusable));
        Assert.That(() => asking.AppendAsync(Entry(6)), Throws.TypeOf<AgentException>().With.Message.Contains("cut off"));
        Assert.That(await Store.GetLengthAsync(Stream), Is.EqualTo(left));
    }

    [Test]
    public async Task Append_WrittenAnewBehindALiveHost_IsRefused()
    {
        AuditLog log = await WrittenAsync(3);
        await CutAsync(0);
        var other = new AuditLog(Store, _keys, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => other.AppendAsync(Entry(100 + i))));

        Assert.That(() => log.AppendAsync(Entry(4)), Throws.TypeOf<AgentException>().With.Message.Contains("altered"));
        Assert.That((await Log().VerifyAsync()).Holds, Is.False);
    }

    [Test]
    public async Task Append_WholeLogAfterARestart_GoesOn()
    {
        await WrittenAsync(3);

        AuditLog again = Log();
        await again.EnsureWholeAsync();
        await again.AppendAsync(Entry(3));

        AuditVerification result = await again.VerifyAsync();
        Assert.That((result.Holds, result.Entries), Is.EqualTo((true, 4L)), result.Problem);
        Assert.That(_heads.Read(AuditShards.HeadOf(AuditShards.Of(Entry(0))))!.Count, Is.EqualTo(4));
    }

    [Test]
    public async Task Append_AnotherHostWroteOn_TheChainGoesOn()
    {
        AuditLog log = await WrittenAsync(3);
        await new AuditLog(Store, _keys, TimeProvider.System).AppendAsync(Entry(3));

        await log.AppendAsync(Entry(4));

        Assert.That((await log.VerifyAsync()).Entries, Is.EqualTo(5));
    }

    private async Task CutAsync(int left)
    {
        List<LogEntry> entries = await Store.ReadAsync(Stream).ToListAsync();
        await Store.DeleteAsync(Stream);
        if (left > 0)
        {
            await Store.AppendAsync(Stream, [.. entries.Take(left).Select(static entry => entry.Data)]);
        }
    }

    private AuditLog Log() => new(Store, _keys, TimeProvider.System, null, _heads);

    private async Task<AuditLog> WrittenAsync(int count)
    {
        AuditLog log = Log();
        for (int i = 0; i < count; i++)
        {
            await log.AppendAsync(Entry(i));
        }

        return log;
    }

    private AuditEntry Entry(int number) => new(AuditTypes.CallDecided) { RunId = run, Turn = number };
}
