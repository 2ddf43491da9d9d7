using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>
/// What the log says in words of a run is sealed under the key of its tree; the chain holds with the key and without.
/// </summary>
[CancelAfter(300_000)]
internal sealed class AuditSealTests
{
    private const string Word = "swordfish";
    private const string Secret = "hunter2hunter2";
    private AuditBench _bench = null!;
    private AuditLog _log = null!;

    private static string Hash { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Word)));

    [SetUp]
    public async Task OpenAsync()
    {
        _bench = await AuditBench.OpenAsync();
        _log = NewLog();
    }

    [TearDown]
    public async Task CloseAsync() => await _bench.DisposeAsync();

    [Test]
    public async Task Append_EntryOfARun_HasItsWordsSealedAndIsReadWithThem()
    {
        await _log.AppendAsync(Entry("r1"));
        await _log.AppendAsync(Entry("r1.0-0"));

        Assert.That(await StoredAsync(),
            Does.Not.Contain(Word).And.Not.Contain(Hash).And.Contain("\"tool\":\"pay\"").And.Contain("\"actor\":\"ann\""));
        foreach (AuditLog log in new[] { _log, NewLog() })
        {
            AuditEntry read = await log.ReadAsync("r1").FirstAsync();
            Assert.That((read.Arguments, read.Outcome, read.Reason), Is.EqualTo((Word, Word, Word)));
            Assert.That((read.ArgumentsHash, read.OutcomeHash, read.Sealed), Is.EqualTo((Hash, Hash, (AuditSealed?)null)));
        }

        Assert.That((await _log.VerifyAsync()).Holds, Is.True);
    }

    [Test]
    public async Task Append_EntryOfTheHost_StaysInClear()
    {
        await _log.AppendAsync(new AuditEntry(AuditTypes.KillEngaged) { Actor = "ann", Reason = "everything" });

        Assert.That(await StoredAsync(), Does.Contain("everything").And.Not.Contain("sealed"));
    }

    [Test]
    public async Task DestroyKey_LeavesTheChainWholeAndTheWordsUnreadable()
    {
        await _log.AppendAsync(Entry("r1"));
        await _log.AppendAsync(Entry("r2"));
        await Trees().DestroyAsync("r1");
        await NewLog().AppendAsync(Entry("r1") with { Type = AuditTypes.RunEnded });
        await NewLog().AppendAsync(new AuditEntry(AuditTypes.RunErased)
        {
            RunId = "r1",
            RootId = "r1",
            Actor = "ann",
            Reason = "asked for"
        });

        AuditEntry[] read = await NewLog().ReadAsync().ToArrayAsync();

        Assert.That(read.Where(static entry => entry.RunId == "r1").Select(static entry => entry.Reason),
            Is.EquivalentTo(new[] { null, null, "asked for" }));
        Assert.That(read.First(static entry => entry is { RunId: "r1", Type: AuditTypes.CallDecided }).Sealed,
            Is.EqualTo(new AuditSealed("r1", null, null)));
        Assert.That(AuditStory.Tell(read.First(static entry => entry.RunId == "r1")), Does.Contain("key is gone"));
        Assert.That(read.Single(static entry => entry.RunId == "r2").Reason, Is.EqualTo(Word));
        Assert.That((await NewLog().VerifyAsync()).Holds, Is.True);
        await _bench.ExportAsync();
        AuditVerification offline = await _bench.VerifyExportAsync();
        Assert.That((offline.Holds, offline.Entries), Is.EqualTo((true, 4L)), offline.Problem);
        Assert.That(await File.ReadAllTextAsync(_bench.File), Does.Not.Contain(Word));
    }

    [Test]
    public async Task DestroyKey_ThatNeverWas_PreventsOne()
    {
        await Trees().DestroyAsync("r1");
        await Trees().DestroyAsync("r1");

        Assert.That(await Trees().FindAsync("r1"), Is.Null);
        Assert.That(await Trees().TryGetAsync("r1"), Is.Null);
        Assert.That(async () => await Trees().GetAsync("r1"),
            Throws.InstanceOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.RunErased));
        Assert.That(new FileInfo(Directory.GetFiles(_bench.KeyFolder, "r1.key", SearchOption.AllDirectories).Single()).Length,
            Is.Zero);
    }

    [Test]
    public async Task Log_OfAnEarlierVersion_GoesOnSealed()
    {
        AuditLog earlier = _bench.Log();
        await earlier.AppendAsync(Entry("r1"));
        await earlier.JoinAsync();
        await _log.AppendAsync(Entry("r1") with { Turn = 2 });
        await _log.JoinAsync();
        await earlier.AppendAsync(Entry("r1") with { Turn = 3 });

        Assert.That(await NewLog().ReadAsync("r1").Select(static entry => entry.Reason).ToArrayAsync(),
            Is.EqualTo(new[] { Word, Word, Word }));
        await Trees().DestroyAsync("r1");
        Assert.That(await NewLog().ReadAsync("r1").Select(static entry => entry.Reason).ToArrayAsync(),
            Is.EqualTo(new[] { Word, null, Word }));
        await _bench.ExportAsync();
        Assert.That((await NewLog().VerifyAsync()).Holds, Is.True);
        Assert.That((await _bench.VerifyExportAsync()).Holds, Is.True);
    }

    [Test]
    public async Task Sealed_MovedToAnotherCall_IsNotOpened()
    {
        await _log.AppendAsync(Entry("r1"));
        AuditEntry stored = await _bench.Log().ReadAsync().FirstAsync();

        AuditEntry moved = await new AuditSeal(Trees(), null).OpenAsync(stored with { Call = 7 }, default);

        Assert.That((moved.Reason, moved.Sealed), Is.EqualTo(((string?)null, stored.Sealed)));
    }

    [Test]
    public async Task Sealed_NeverLooksLikeASecret()
    {
        const int Count = 3_000;
        var redactor = new Redactor();
        redactor.Add("db", Secret);
        AuditLog log = new(_bench.Store, _bench.Keys, TimeProvider.System, redactor, null, Trees());
        await Task.WhenAll(Enumerable.Range(0, Count).Select(number => log.AppendAsync(
            Entry("r1") with { Turn = number, Arguments = $"{number}: {new string('x', 400)} {Secret}" })));

        AuditEntry[] read = await log.ReadAsync("r1").ToArrayAsync();

        Assert.That(read.Count(static entry => entry.Arguments?.Contains("[secret", StringComparison.Ordinal) == true),
            Is.EqualTo(Count));
        Assert.That((await log.VerifyAsync()).Holds, Is.True);
    }

    private TreeKeys Trees() =>
        new(new FolderTreeKeyStore(_bench.KeyFolder), new FolderKeyStore(_bench.KeyFolder), TimeProvider.System);

    private AuditLog NewLog() => new(_bench.Store, _bench.Keys, TimeProvider.System, null, null, Trees());

    private static AuditEntry Entry(string run) => new(AuditTypes.CallDecided)
    {
        RunId = run,
        RootId = TreeKeys.RootOf(run),
        Turn = 1,
        Call = 2,
        Tool = "pay",
        Actor = "ann",
        Arguments = Word,
        Outcome = Word,
        Reason = Word,
        ArgumentsHash = Hash,
        OutcomeHash = Hash,
    };

    private async Task<string> StoredAsync()
    {
        var text = new StringBuilder();
        foreach (string stream in AuditBench.Streams)
        {
            (await _bench.LinesAsync(stream)).ForEach(line => text.AppendLine(Encoding.UTF8.GetString(line.Span)));
        }

        return text.ToString();
    }
}
