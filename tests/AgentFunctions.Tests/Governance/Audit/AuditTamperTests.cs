using System.Text;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Tests.Governance.Audit;

/// <summary>
/// What somebody who may write the store, but has no key, does to parts of the log is found, and the part is named.
/// </summary>
[CancelAfter(300_000)]
public sealed class AuditTamperTests
{
    private static readonly string s_shard = AuditShards.Of(Entry("a", 0))!;
    private static readonly string s_other = AuditShards.Of(Entry("b", 0))!;

    public enum Deed
    {
        Emptied,
        CutByOneWrite,
        CutInHalf,
        FirstRemoved,
        PutBackAndWrittenOn,
        Altered,
    }

    private static IEnumerable<string?> Parts => [null, s_shard, AuditShards.Heads];

    [Test]
    public async Task Verify_OnePart_IsNamed([ValueSource(nameof(Parts))] string? part, [Values] Deed deed)
    {
        await using AuditBench bench = await JoinedAsync();
        string stream = AuditShards.StreamOf(part);
        List<ReadOnlyMemory<byte>> lines = await bench.LinesAsync(stream);
        await bench.ReplaceAsync(stream, deed switch
        {
            Deed.Emptied => [],
            Deed.CutByOneWrite => lines[..^1],
            Deed.CutInHalf => lines[..(lines.Count / 2)],
            Deed.FirstRemoved => lines[1..],
            Deed.PutBackAndWrittenOn => await WrittenOnAsync(bench, stream, lines[..(lines.Count / 2)]),
            _ => [.. lines[..1], Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(lines[1].Span)
                .Replace("\"at\":\"2", "\"at\":\"1", StringComparison.Ordinal)), .. lines[2..]],
        });

