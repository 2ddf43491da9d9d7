using AgentFunctions.AzureStorage;
using AgentFunctions.Core;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Keys;
using AgentFunctions.Ledger;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.AzureFunctions.Tests.Instances;

/// <summary>
/// What an instance remembers, when another one changes what it is about: two sets of stores on one storage account.
/// </summary>
[CancelAfter(1_800_000)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(AzuriteServer.Category)]
public sealed class OtherInstanceTests
{
    private static readonly ContextRef s_whole = new();

    private readonly Stores _here;
    private readonly Stores _there;

    public OtherInstanceTests()
    {
        string account = AzuriteServer.TakeAccount();
        (_here, _there) = (new Stores(account), new Stores(account));
    }

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Transcript_WindowInMemory_GrowsByWhatAnotherAppended()
    {
        var here = new Transcript(_here.Logs);
        var there = new Transcript(_there.Logs);
        TranscriptWindow mine = await here.AppendAsync("run", await here.ReadWindowAsync("run", s_whole, Cancel),
            [Said(1, ChatRole.Assistant)], Cancel);
        await there.AppendAsync("run", await there.ReadWindowAsync("run", s_whole, Cancel),
            [Said(2, ChatRole.Tool), Said(2, ChatRole.Assistant)], Cancel);

        Assert.That((await here.ReadTurnAsync("run", s_whole, 2, Cancel)).ReplyOf(2)?.Message.Text, Is.EqualTo("2"));
        Assert.That((await here.ReadWindowAsync("run", s_whole, Cancel)).End, Is.EqualTo(3));
        Assert.That(
            async () => await here.AppendAsync("run", mine, [Said(2, ChatRole.Assistant)], Cancel),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.PositionConflict));
        TranscriptWindow grown = await here.ReadWindowAsync("run", s_whole, Cancel);
        Assert.That(grown.Entries.Select(static entry => entry.Position), Is.EqualTo(new long[] { 0, 1, 2 }));
        Assert.That((await here.AppendAsync("run", grown, [Said(3, ChatRole.Assistant)], Cancel)).End, Is.EqualTo(4));
    }

    [Test]
    public async Task Transcript_TurnThatTheStoreLacks_IsNotInvented()
    {
        var here = new Transcript(_here.Logs);
        await here.AppendAsync("run", await here.ReadWindowAsync("run", s_whole, Cancel), [Said(1, ChatRole.Assistant)], Cancel);
        Assert.That((await here.ReadTurnAsync("run", s_whole, 7, Cancel)).ReplyOf(7), Is.Null);
        Assert.That((await here.ReadTurnAsync("run", s_whole, 7, Cancel)).End, Is.EqualTo(1));
    }

    [Test]
    public async Task CallMarks_TakenBackByAnother_CountsTheCallAsNew()
    {
        var here = new CallMarks(_here.Records);
        var there = new CallMarks(_there.Records);
        Assert.That(await here.BeginAsync("run", 1, Cancel), Is.True);
        Assert.That(await there.BeginAsync("run", 1, Cancel), Is.False, "begun by the other");
        await there.TakeBackAsync("run", Cancel);
        Assert.That(await here.BeginAsync("run", 1, Cancel), Is.True, "taken back by the other");
        Assert.That(await there.BeginAsync("run", 2, Cancel), Is.True);
        Assert.That(await here.BeginAsync("run", 2, Cancel), Is.False);
        Assert.That(await here.BeginAsync("run", 3, Cancel), Is.True);
    }

    [Test]
    public async Task CallMarks_ManyDeliveriesOfOneCall_LetOneThrough()
    {
        CallMarks[] instances = [.. Enumerable.Range(0, 8)
            .Select(number => new CallMarks(number % 2 == 0 ? _here.Records : _there.Records))];
        foreach (CallMarks instance in instances)
        {
            await instance.BeginAsync("run", 1, Cancel);
        }

        bool[] begun = await Task.WhenAll(instances.Select(instance => instance.BeginAsync("run", 2, Cancel)));
        Assert.That(begun.Count(static one => one), Is.EqualTo(1));
    }

    [Test]
    public async Task SharedRecord_ChangeThatChangesNothing_IsJudgedByTheStore()
    {
        SharedRecord<string[]> here = Shared(_here);
        SharedRecord<string[]> there = Shared(_there);
        await here.ChangeAsync(static _ => (new[] { "full" }, true), Cancel);
        await there.ChangeAsync(static _ => (new[] { "free" }, true), Cancel);

        string seen = await here.ChangeAsync(static value => (value, value[0]), Cancel);

        Assert.That(seen, Is.EqualTo("free"), "a refusal must not come from memory");
        await Task.WhenAll(Enumerable.Range(0, 10).Select(number => (number % 2 == 0 ? here : there).ChangeAsync(
            value => (value.Append($"{number}").ToArray(), true), Cancel)));
        Assert.That(await here.ChangeAsync(static value => (value, value.Length), Cancel), Is.EqualTo(11), "no change is lost");
    }

    [Test]
    public async Task SigningKeys_RotatedByAnother_ArePublishedAndUsed()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var here = new SigningKeys(new RecordKeyStore(_here.Records), "tokens", time);
        var there = new SigningKeys(new RecordKeyStore(_there.Records), "tokens", time);
        string first = (await here.CurrentAsync(Cancel)).Public.Kid;
        Assert.That((await there.CurrentAsync(Cancel)).Public.Kid, Is.EqualTo(first), "one host's first key is every host's");
        string second = (await there.RotateAsync(Cancel)).Kid;

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That((await here.PublishedAsync(Cancel)).Keys.Select(static key => key.Kid), Is.EqualTo(new[] { second, first }));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.That((await here.CurrentAsync(Cancel)).Public.Kid, Is.EqualTo(second));
    }

    [Test]
    public async Task AuditLog_WrittenByTwo_IsOneChain([Values(null, "run")] string? run)
    {
        AuditLog here = Audit(_here);
        AuditLog there = Audit(_there);
        for (int i = 0; i < 5; i++)
        {
            await Task.WhenAll(here.AppendAsync(new AuditEntry("here") { RunId = run }, Cancel),
                there.AppendAsync(new AuditEntry("there") { RunId = run }, Cancel));
        }

        await Task.WhenAll(here.JoinAsync(Cancel), there.JoinAsync(Cancel));
        AuditVerification verified = await there.VerifyAsync(Cancel);
        Assert.That((verified.Holds, verified.Entries), Is.EqualTo((true, 10)), verified.Problem);
    }

    [Test]
    public async Task CallHistory_OfAnother_IsInViewWhenACallIsDecided()
    {
        var here = new CallHistory(_here.Logs);
        var there = new CallHistory(_there.Logs);
        Assert.That(await DecideAsync(here, 1), Is.Zero);
        Assert.That(await DecideAsync(there, 2), Is.EqualTo(1));
        Assert.That(await DecideAsync(here, 3), Is.EqualTo(2));

        static Task<int> DecideAsync(CallHistory history, int turn) => history.DecideAsync(
            "root", new CallHistory.CallPlace("run", turn, 0), static calls => calls.Count,
            _ => new PastCall("run", turn, 0, "pay", ToolEffect.NotIdempotent, DateTimeOffset.UnixEpoch), Cancel);
    }

    [Test]
    public async Task RunStore_RunThatWasNotThere_IsFoundOnceAnotherAddsIt()
    {
        var here = new RunStore(_here.Records, new BlobContentStore(_here.Containers));
        var there = new RunStore(_there.Records, new BlobContentStore(_there.Containers));
        const string Id = "7ybqnbvgqjfappgyzkz4afwc3s";
        Assert.That(await here.FindAsync(Id, Cancel), Is.Null);
        await there.AddAsync(new RunRecord
        {
            Id = Id,
            Agent = "a",
            DefinitionHash = "d",
            Model = "m",
            Goal = "g",
            CreatedAt = DateTimeOffset.UnixEpoch
        }, Cancel);
        Assert.That((await here.FindAsync(Id, Cancel))?.Goal, Is.EqualTo("g"));
    }

    [Test]
    public async Task WhatIsNotRemembered_IsReadAsTheOtherWroteIt()
    {
        var plans = (Here: new PlanStore(_here.Records), There: new PlanStore(_there.Records));
        var pins = (Here: new PinStore(_here.Records), There: new PinStore(_there.Records));
        var notes = (Here: new NoteStore(_here.Records), There: new NoteStore(_there.Records));
        var inbox = (Here: new Inbox(_here.Logs, _here.Records), There: new Inbox(_there.Logs, _there.Records));
        var ledger = (Here: new CallLedger(_here.Records), There: new CallLedger(_there.Records));
        var journal = (Here: new Journal(_here.Logs, TimeProvider.System), There: new Journal(_there.Logs, TimeProvider.System));
        var scope = new NoteScope("agent");
        for (int round = 0; round < 2; round++)
        {
            string text = $"{round}";
            await plans.There.PutAsync("run", [new PlanItem(text)], Cancel);
            await pins.There.PutAsync("run", [text], Cancel);
            await notes.There.PutAsync(scope, new Note("n", text, "run", DateTimeOffset.UnixEpoch), Cancel);
            await inbox.There.AddAsync("run", new InboxMessage(text, "me", DateTimeOffset.UnixEpoch), Cancel);
            await ledger.There.WriteAsync("run", 1, 0, new LedgerEntry(text, LedgerState.Started, DateTimeOffset.UnixEpoch),
                Cancel);
            await journal.There.AppendAsync("run", new JournalEvent(text, DateTimeOffset.UnixEpoch), Cancel);

            Assert.That((await plans.Here.GetAsync("run", Cancel)).Single().Text, Is.EqualTo(text));
            Assert.That(await pins.Here.GetAsync("run", Cancel), Is.EqualTo(new[] { text }));
            Assert.That((await notes.Here.ListAsync(scope, Cancel)).Single().Text, Is.EqualTo(text));
            Assert.That((await inbox.Here.ReadAsync("run", 0, 10, Cancel))[^1].Text, Is.EqualTo(text));
            Assert.That((await ledger.Here.FindAsync("run", 1, 0, Cancel))?.Tool, Is.EqualTo(text));
            Assert.That(await journal.Here.AppendIfMissingAsync("run", new JournalEvent(text, DateTimeOffset.UnixEpoch), Cancel),
                Is.False);
        }
    }

    [Test]
    public async Task LogPlaces_EndThatAnotherMoved_AreNotBelieved()
    {
        byte[] entry = new byte[100];
        for (int i = 0; i < 20; i++)
        {
            ILogStore stores = i % 3 == 0 ? _here.Logs : _there.Logs;
            Assert.That(await stores.AppendAsync("stream", [entry], i % 2 == 0 ? null : i, Cancel), Is.EqualTo(i));
        }

        Assert.That(await _here.Logs.GetLengthAsync("stream", Cancel), Is.EqualTo(20));
        await _there.Logs.DeleteAsync("stream", Cancel);
        Assert.That(await _here.Logs.GetLengthAsync("stream", Cancel), Is.Zero, "deleted by another");
        Assert.That(await _here.Logs.AppendAsync("stream", [entry], 0, Cancel), Is.Zero);
    }

    [Test]
    public async Task TreeKeys_MadeByTwoAtOnce_AreOne()
    {
        TreeKeys[] keys = [.. new[] { _here, _there, _here, _there }.Select(static stores => new TreeKeys(
            new RecordTreeKeyStore(stores.Records), new RecordKeyStore(stores.Records), TimeProvider.System))];
        TreeKey[] made = await Task.WhenAll(keys.Select(static one => one.GetAsync("root", Cancel).AsTask()));
        byte[] text = [1, 2, 3];
        byte[] isSealed = made[0].Seal(text, []);
        Assert.That(made.Select(key => key.Open(isSealed, [])), Is.All.EqualTo(text));
    }

    [Test]
    public async Task ApiKeys_FirstKeyMadeByAnother_ClosesTheDoor()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var here = Keys(_here, time);
        var there = Keys(_there, time);
        Assert.That(await here.AnyAsync(Cancel), Is.False);
        string key = await there.AddAsync("ann", [CallerRoles.Admin], Caller.Local, Cancel);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await here.AnyAsync(Cancel), Is.True);
        Assert.That((await here.FindAsync(key, Cancel))?.Id, Is.EqualTo("key:ann"));
        await there.AddAsync("bob", [CallerRoles.Admin], Caller.Local, Cancel);
        await there.RemoveAsync("ann", Caller.Local, Cancel);
        Assert.That(await here.FindAsync(key, Cancel), Is.Null, "withdrawn at once");
    }

    private static SharedRecord<string[]> Shared(Stores stores) =>
        new(stores.Records, "shared/one", static () => CoreJsonContext.Default.StringArray, [], TimeProvider.System);

    private static ApiKeys Keys(Stores stores, TimeProvider time) => new(
        stores.Records, new TreeKeys(new RecordTreeKeyStore(stores.Records), new RecordKeyStore(stores.Records), time),
        Audit(stores), time, NullLogger<ApiKeys>.Instance);

    private static AuditLog Audit(Stores stores) =>
        new(stores.Logs, new SigningKeys(new RecordKeyStore(stores.Records), AuditLog.KeyPurpose, TimeProvider.System),
            TimeProvider.System);

    private static TranscriptEntry Said(int turn, ChatRole role) =>
        new(turn, new ChatMessage(role, $"{turn}"), DateTimeOffset.UnixEpoch);

    /// <summary>The stores of one instance, with all that they remember.</summary>
    private sealed class Stores
    {
        public Stores(string account)
        {
            Containers = new BlobContainers(AzuriteServer.Connect(account));
            Logs = new BlobLogStore(Containers, TimeProvider.System);
            Records = new BlobRecordStore(Containers);
        }

        public BlobContainers Containers { get; }

        public BlobLogStore Logs { get; }

        public BlobRecordStore Records { get; }
    }
}
