using System.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Governance.Audit;

[CancelAfter(300_000)]
internal sealed class AuditLogTests
{
    private TemporaryFolder _folder = null!;
    private SqliteEngine _engine = null!;
    private SigningKeys _keys = null!;
    private AuditLog _log = null!;

    [SetUp]
    public async Task OpenAsync()
    {
        _folder = new TemporaryFolder();
        _engine = new SqliteEngine(
            new SqliteEngineOptions { DataFile = Path.Combine(_folder.Path, "data.db") },
            new AgentFunctions.Durability.DurableRegistry());
        await _engine.StartAsync();
        _keys = new SigningKeys(new FolderKeyStore(Path.Combine(_folder.Path, "keys")), "audit", TimeProvider.System);
        _log = new AuditLog(_engine.Logs, _keys, TimeProvider.System);
    }

    [TearDown]
    public async Task CloseAsync()
    {
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Verify_TenThousandEntries_Holds()
    {
        await Task.WhenAll(Enumerable.Range(0, 10_000).Select(i => _log.AppendAsync(Entry(i))));
        AuditVerification result = await _log.VerifyAsync();
        Assert.That((result.Holds, result.Entries, result.Problem), Is.EqualTo((true, 10_000L, (string?)null)));
    }

    [Test]
    public async Task Verify_AnyBitFlipped_IsFound()
    {
        List<byte[]> lines = await WriteAsync(4);
        PublicKeySet keys = await _keys.PublishedAsync();
        Assert.That((await CheckAsync(lines, keys)).Holds, Is.True);

        int flips = 0;
        for (int line = 0; line < lines.Count; line++)
        {
            for (int bit = 0; bit < lines[line].Length * 8; bit++)
            {
                lines[line][bit / 8] ^= (byte)(1 << (bit % 8));
                AuditVerification result = await CheckAsync(lines, keys);
                Assert.That(result.Holds, Is.False, $"line {line}, bit {bit}: {Encoding.UTF8.GetString(lines[line])}");
                lines[line][bit / 8] ^= (byte)(1 << (bit % 8));
                flips++;
            }
        }

        TestContext.Out.WriteLine($"{flips} bits flipped one by one, all found");
    }

    [Test]
    public async Task Verify_EntryRemovedAddedOrMoved_IsFound()
    {
        List<byte[]> lines = await WriteAsync(6);
        PublicKeySet keys = await _keys.PublishedAsync();

        Assert.That((await CheckAsync([.. lines.Skip(1)], keys)).Holds, Is.False, "the first is gone");
        Assert.That((await CheckAsync([.. lines.Take(2), .. lines.Skip(3)], keys)).BrokenAt, Is.EqualTo(2),
            "one in the middle is gone");
        Assert.That((await CheckAsync([.. lines.Take(2), lines[3], lines[2], .. lines.Skip(4)], keys)).BrokenAt, Is.EqualTo(2),
            "two have changed places");
        Assert.That((await CheckAsync([.. lines, lines[5]], keys)).Holds, Is.False, "one is there twice");
    }

    [Test]
    public async Task Verify_WholeLogWrittenAnewWithAnotherKey_IsFound()
    {
        await WriteAsync(3);
        PublicKeySet trusted = await _keys.PublishedAsync();
        var forger = new SigningKeys(new FolderKeyStore(Path.Combine(_folder.Path, "other")), "audit", TimeProvider.System);
        var forged = new AuditLog(new InMemoryLog(), forger, TimeProvider.System);
        await forged.AppendAsync(Entry(0));

        AuditVerification result = await AuditVerifier.VerifyAsync(forged.ExportAsync(), trusted);

        Assert.That(result.Holds, Is.False);
        Assert.That(result.Problem, Does.Contain("not among the trusted"));
    }

    [Test]
    public async Task Verify_EndCutOff_KnownHeadTells()
    {
        List<byte[]> lines = await WriteAsync(5);
        PublicKeySet keys = await _keys.PublishedAsync();
        AuditVerification whole = await CheckAsync(lines, keys);

        Assert.That((await CheckAsync([.. lines.Take(3)], keys)).Holds, Is.True, "what is left was once the whole log");
        Assert.That((await CheckAsync([.. lines.Take(3)], keys, whole.Head)).Holds, Is.False);
        Assert.That((await CheckAsync(lines, keys, whole.Head)).Holds, Is.True);
    }

    [Test]
    public async Task Append_KeyRotatedAndHostRestarted_ChainGoesOn()
    {
        await _log.AppendAsync(Entry(0));
        await _keys.RotateAsync();
        await _log.AppendAsync(Entry(1));
        var again = new SigningKeys(new FolderKeyStore(Path.Combine(_folder.Path, "keys")), "audit", TimeProvider.System);
        var second = new AuditLog(_engine.Logs, again, TimeProvider.System);
        await second.AppendAsync(Entry(2));
        await _log.AppendAsync(Entry(3));

        AuditVerification result = await second.VerifyAsync();

        Assert.That((result.Holds, result.Entries), Is.EqualTo((true, 4L)), result.Problem);
        Assert.That((await again.PublishedAsync()).Keys, Has.Count.EqualTo(2));
    }

    private static AuditEntry Entry(int number) =>
        new(AuditTypes.CallDecided) { RunId = "run", Turn = number, Tool = "pay", Rule = "é\"<rule>" };

    private static Task<AuditVerification> CheckAsync(IReadOnlyList<byte[]> lines, PublicKeySet keys, string? head = null) =>
        AuditVerifier.VerifyAsync(lines.ToAsyncEnumerable().Select(static line => (ReadOnlyMemory<byte>)line), keys, head);

    private async Task<List<byte[]>> WriteAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            await _log.AppendAsync(Entry(i));
        }

        var lines = new List<byte[]>();
        await foreach (ReadOnlyMemory<byte> line in _log.ExportAsync())
        {
            lines.Add(line.ToArray());
        }

        return lines;
    }

    private sealed class InMemoryLog : ILogStore
    {
        private readonly List<ReadOnlyMemory<byte>> _entries = [];

        public Task<long> AppendAsync(
            string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
            CancellationToken cancellationToken = default)
        {
            _entries.AddRange(entries);
            return Task.FromResult((long)_entries.Count - entries.Count);
        }

        public async IAsyncEnumerable<LogEntry> ReadAsync(
            string stream, long fromPosition = 0, int? maxCount = null,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            for (int i = (int)fromPosition; i < _entries.Count; i++)
            {
                await Task.CompletedTask;
                yield return new LogEntry(i, _entries[i]);
            }
        }

        public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default) =>
            Task.FromResult((long)_entries.Count);

        public Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) => Task.CompletedTask;
    }
}
