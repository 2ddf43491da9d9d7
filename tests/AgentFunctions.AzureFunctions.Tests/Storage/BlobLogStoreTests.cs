using System.Globalization;
using System.Text;
using AgentFunctions.AzureStorage;
using AgentFunctions.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class BlobLogStoreTests
{
    private static readonly BlobLogLimits Small = new(MaxBlocks: 3, MaxBytes: 100_000, ReadBytes: 128);

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private readonly BlobServiceClient _account = AzuriteServer.Connect();
    private readonly string _stream = $"runs/{Guid.NewGuid():N}/journal";

    [Test]
    public async Task Append_PastABlobsLimit_GoesOnInTheNextBlobWithoutGaps()
    {
        BlobLogStore store = Store(Small);

        for (int i = 0; i < 20; i++)
        {
            Assert.That(await store.AppendAsync(_stream, [Bytes($"{i}")], i, Cancel), Is.EqualTo(i));
        }

        Assert.That(await TextsAsync(Store(Small)), Is.EqualTo(Numbers(0, 20)));
        Assert.That(await Store(Small).GetLengthAsync(_stream, Cancel), Is.EqualTo(20));
        Assert.That(await SegmentsAsync(), Is.EqualTo(7));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(5)]
    [TestCase(6)]
    [TestCase(19)]
    [TestCase(20)]
    public async Task Read_FromAPositionAnywhere_BeginsThere(int from)
    {
        BlobLogStore store = Store(Small);
        for (int i = 0; i < 20; i += 2)
        {
            await store.AppendAsync(_stream, [Bytes($"{i}"), Bytes($"{i + 1}")], null, Cancel);
        }

        Assert.That(await TextsAsync(store, from), Is.EqualTo(Numbers(from, 20)), "a host that wrote it");
        Assert.That(await TextsAsync(Store(Small), from), Is.EqualTo(Numbers(from, 20)),
            "a host that sees it for the first time");
        Assert.That(await TextsAsync(Store(Small), from, 3), Is.EqualTo(Numbers(from, Math.Min(from + 3, 20))));
    }

    [Test]
    public async Task GetLength_DeletedAndBegunAnewByAnother_IsTheNewOne([Values(0, 1, 2, 3, 4, 7)] int again,
        [Values(1, 3, 4, 6)] int before)
    {
        BlobLogStore store = Store(Small);
        for (int i = 0; i < before; i++)
        {
            await store.AppendAsync(_stream, [Bytes($"{i}")], i, Cancel);
        }

        BlobLogStore other = Store(Small);
        await other.DeleteAsync(_stream, Cancel);
        for (int i = 0; i < again; i++)
        {
            // Longer entries: where a block ended, none ends now.
            await other.AppendAsync(_stream, [Bytes($"again {i}")], i, Cancel);
        }

        Assert.That(await store.GetLengthAsync(_stream, Cancel), Is.EqualTo(again));
        Assert.That(await TextsAsync(store), Is.EqualTo(Enumerable.Range(0, again).Select(static i => $"again {i}")));
        Assert.That(await store.AppendAsync(_stream, [Bytes("on")], again, Cancel), Is.EqualTo(again));
    }

    [Test]
    public async Task Append_ByManyHostsAtOnce_GivesEachItsOwnPosition()
    {
        const int hosts = 4;
        const int each = 25;
        IEnumerable<Task<List<long>>> writers = Enumerable.Range(0, hosts).Select(async host =>
        {
            BlobLogStore store = Store(Small);
            var positions = new List<long>();
            for (int i = 0; i < each; i++)
            {
                positions.Add(await store.AppendAsync(_stream, [Bytes($"{host}/{i}")], null, Cancel));
            }

            return positions;
        });

        List<long>[] positions = await Task.WhenAll(writers);

        Assert.That(positions.SelectMany(own => own).Order(), Is.EqualTo(Enumerable.Range(0, hosts * each)));
        List<string> texts = await TextsAsync(Store(Small));
        for (int host = 0; host < hosts; host++)
        {
            Assert.That(positions[host].Select(position => texts[(int)position]),
                Is.EqualTo(Enumerable.Range(0, each).Select(i => $"{host}/{i}")));
        }
    }

    [Test]
    public async Task Append_AtAPositionThatAnotherHostTook_IsAConflictAndAddsNothing()
    {
        BlobLogStore one = Store(Small);
        BlobLogStore other = Store(Small);
        await one.AppendAsync(_stream, [Bytes("a")], 0, Cancel);
        await other.AppendAsync(_stream, [Bytes("b")], 1, Cancel);

        AgentException error = Assert.ThrowsAsync<AgentException>(() => one.AppendAsync(_stream, [Bytes("c")], 1, Cancel))!;

        Assert.That(error.Code, Is.EqualTo(ErrorCode.PositionConflict));
        Assert.That(await TextsAsync(one), Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public async Task Append_LargerThanARead_IsReadWhole()
    {
        BlobLogStore store = Store(Small);
        string large = new('x', 50_000);
        await store.AppendAsync(_stream, [Bytes("a"), Bytes(large)], null, Cancel);
        await store.AppendAsync(_stream, [Bytes("b")], null, Cancel);

        Assert.That(await TextsAsync(Store(Small)), Is.EqualTo(new[] { "a", large, "b" }));
    }

    [Test]
    public async Task WaitForAppend_AnotherHostAppends_Completes()
    {
        BlobLogStore reader = Store(Small);
        Task waiting = reader.WaitForAppendAsync(_stream, 1, Cancel);
        BlobLogStore writer = Store(Small);
        await writer.AppendAsync(_stream, [Bytes("a")], null, Cancel);
        Assert.That(waiting.IsCompleted, Is.False);

        await writer.AppendAsync(_stream, [Bytes("b")], null, Cancel);

        await waiting;
    }

    [Test]
    public async Task Delete_ThenAppendOnAHostThatKnewTheStream_BeginsAgain()
    {
        BlobLogStore store = Store(Small);
        BlobLogStore other = Store(Small);
        for (int i = 0; i < 7; i++)
        {
            await store.AppendAsync(_stream, [Bytes($"{i}")], null, Cancel);
        }

        Assert.That(await TextsAsync(other), Has.Count.EqualTo(7));
        await store.DeleteAsync(_stream, Cancel);

        Assert.That(await store.GetLengthAsync(_stream, Cancel), Is.Zero);
        Assert.That(await store.AppendAsync(_stream, [Bytes("new")], 0, Cancel), Is.Zero);
        Assert.That(await TextsAsync(store), Is.EqualTo(new[] { "new" }));
    }

    [Test]
    public async Task Trim_OfTheBeginning_IsSeenByHostsThatSawTheStreamEmpty()
    {
        var time = new VirtualTime(DateTimeOffset.UnixEpoch);
        BlobLogStore store = Store(Small);
        BlobLogStore other = Store(Small, time);
        Assert.That(await other.GetLengthAsync(_stream, Cancel), Is.Zero);
        for (int i = 0; i < 7; i++)
        {
            await store.AppendAsync(_stream, [Bytes($"{i}")], null, Cancel);
        }

        await store.TrimAsync(_stream, 6, Cancel);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(await PositionsAsync(store), Is.EqualTo(new[] { 6L }), "the host that trimmed");
        Assert.That(await PositionsAsync(other), Is.EqualTo(new[] { 6L }), "one that saw it empty");
        Assert.That(await Store(Small, time).GetLengthAsync(_stream, Cancel), Is.EqualTo(7));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(3)]
    public async Task Append_OfAHostThatKnewTheStreamBeforeItWasTrimmed_GoesToTheEnd(int known)
    {
        var time = new VirtualTime(DateTimeOffset.UnixEpoch);
        BlobLogStore store = Store(Small);
        BlobLogStore other = Store(Small, time);
        for (int i = 0; i < known; i++)
        {
            await store.AppendAsync(_stream, [Bytes($"{i}")], null, Cancel);
        }

        Assert.That(await other.GetLengthAsync(_stream, Cancel), Is.EqualTo(known));
        for (int i = known; i < 7; i++)
        {
            await store.AppendAsync(_stream, [Bytes($"{i}")], null, Cancel);
        }

        await store.TrimAsync(_stream, 6, Cancel);
        time.Advance(TimeSpan.FromMinutes(1));

        Assert.That(await other.AppendAsync(_stream, [Bytes("7")], null, Cancel), Is.EqualTo(7));
        Assert.That(await PositionsAsync(store), Is.EqualTo(new[] { 6L, 7L }));
    }

    [Test]
    public async Task Delete_OfAStreamOfWhichABackupTookSnapshots_Deletes()
    {
        BlobLogStore store = Store(Small);
        await store.AppendAsync(_stream, [Bytes("a")], null, Cancel);
        BlobContainerClient logs = _account.GetBlobContainerClient("agent-logs");
        await foreach (BlobItem segment in logs.GetBlobsAsync(BlobTraits.None, BlobStates.None, _stream, Cancel))
        {
            await logs.GetBlobClient(segment.Name).CreateSnapshotAsync(cancellationToken: Cancel);
        }

        await store.DeleteAsync(_stream, Cancel);

        Assert.That(await store.GetLengthAsync(_stream, Cancel), Is.Zero);
    }

    private BlobLogStore Store(BlobLogLimits limits, TimeProvider? time = null) =>
        new(new BlobContainers(_account), time ?? TimeProvider.System, limits);

    private async Task<List<long>> PositionsAsync(BlobLogStore store) =>
        await store.ReadAsync(_stream, 0, null, Cancel).Select(static entry => entry.Position).ToListAsync(Cancel);

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static IEnumerable<string> Numbers(int from, int to) =>
        Enumerable.Range(from, to - from).Select(i => i.ToString(CultureInfo.InvariantCulture));

    private async Task<List<string>> TextsAsync(BlobLogStore store, long from = 0, int? maxCount = null)
    {
        var texts = new List<string>();
        await foreach (LogEntry entry in store.ReadAsync(_stream, from, maxCount, Cancel))
        {
            Assert.That(entry.Position, Is.EqualTo(from + texts.Count));
            texts.Add(Encoding.UTF8.GetString(entry.Data.Span));
        }

        return texts;
    }

    private async Task<int> SegmentsAsync() =>
        await _account.GetBlobContainerClient("agent-logs")
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, _stream, Cancel)
            .CountAsync(Cancel);
}
