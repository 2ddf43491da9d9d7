using AgentFunctions.Governance.Audit;
using Microsoft.Extensions.Time.Testing;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>The oldest entries go, and what is left is a whole log: as long as nothing else is missing.</summary>
[CancelAfter(300_000)]
internal sealed class AuditCutTests
{
    private static readonly DateTimeOffset s_start = new(2026, 5, 6, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public async Task Cut_OldEntries_LeavesAWholeLog()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        (AuditLog log, FakeTimeProvider time) = await WriteAsync(bench);
        AuditVerification before = await log.VerifyAsync();

        long cut = await log.CutAsync(s_start.AddDays(1), default);

        Assert.That(cut, Is.EqualTo((3 * 5) + 1), "five of each part, and the entry that says that shards begin");
        AuditEntry[] left = await log.ReadAsync().ToArrayAsync();
        Assert.That(left.Select(static entry => entry.At), Is.All.GreaterThanOrEqualTo(s_start.AddDays(1)));
        await HoldsAsync(bench, log, before.Heads!);
        time.Advance(TimeSpan.FromDays(5));
        await log.AppendAsync(Entry("a", 99));
        await log.CutAsync(s_start.AddDays(4), default);
        await HoldsAsync(bench, log, before.Heads!);
        await log.CutAsync(s_start.AddDays(400), default);
        Assert.That(await bench.Log().ReadAsync().CountAsync(), Is.GreaterThan(0), "the last entry of a part stays");
        await HoldsAsync(bench, bench.Log(), before.Heads!);
    }

    [Test]
    public async Task Cut_CutOffByACrash_IsAWholeLogToo()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        (AuditLog log, _) = await WriteAsync(bench);
        string stream = AuditShards.StreamOf(AuditShards.Of(Entry("a", 0)));
        List<ReadOnlyMemory<byte>> whole = await bench.LinesAsync(stream);
        await log.CutAsync(s_start.AddDays(1), default);

        // Said, and not done.
        await bench.ReplaceAsync(stream, whole);

        await HoldsAsync(bench, log, []);
    }

    [Test]
    public async Task Cut_AndMoreTaken_IsFound([Values] bool first)
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        (AuditLog log, _) = await WriteAsync(bench);
        await log.CutAsync(s_start.AddDays(1), default);
        string stream = AuditShards.StreamOf(AuditShards.Of(Entry("a", 0)));
        await bench.ExportAsync();
        List<string> lines = [.. await File.ReadAllLinesAsync(bench.File)];
        int at = first ? lines.FindIndex(static line => line.Contains("\"shard\":\"" + AuditShards.Of(Entry("a", 0)),
            StringComparison.Ordinal))
            : lines.FindIndex(static line => line.Contains("audit.cut", StringComparison.Ordinal));
        lines.RemoveAt(at);
        await File.WriteAllLinesAsync(bench.File, lines);

        Assert.That((await bench.VerifyExportAsync()).Holds, Is.False, stream);
    }

    [Test]
    public async Task Cut_StoreCannotDeleteSoLittle_SaysNothing()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        await WriteAsync(bench);

        // This store deletes nothing, as those do that know no trimming.
        long cut = await bench.Log(new UnsteadyLogStore(bench.Store, 1)).CutAsync(s_start.AddDays(1), default);

        Assert.That(cut, Is.Zero);
        Assert.That((await bench.LinesAsync(AuditShards.StreamOf(AuditShards.Heads))).Count(static line => line.Span.IndexOf("audit.cut"u8) >= 0), Is.Zero);
    }

    [Test]
    public async Task Part_CutWithoutAWord_IsFound()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        (AuditLog log, _) = await WriteAsync(bench);
        await bench.Store.TrimAsync(AuditShards.StreamOf(AuditShards.Of(Entry("a", 0))), 3);

        AuditVerification result = await log.VerifyAsync();

        Assert.That((result.Holds, result.BrokenParts), Is.EqualTo((false, new[] { AuditShards.Of(Entry("a", 0)) })));
    }

    private static async Task<(AuditLog Log, FakeTimeProvider Time)> WriteAsync(AuditBench bench)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 5, 6, 12, 0, 0, TimeSpan.Zero));
        AuditLog log = bench.Log(null, time);
        foreach (int day in new[] { 0, 2, 3 })
        {
            time.Advance(s_start.AddDays(day) - time.GetUtcNow());
            for (int number = 0; number < 5; number++)
            {
                await log.AppendAsync(Entry("a", number));
                await log.AppendAsync(Entry("b", number));
                await log.AppendAsync(new AuditEntry(AuditTypes.KeyChanged) { Actor = "ann" });
            }

            await log.JoinAsync();
        }

        return (log, time);
    }

    [Test]
    public async Task Export_IsReadBackPieceByPieceWithoutALossOfBytes()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        AuditLog log = bench.Log();
        for (int number = 0; number < 50; number++)
        {
            // Longer than what is read at once.
            await log.AppendAsync(Entry("a", number) with { Reason = new string('x', number * 400) });
        }

        long written = await bench.ExportAsync();
        byte[] file = await File.ReadAllBytesAsync(bench.File);
        List<ReadOnlyMemory<byte>> entries = await AuditExport.ReadAsync(bench.File).ToListAsync();
        Assert.That(entries, Has.Count.GreaterThanOrEqualTo(written));
        Assert.That(entries, Has.All.Matches<ReadOnlyMemory<byte>>(entry => !entry.Span.StartsWith("{\"kid\":"u8)));
        Assert.That(entries.SelectMany(entry => entry.ToArray().Append((byte)'\n')), Is.EqualTo(file));
    }

    private static async Task HoldsAsync(AuditBench bench, AuditLog log, IReadOnlyCollection<AuditHead> known)
    {
        AuditVerification live = await log.VerifyAsync();
        Assert.That((live.Holds, live.Problem), Is.EqualTo((true, (string?)null)));
        long written = await bench.ExportAsync();
        AuditVerification offline = await bench.VerifyExportAsync(known);
        Assert.That((offline.Holds, offline.Problem), Is.EqualTo((true, (string?)null)));
        // One number, whoever counts: entries that join the parts are none of it.
        Assert.That((written, await AuditExport.CountAsync(bench.File), offline.Entries),
            Is.EqualTo((live.Entries, live.Entries, live.Entries)));
    }

    private static AuditEntry Entry(string run, int number) =>
        new(AuditTypes.CallDecided) { RunId = run, RootId = run, Turn = number };
}
