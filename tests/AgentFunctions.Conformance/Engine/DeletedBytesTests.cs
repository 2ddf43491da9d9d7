using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Sqlite.Stores;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.Conformance.Engine;

/// <summary>
/// No byte of what was deleted is in the raw files of a store that was rewritten. Small records of two trees are put, replaced
/// and deleted in random order, so that they are moved between the pages of the file: that leaves copies of them which
/// overwriting a record does not reach.
/// </summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
internal sealed class DeletedBytesTests
{
    private const int Entries = 400;

    [Test]
    public async Task Reclaim_AfterRandomHistories_LeavesNoByteOfWhatWasDeleted([Range(1, 12)] int seed,
        CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        string file = folder.File("data.db");
        await using var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, new DurableRegistry());
        await engine.StartAsync(cancellationToken);
        var history = new History(engine, new Random(seed));
        await history.WriteAsync(cancellationToken);
        Assert.That(Found(folder, history.Deleted), Is.Not.Empty, "they were there");
        await history.DeleteAsync(cancellationToken);

        using var maintenance = new SqliteMaintenance(engine);
        await maintenance.ReclaimAsync(cancellationToken);
        await Poll.UntilAsync(() => maintenance.EmptyLogAsync(cancellationToken), cancellationToken);

        Assert.That(Found(folder, history.Deleted), Is.Empty);
        Assert.That(Found(folder, history.Kept), Has.Count.EqualTo(history.Kept.Count));
    }

    [Test]
    public async Task Reclaim_RequestedByManyAtOnce_CoversTheDeletionsOfEach(CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        await using var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = folder.File("data.db") },
            new DurableRegistry());
        await engine.StartAsync(cancellationToken);
        History[] histories = [.. Enumerable.Range(100, 8).Select(seed => new History(engine, new Random(seed), entries: 60))];
        foreach (History history in histories)
        {
            await history.WriteAsync(cancellationToken);
        }

        using var maintenance = new SqliteMaintenance(engine);
        await Task.WhenAll(histories.Select(async history =>
        {
            await history.DeleteAsync(cancellationToken);
            await maintenance.ReclaimAsync(cancellationToken);
        }));
        await Poll.UntilAsync(() => maintenance.EmptyLogAsync(cancellationToken), cancellationToken);

        Assert.That(histories.SelectMany(history => Found(folder, history.Deleted)), Is.Empty);
    }

    private static List<string> Found(TemporaryFolder folder, IEnumerable<string> marks)
    {
        byte[][] files = [.. Directory.EnumerateFiles(folder.Path)
            .Where(static path => !path.EndsWith(".lock", StringComparison.Ordinal)).Select(Read)];
        return [.. marks.Where(mark => files.Any(file => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(mark)) >= 0))];
    }

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        _ = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes;
    }

    /// <summary>What two trees write and replace, a bit of one and a bit of the other; the second one is deleted.</summary>
    private sealed class History(SqliteEngine engine, Random random, int entries = Entries)
    {
        private readonly string _name = $"h{random.Next():x8}";
        private readonly List<(string Key, string Mark)> _records = [];

        public List<string> Deleted { get; } = [];

        public List<string> Kept { get; } = [];

        public async Task WriteAsync(CancellationToken cancellationToken)
        {
            for (int number = 0; number < entries; number++)
            {
                string mark = $"mark{_name}x{number:D5}";
                List<string> marks = random.Next(3) == 0 ? Deleted : Kept;
                marks.Add(mark);
                if (random.Next(4) == 0)
                {
                    await engine.Logs.AppendAsync(StreamOf(marks), [Value(mark)], cancellationToken: cancellationToken);
                    continue;
                }

                string key = $"ledger/{random.Next():x8}/{number}";
                _records.Add((key, mark));
                await engine.Records.PutAsync(key, Value(mark), RecordCondition.IfNew, cancellationToken);
                for (int times = random.Next(4); times > 0; times--)
                {
                    (string again, string markOfIt) = _records[random.Next(_records.Count)];
                    await engine.Records.PutAsync(again, Value(markOfIt), cancellationToken: cancellationToken);
                }
            }
        }

        public async Task DeleteAsync(CancellationToken cancellationToken)
        {
            HashSet<string> deleted = [.. Deleted];
            foreach ((string key, _) in _records.Where(one => deleted.Contains(one.Mark)))
            {
                await engine.Records.DeleteAsync(key, cancellationToken: cancellationToken);
            }

            await engine.Logs.DeleteAsync(StreamOf(Deleted), cancellationToken);
        }

        private string StreamOf(List<string> marks) => $"{(marks == Deleted ? "goes" : "stays")}/{_name}";

        private byte[] Value(string mark) =>
            Encoding.UTF8.GetBytes($"{{\"text\":\"{mark}{new string('.', random.Next(700))}\"}}");
    }
}
