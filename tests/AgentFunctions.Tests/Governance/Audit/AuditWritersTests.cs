using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using AgentFunctions.TestKit;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>Several hosts write to one audit log at the same time, and some of them end in the middle.</summary>
[CancelAfter(300_000)]
public sealed class AuditWritersTests
{
    private static readonly string?[] s_runs = [null, "a", "b", "a.1-0", "a.1-1", "a.2-0-7"];

    [Test]
    public async Task Append_ManyHostsAtOnce_NothingIsLostDoubledOrOutOfChain([Range(1, 8)] int seed)
    {
        const int Hosts = 5, Each = 40;
        await using AuditBench bench = await AuditBench.OpenAsync();
        var store = new UnsteadyLogStore(bench.Store, seed);

        await Task.WhenAll(Enumerable.Range(0, Hosts)
            .Select(host => Task.Run(() => WriteAsync(bench.Log(store), host, Each, new Random((seed * 100) + host)))));

        AuditVerification result = await bench.Log().VerifyAsync();
        Assert.That((result.Holds, result.Problem, result.Entries), Is.EqualTo((true, (string?)null, (long)Hosts * Each)));
        Assert.That(store.Lost, Is.Positive, "answers were lost");
        List<AuditEntry> all = await Written(bench.Log().ReadAsync());
        Assert.That(all.Select(static entry => (entry.Actor, entry.Turn)).ToArray(), Is.Unique.And.Length.EqualTo(Hosts * Each));
        foreach (IGrouping<(string?, string?), AuditEntry> own in all.GroupBy(static entry => (entry.Actor, entry.RunId)))
        {
            Assert.That(own.Select(static entry => entry.Turn), Is.Ordered,
                "a host's entries of a run are in the order in which it wrote them");
        }

        foreach (string run in s_runs.OfType<string>())
        {
            Assert.That(
                (await Written(bench.Log().ReadAsync(run))).Select(static entry => (entry.Actor, entry.Turn)),
                Is.EquivalentTo(all.Where(entry => entry.RunId == run || entry.RootId == run)
                    .Select(static entry => (entry.Actor, entry.Turn))));
        }

        await bench.ExportAsync();
        Assert.That((await bench.VerifyExportAsync(result.Heads)).Problem, Is.Null);
    }

    [Test]
    public async Task AppendOnce_ManyHostsAtOnce_EachEntryStandsOnce([Range(1, 5)] int seed)
    {
        const int Hosts = 4, Facts = 15;
        await using AuditBench bench = await AuditBench.OpenAsync();
        var store = new UnsteadyLogStore(bench.Store, seed);
        long[] from = await Task.WhenAll(s_runs.OfType<string>()
            .Select(run => bench.Log().EndAsync(run, run, CancellationToken.None)));
        Assert.That(from, Is.All.Zero);

        await Task.WhenAll(Enumerable.Range(0, Hosts).Select(host => Task.Run(async () =>
        {
            AuditLog log = bench.Log(store);
            foreach (int fact in Enumerable.Range(0, Facts))
            {
                await Task.WhenAll(
                    log.AppendAsync(new AuditEntry("test.other") { RunId = "a", Actor = $"host {host}", Turn = fact }),
                    log.AppendOnceAsync(Fact(fact), new AuditOnce(0, entry => entry.Type == "test.fact" && entry.Turn == fact),
                        CancellationToken.None));
            }
        })));

        List<AuditEntry> all = await Written(bench.Log().ReadAsync());
        Assert.That(all.Where(static entry => entry.Type == "test.fact").Select(static entry => entry.Turn),
            Is.EquivalentTo(Enumerable.Range(0, Facts)));
        Assert.That(all.Count(static entry => entry.Type == "test.other"), Is.EqualTo(Hosts * Facts));
        Assert.That((await bench.Log().VerifyAsync()).Problem, Is.Null);

        static AuditEntry Fact(int number) => new("test.fact") { RunId = "a", Actor = "somebody", Turn = number };
    }

    [Test]
    public async Task Append_HostsThatEndBetweenEntryAndHead_TheNextGoesOn([Range(1, 5)] int seed)
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        using var beside = new FileHeadStore(bench.KeyFolder);
        var random = new Random(seed);
        for (int host = 0; host < 6; host++)
        {
            AuditLog log = bench.Log(heads: new EndingHeadStore(beside, random.Next(12)));
            await log.EnsureWholeAsync();
            await WriteAsync(log, host, 10, random);
        }

        AuditVerification result = await bench.Log(heads: beside).VerifyAsync();

