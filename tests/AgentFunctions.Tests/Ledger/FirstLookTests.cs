using System.Collections.Concurrent;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Ledger;
using AgentFunctions.Runs;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.Hosting;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Ledger;

/// <summary>What is in the ledger is read only where this process cannot know it.</summary>
[CancelAfter(300_000)]
internal sealed class FirstLookTests
{
    private static readonly LedgerEntry Begun = new("pay", LedgerState.Started, DateTimeOffset.UnixEpoch);

    private SqliteEngine _engine = null!;
    private CountingRecords _records = null!;
    private CallLedger _ledger = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _engine = new SqliteEngine(new SqliteEngineOptions { DataFile = SqliteEngineOptions.InMemory }, new DurableRegistry());
        await _engine.StartAsync();
        _records = new CountingRecords(_engine.Records);
        _ledger = new CallLedger(_records);
    }

    [TearDown]
    public async Task StopAsync() => await _engine.DisposeAsync();

    [Test]
    public async Task Find_TheTurnWasAskedForJustNow_ReadsNothingUntilTheCallIsEntered()
    {
        _ledger.Asked("run", 1);
        Assert.That(await _ledger.FindAsync("run", 1, 0), Is.Null);
        Assert.That(await _ledger.FindAsync("run", 1, 1), Is.Null);
        Assert.That(_records.Reads, Is.Empty);

        await _ledger.EnterAsync("run", 1, 0, Begun, CancellationToken.None);
        Assert.That((await _ledger.FindAsync("run", 1, 0))!.State, Is.EqualTo(LedgerState.Started));
        Assert.That(await _ledger.FindAsync("run", 1, 1), Is.Null);
        Assert.That(_records.Reads, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Find_AnotherDeliveryWasFirst_FindsWhatItEntered()
    {
        // The other has read the recorded answer and begun the call before this one is told that the answer is recorded.
        await _ledger.EnterAsync("run", 1, 0, Begun, CancellationToken.None);
        _ledger.Asked("run", 1);
        Assert.That((await _ledger.FindAsync("run", 1, 0))!.State, Is.EqualTo(LedgerState.Started));
    }

    [Test]
    public async Task Find_AWriteWhoseAnswerWasLost_IsRead()
    {
        _ledger.Asked("run", 1);
        _records.LosesAnswers = true;
        Assert.That(async () => await _ledger.EnterAsync("run", 1, 0, Begun, CancellationToken.None),
            Throws.TypeOf<AgentException>());
        Assert.That((await _ledger.FindAsync("run", 1, 0))!.State, Is.EqualTo(LedgerState.Started));
    }

    [TestCase(1)]
    [TestCase(3)]
    public async Task Find_AnotherTurn_IsRead(int turn)
    {
        await new CallLedger(_records).EnterAsync("run", turn, 0, Begun, CancellationToken.None);
        _ledger.Asked("run", 2);
        Assert.That((await _ledger.FindAsync("run", turn, 0))!.State, Is.EqualTo(LedgerState.Started));
    }

    [Test]
    public async Task Find_OthersWriteToTheStore_IsRead()
    {
        _records.IsShared = true;
        _ledger.Asked("run", 1);
        await new CallLedger(_records).EnterAsync("run", 1, 0, Begun, CancellationToken.None);
        Assert.That((await _ledger.FindAsync("run", 1, 0))!.State, Is.EqualTo(LedgerState.Started));
    }

    [Test]
    public async Task Run_TurnsWithOneCall_ReadsNoEntryOfTheLedger()
    {
        CountingRecords? records = null;
        await using RunHost host = await RunHost.StartAsync(
            services => services.AddSingleton<IRecordStore>(provider =>
                records ??= new CountingRecords(provider.GetRequiredService<SqliteEngine>().Records)),
            static request => request.Turn < 5 ? ChatReply.Call("work", new { turn = request.Turn }) : ChatReply.Say("done"),
            [AgentTool.Create("work", "Works.", ToolEffect.Idempotent, static (int turn) => $"did {turn}")]);
        Run run = await host.Gateway.SubmitAsync(new RunRequest { Goal = "Work." });
        run = await host.Reader.WaitForEndAsync(run.Id);

        Assert.That(run.Status, Is.EqualTo(RunStatus.Completed));
        Assert.That(records!.Reads.Where(static key => key.StartsWith("ledger/", StringComparison.Ordinal)), Is.Empty);
    }

    /// <summary>A store that tells what was read.</summary>
    private sealed class CountingRecords(IRecordStore inner) : IRecordStore
    {
        public ConcurrentQueue<string> Reads { get; } = [];

        public bool IsShared { get; set; } = inner.IsShared;

        /// <summary>Gets or sets whether writes are made and reported as failed.</summary>
        public bool LosesAnswers { get; set; }

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
        {
            Reads.Enqueue(key);
            return inner.GetAsync(key, cancellationToken);
        }

        public async Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
            CancellationToken cancellationToken = default)
        {
            string version = await inner.PutAsync(key, value, condition, cancellationToken);
            return LosesAnswers
                ? throw new AgentException(ErrorCode.EngineUnavailable, "The answer was lost.")
                : version;
        }

        public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after = null,
            CancellationToken cancellationToken = default) => inner.ListAsync(prefix, after, cancellationToken);
    }
}
