using System.Runtime.CompilerServices;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Storage;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>A search by time, or for the newest entries, reads a small part of a long log.</summary>
[CancelAfter(300_000)]
internal sealed class AuditSearchTests
{
    private const int Entries = 4_000;

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private TemporaryFolder _folder = null!;
    private SqliteEngine _engine = null!;
    private CountingLogs _logs = null!;
    private AuditLog _log = null!;

    [OneTimeSetUp]
    public async Task WriteAsync()
    {
        _folder = new TemporaryFolder();
        _engine = new SqliteEngine(
            new SqliteEngineOptions { DataFile = Path.Combine(_folder.Path, "data.db") },
            new AgentFunctions.Durability.DurableRegistry());
        await _engine.StartAsync();
        _logs = new CountingLogs(_engine.Logs);
        var time = new VirtualTime(Start);
        var keys = new SigningKeys(new FolderKeyStore(Path.Combine(_folder.Path, "keys")), "audit", TimeProvider.System);
        _log = new AuditLog(_logs, keys, time);
        for (int i = 0; i < Entries; i += 50)
        {
            // Half of them of no run: they share one part.
            await Task.WhenAll(Enumerable.Range(i, 50)
                .Select(number => _log.AppendAsync(new AuditEntry(number % 10 == 0 ? "rare" : "usual")
                {
                    RunId = number % 2 == 0 ? null : $"run{number % 7}",
                    Actor = $"user:{number % 3}",
                    Reason = $"{number}",
                })));
            time.Advance(TimeSpan.FromHours(1));
        }
    }

    [OneTimeTearDown]
    public async Task CloseAsync()
    {
        await _engine.DisposeAsync();
        _folder.Dispose();
    }

    [SetUp]
    public void Forget() => _logs.Read = 0;

    [Test]
    public async Task Find_OfATime_LeavesOutWhatIsBeforeWithoutReadingIt()
    {
        DateTimeOffset since = Start.AddHours(70);
        AuditCursor place = await _log.FindAsync(since);
        int looks = _logs.Read;
        List<AuditEntry> found = await _log.ReadAfterAsync(place).Where(entry => entry.At >= since).ToListAsync();
        List<AuditEntry> all = await _log.ReadAsync().Where(entry => entry.At >= since).ToListAsync();

        Assert.That(found.Select(static entry => entry.Reason), Is.EqualTo(all.Select(static entry => entry.Reason)));
        // The log's own mark comes when it comes.
        Assert.That(found.Count(static entry => entry.Type != AuditTypes.LogSharded), Is.EqualTo(500));
        Assert.That(looks, Is.LessThan(200), "a few entries of each part are looked at");
    }

    [TestCase("rare", null)]
    [TestCase("rare", "user:1")]
    [TestCase(null, "user:2")]
    [TestCase("user:2", null)]
    public async Task Filter_ByKindAndPerson_FindsWhatAWholeScanFinds(string? type, string? actor)
    {
        var filter = new AuditFilter { Types = type is null ? [] : [type], Actor = actor };
        List<AuditEntry> found = await _log.ReadAfterAsync(AuditCursor.Start, filter: filter).ToListAsync();
        List<AuditEntry> all = await _log.ReadAsync()
            .Where(entry => (type is null || entry.Type == type) && (actor is null || entry.Actor == actor)).ToListAsync();

        Assert.That(found.Select(static entry => entry.Reason), Is.EqualTo(all.Select(static entry => entry.Reason)));
        Assert.That(found, type == "user:2" ? Is.Empty : Is.Not.Empty);
    }

    [TestCase("usual", 50)]
    [TestCase("rare", 100)]
    [TestCase("rare", 1)]
    public async Task Newest_ThatMatch_AreThoseOfAWholeScan(string type, int count)
    {
        IReadOnlyList<AuditEntry> found = await _log.ReadNewestAsync(entry => entry.Type == type, count);
        int read = _logs.Read;
        List<AuditEntry> all = await _log.ReadAsync().Where(entry => entry.Type == type).ToListAsync();

        Assert.That(found.Select(static entry => entry.At), Is.EqualTo(all.TakeLast(count).Select(static entry => entry.At)));
        Assert.That(found, Has.Count.EqualTo(count));
        Assert.That(read, Is.LessThan(Entries), "less than the whole log was read");
    }

    [Test]
    public async Task Newest_OfWhatIsNotThere_IsNothingAndEnds()
    {
        Assert.That(await _log.ReadNewestAsync(static _ => false, 10), Is.Empty);
        Assert.That(await _log.ReadNewestAsync(static entry => entry.Type == "rare", 10, since: Start.AddYears(1)), Is.Empty);
        Assert.That(await _log.ReadNewestAsync(static entry => entry.Actor == "user:1", 10, "run3"), Has.Count.EqualTo(10));
    }

    private sealed class CountingLogs(ILogStore inner) : DelegatingLogStore(inner)
    {
        private int _read;

        public int Read
        {
            get => Volatile.Read(ref _read);
            set => Volatile.Write(ref _read, value);
        }

        public override async IAsyncEnumerable<LogEntry> ReadAsync(
            string stream, long fromPosition = 0, int? maxCount = null,
            [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (LogEntry entry in base.ReadAsync(stream, fromPosition, maxCount, cancellationToken))
            {
                Interlocked.Increment(ref _read);
                yield return entry;
            }
        }
    }
}