        await IsNamedAsync(bench, part ?? "audit");
    }

    [Test]
    public async Task Verify_TwoPartsExchanged_AreNamed()
    {
        await using AuditBench bench = await JoinedAsync();
        (string one, string other) = (AuditShards.StreamOf(s_shard), AuditShards.StreamOf(s_other));
        List<ReadOnlyMemory<byte>> lines = await bench.LinesAsync(one);
        await bench.ReplaceAsync(one, await bench.LinesAsync(other));
        await bench.ReplaceAsync(other, lines);

        AuditVerification live = await bench.Log().VerifyAsync();
        Assert.That(live.BrokenParts, Is.EquivalentTo(new[] { s_shard, s_other }));
        await bench.ExportAsync();
        Assert.That((await bench.VerifyExportAsync()).Problem, Does.Contain("exchanged"));
    }

    [Test]
    public async Task Verify_OneCopiedOverAnother_AreNamed()
    {
        await using AuditBench bench = await JoinedAsync();
        await bench.ReplaceAsync(AuditShards.StreamOf(s_other), await bench.LinesAsync(AuditShards.StreamOf(s_shard)));

        Assert.That((await bench.Log().VerifyAsync()).BrokenParts, Is.EqualTo(new[] { s_other }));
        await bench.ExportAsync();
        Assert.That((await bench.VerifyExportAsync()).Holds, Is.False);
    }

    [Test]
    public async Task Verify_SeveralParts_NamesEach()
    {
        await using AuditBench bench = await JoinedAsync();
        await bench.ReplaceAsync(AuditShards.StreamOf(s_shard), []);
        await bench.ReplaceAsync(AuditShards.StreamOf(s_other), (await bench.LinesAsync(AuditShards.StreamOf(s_other)))[..1]);

        AuditVerification result = await bench.Log().VerifyAsync();

        Assert.That(result.BrokenParts, Is.EquivalentTo(new[] { s_shard, s_other }));
        Assert.That(result.Problem,
            Does.Contain($"Shard '{s_shard}' is missing").And.Contain($"Shard '{s_other}' was cut off: it had 4 entries and has 1"));
    }

    [Test]
    public async Task Verify_AllPutBackToOneMoment_TheNotedHeadsTell()
    {
        await using AuditBench bench = await JoinedAsync();
        var before = new Dictionary<string, List<ReadOnlyMemory<byte>>>();
        foreach (string stream in AuditBench.Streams)
        {
            before[stream] = await bench.LinesAsync(stream);
        }

        AuditLog log = bench.Log();
        await log.AppendAsync(Entry("a", 9));
        IReadOnlyList<AuditHead> noted = (await log.VerifyAsync()).Heads!;
        foreach ((string stream, List<ReadOnlyMemory<byte>> lines) in before)
        {
            await bench.ReplaceAsync(stream, lines);
        }

        await bench.ExportAsync();
        Assert.That((await bench.VerifyExportAsync()).Holds, Is.True, "it was once the whole log");
        Assert.That((await bench.VerifyExportAsync(noted)).BrokenParts, Is.EqualTo(new[] { s_shard }));
        Assert.That((await log.VerifyAsync()).BrokenParts, Is.EqualTo(new[] { s_shard }), "a live host remembers");
    }

    [Test]
    public async Task Append_HostWithoutHeadsOfItsOwn_AddsNothingToAPartThatWasCut([Values(0, 2)] int left)
    {
        await using AuditBench bench = await JoinedAsync();
        string stream = AuditShards.StreamOf(s_shard);
        await bench.ReplaceAsync(stream, (await bench.LinesAsync(stream))[..left]);

        AuditLog next = bench.Log(new UnsteadyLogStore(bench.Store, 1));

        Assert.That(
            () => next.AppendAsync(Entry("a", 9)),
            Throws.TypeOf<AgentException>().With.Property("Code")
                .EqualTo(ErrorCode.DataFileUnusable).And.Message.Contains($"'{s_shard}'"));
        Assert.That(await bench.Store.GetLengthAsync(stream), Is.EqualTo(left));
        await next.AppendAsync(Entry("b", 9));
    }

    [Test]
    public async Task Verify_LogOfAnEarlierVersion_IsTheFirstPartAndClosed()
    {
        await using AuditBench bench = await AuditBench.OpenAsync();
        await WriteAsEarlierAsync(bench, 6);
        AuditVerification before = await bench.Log().VerifyAsync();
        Assert.That((before.Holds, before.Entries), Is.EqualTo((true, 6L)), before.Problem);

        AuditLog log = bench.Log();
        await log.AppendAsync(Entry("a", 100));
        await log.JoinAsync();
        await WriteAsEarlierAsync(bench, 1);
        await log.AppendAsync(Entry(null, 101));
        await log.JoinAsync();

        AuditVerification result = await log.VerifyAsync();
        Assert.That((result.Holds, result.Entries), Is.EqualTo((true, 9L)), result.Problem);
        Assert.That(await log.ReadAsync("a").Select(static entry => entry.Turn).ToListAsync(),
            Is.EqualTo(new int?[] { 0, 1, 2, 3, 4, 5, 100, 0 }));
        Assert.That(await log.ReadAsync().AnyAsync(static entry => entry.Type == AuditTypes.LogSharded), Is.True);
        await bench.ExportAsync();
        PublicKeyCheck(await bench.VerifyExportAsync([.. before.Heads!]));
        foreach (string stream in AuditBench.Streams.Where(static stream => stream != AuditLog.Stream))
        {
            await bench.ReplaceAsync(stream, []);
        }

        await IsNamedAsync(bench, AuditShards.Heads);

        static void PublicKeyCheck(AuditVerification exported) =>
            Assert.That((exported.Holds, exported.Problem), Is.EqualTo((true, (string?)null)));
    }

    private static AuditEntry Entry(string? run, int turn) => new("any") { RunId = run, RootId = run, Turn = turn };

    /// <summary>Writes as a version did that knew one part only.</summary>
    private static async Task WriteAsEarlierAsync(AuditBench bench, int count)
    {
        var chain = new AuditChain(new AuditChainContext(bench.Store, bench.Keys, TimeProvider.System, null, null), null);
        for (int i = 0; i < count; i++)
        {
            await chain.AppendAsync(Entry("a", i));
        }
    }

    /// <summary>A log of three parts and a chain of heads, four entries each or more.</summary>
    private static async Task<AuditBench> JoinedAsync()
    {
        AuditBench bench = await AuditBench.OpenAsync();
        AuditLog log = bench.Log();
        for (int i = 0; i < 4; i++)
        {
            await log.AppendAsync(Entry(null, i));
            await log.AppendAsync(Entry("a", i));
            await log.AppendAsync(Entry("b", i));
            await log.JoinAsync();
        }

        await log.AppendAsync(Entry("c", 0));
        Assert.That((await bench.Log().VerifyAsync()).Problem, Is.Null);
        return bench;
    }

    /// <summary>What a host would write that was shown the beginning of one part alone.</summary>
    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> WrittenOnAsync(AuditBench bench, string stream,
        List<ReadOnlyMemory<byte>> lines)
    {
        await using AuditBench elsewhere = await AuditBench.OpenAsync();
        await elsewhere.ReplaceAsync(stream, lines);
        string? part = AuditParts.InOrder.Prepend(AuditShards.Heads).Single(part => AuditShards.StreamOf(part) == stream);
        var chain = new AuditChain(new AuditChainContext(elsewhere.Store, bench.Keys, TimeProvider.System, null, null), part);
        for (int i = 0; i < 8; i++)
        {
            await chain.AppendAsync(Entry(null, 50 + i));
        }

        return await elsewhere.LinesAsync(stream);
    }

    private static async Task IsNamedAsync(AuditBench bench, string part)
    {
        AuditVerification live = await bench.Log().VerifyAsync();
        await bench.ExportAsync();
        AuditVerification offline = await bench.VerifyExportAsync();
        TestContext.Out.WriteLine(live.Problem);
        Assert.That(live.BrokenParts, Is.EqualTo(new[] { part }), live.Problem);
        Assert.That(offline.BrokenParts, Is.EqualTo(new[] { part }), offline.Problem);
    }
}
