using AgentFunctions.Durability;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Conformance.Engine;

/// <summary>Of a kind of records of which there are none nothing is read, and no record is missed for it.</summary>
[Parallelizable(ParallelScope.Children)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(300_000)]
public sealed class RecordKindsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task Read_AKindWithoutRecords_ReadsOnceAndNoMore()
    {
        await using SqliteEngine engine = await StartAsync();
        Assert.That(await engine.Records.GetAsync("receivers/one/a", Cancel), Is.Null);
        long before = engine.Core.Readers.Count;

        Assert.That(await engine.Records.GetAsync("receivers/one/b", Cancel), Is.Null);
        Assert.That(await engine.Records.ListAsync("receivers/two/", null, Cancel).ToArrayAsync(Cancel), Is.Empty);

        Assert.That(engine.Core.Readers.Count, Is.EqualTo(before));
    }

    [Test]
    public async Task Read_ARecordThatWasWrittenSince_IsFound()
    {
        await using SqliteEngine engine = await StartAsync();
        Assert.That(await engine.Records.ListAsync("receivers/one/", null, Cancel).ToArrayAsync(Cancel), Is.Empty);

        await engine.Records.PutAsync("receivers/one/a", new byte[] { 1 }, default, Cancel);

        Assert.That(await engine.Records.GetAsync("receivers/one/a", Cancel), Is.Not.Null);
        Assert.That(await engine.Records.ListAsync("receivers/one/", null, Cancel).ToArrayAsync(Cancel), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Read_ARecordOfAnEarlierProcess_IsFoundAfterAMissOfItsKind()
    {
        await using (SqliteEngine first = await StartAsync())
        {
            await first.Records.PutAsync("receivers/one/a", new byte[] { 1 }, default, Cancel);
        }

        await using SqliteEngine second = await StartAsync();
        Assert.That(await second.Records.GetAsync("receivers/two/a", Cancel), Is.Null);
        Assert.That(await second.Records.GetAsync("receivers/one/a", Cancel), Is.Not.Null);
    }

    [Test]
    public async Task Read_ManyKindsWhileTheyAreWritten_FindsWhatIsDurable([Values] bool inMemory)
    {
        await using SqliteEngine engine = await StartAsync(inMemory);
        // More than are kept in mind.
        for (int kind = 0; kind < 66; kind++)
        {
            string key = $"kind{kind}/a";
            using var written = new CancellationTokenSource();
            Task readers = Task.WhenAll(Enumerable.Range(0, 3).Select(reader => Task.Run(async () =>
            {
                while (!written.IsCancellationRequested)
                {
                    await engine.Records.GetAsync($"kind{kind}/{reader}", Cancel);
                }
            }, Cancel)));
            await engine.Records.PutAsync(key, new byte[] { 1 }, RecordCondition.IfNew, Cancel);
            Assert.That(await engine.Records.GetAsync(key, Cancel), Is.Not.Null, key);
            await written.CancelAsync();
            await readers;
            Assert.That(await engine.Records.ListAsync($"kind{kind}/", null, Cancel).ToArrayAsync(Cancel), Is.Not.Empty, key);
        }
    }

    private async Task<SqliteEngine> StartAsync(bool inMemory = false)
    {
        string file = inMemory ? SqliteEngineOptions.InMemory : _folder.File("engine.db");
        var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = file }, new DurableRegistry());
        await engine.StartAsync(Cancel);
        return engine;
    }
}