        Assert.That((result.Holds, result.Problem, result.Entries), Is.EqualTo((true, (string?)null, 60L)));
    }

    [Test]
    public async Task Verify_WhileOthersWrite_Holds()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        using var stop = new CancellationTokenSource();
        Task[] writers = [.. Enumerable.Range(0, 3).Select(host => Task.Run(async () =>
        {
            AuditLog log = bench.Log(new UnsteadyLogStore(bench.Store, host));
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await WriteAsync(log, host, 5, new Random(i));
            }
        }))];
        AuditLog reader = bench.Log(new UnsteadyLogStore(bench.Store, 9));
        for (int i = 0; i < 30; i++)
        {
            AuditVerification result = await reader.VerifyAsync();
            Assert.That((result.Holds, result.Problem), Is.EqualTo((true, (string?)null)));
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Test]
    public async Task Join_SomeTimeAfterTheFirstEntry_HappensByItself()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        var time = new VirtualTime(DateTimeOffset.UnixEpoch);
        AuditLog log = bench.Log(time: time);
        await log.AppendAsync(new AuditEntry("any") { RunId = "a" });
        await log.AppendAsync(new AuditEntry("any") { RunId = "b" });
        string heads = AuditShards.StreamOf(AuditShards.Heads);
        Assert.That(await bench.Store.GetLengthAsync(heads), Is.Zero, "no step waits for it");

        time.Advance(AuditJoiner.Interval);
        await bench.Store.WaitForAppendAsync(heads, 0, TestContext.CurrentContext.CancellationToken);

        AuditEntry joined = AuditLine.Read((await bench.LinesAsync(heads)).Single());
        Assert.That(joined.Heads!.Select(static head => (head.Shard, head.Count)), Is.EquivalentTo(new[]
        {
            (AuditShards.Of(new AuditEntry("any") { RunId = "a" }), 1L),
            (AuditShards.Of(new AuditEntry("any") { RunId = "b" }), 1L),
        }));
        await log.JoinAsync();
        Assert.That(await bench.Store.GetLengthAsync(heads), Is.EqualTo(1), "nothing has grown since");
    }

    [Test]
    public async Task Read_PagesByCursorWhileHostsWithOtherClocksWrite_HaveEachEntryOnce([Range(1, 4)] int seed)
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        var random = new Random(seed);
        AuditLog[] logs = [.. Enumerable.Range(0, 3).Select(host =>
            bench.Log(time: new VirtualTime(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(host * 7))))];
        var read = new List<(string?, int?)>();
        AuditCursor cursor = AuditCursor.Start;
        for (int round = 0; round < 12; round++)
        {
            int host = random.Next(logs.Length);
            await WriteAsync(logs[host], round, 5, random);
            await foreach (AuditEntry entry in logs[0].ReadAfterAsync(cursor).Take(7))
            {
                read.Add((entry.Actor, entry.Turn));
                cursor = AuditCursor.Parse(cursor.Past(entry).ToString());
            }
        }

        await foreach (AuditEntry entry in logs[0].ReadAfterAsync(cursor))
        {
            read.Add((entry.Actor, entry.Turn));
        }

        Assert.That(read.Where(static one => one.Item1 is not null).ToArray(), Is.Unique.And.Length.EqualTo(60));
    }

    [TestCase("")]
    [TestCase("x")]
    [TestCase("-1")]
    [TestCase("40-1")]
    [TestCase("heads-1")]
    [TestCase("00-1_00-2")]
    [TestCase("00-1_")]
    [TestCase("00-99999999999999999999")]
    public void Cursor_ThatNobodyGave_IsRefused(string text) => Assert.That(
        () => AuditCursor.Parse(text),
        Throws.TypeOf<AgentException>().With.Property("Code").EqualTo(ErrorCode.InvalidInput).And.Message.Contains("after"));

    private static async Task<List<AuditEntry>> Written(IAsyncEnumerable<AuditEntry> entries) =>
        await entries.Where(static entry => entry.Type != AuditTypes.LogSharded).ToListAsync();

    private static async Task WriteAsync(AuditLog log, int host, int count, Random random)
    {
        var pending = new List<Task>();
        for (int i = 0; i < count; i++)
        {
            string? run = s_runs[random.Next(s_runs.Length)];
            string? root = run is null ? null : AgentFunctions.Keys.TreeKeys.RootOf(run);
            pending.Add(log.AppendAsync(new AuditEntry("any")
            {
                Actor = $"host {host}",
                RunId = run,
                RootId = random.Next(2) == 0
                ? root
                : null,
                Turn = i
            }));
            if (random.Next(3) == 0)
            {
                await pending[random.Next(pending.Count)];
            }

            if (random.Next(8) == 0)
            {
                pending.Add(log.JoinAsync());
            }
        }

        await Task.WhenAll(pending);
    }

    /// <summary>The heads of a host that ends: after some writes nothing reaches the disk.</summary>
    private sealed class EndingHeadStore(IHeadStore inner, int left) : IHeadStore
    {
        private int _left = left;

        public ValueTask<Head?> ReadAsync(string name, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(name, cancellationToken);

        public ValueTask WriteAsync(string name, Head head, CancellationToken cancellationToken = default) =>
            Interlocked.Decrement(ref _left) < 0 ? ValueTask.CompletedTask : inner.WriteAsync(name, head, cancellationToken);

        public ValueTask RemoveAsync(string name, CancellationToken cancellationToken = default) =>
            inner.RemoveAsync(name, cancellationToken);
    }
}
