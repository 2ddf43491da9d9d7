using AgentFunctions.Durability;
using AgentFunctions.Ledger;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Ledger;

[CancelAfter(300_000)]
internal sealed class LedgerEntryTests
{
    private static readonly LedgerEntry Begun = new("pay", LedgerState.Started, DateTimeOffset.UnixEpoch);

    [Test]
    public async Task Enter_TheAnswerOfTheStoreWasLost_IsStillThisDeliverysAndNobodyElses(CancellationToken cancellationToken)
    {
        await using var engine = new SqliteEngine(new SqliteEngineOptions { DataFile = SqliteEngineOptions.InMemory },
            new DurableRegistry());
        await engine.StartAsync(cancellationToken);
        var ledger = new CallLedger(new RepeatingRecords(engine.Records));

        LedgerEntry entered = await ledger.EnterAsync("run", 1, 0, Begun, cancellationToken);
        Assert.That(entered.IsOwner, Is.True);
        Assert.That(
            async () => await ledger.EnterAsync("run", 1, 0, Begun, cancellationToken),
            Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.EngineUnavailable), "another delivery");

        LedgerEntry finished = await ledger.FinishAsync("run", 1, 0, entered with { Outcome = new("paid") }, cancellationToken);
        Assert.That(finished.Outcome!.Text, Is.EqualTo("paid"));
        Assert.That((await ledger.FindAsync("run", 1, 0, cancellationToken))!.Outcome!.Text, Is.EqualTo("paid"));
    }

    /// <summary>A store behind a client that repeats each write, as where the answer to the first was lost.</summary>
    private sealed class RepeatingRecords(IRecordStore inner) : IRecordStore
    {
        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken) =>
            inner.GetAsync(key, cancellationToken);

        public async Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition,
            CancellationToken cancellationToken)
        {
            await inner.PutAsync(key, value, condition, cancellationToken);
            return await inner.PutAsync(key, value, condition, cancellationToken);
        }

        public Task DeleteAsync(string key, RecordCondition condition, CancellationToken cancellationToken) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
            inner.ListAsync(prefix, after, cancellationToken);
    }
}
