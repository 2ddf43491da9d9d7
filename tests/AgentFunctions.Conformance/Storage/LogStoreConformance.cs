using System.Text;
using AgentFunctions.Storage;

namespace AgentFunctions.Conformance.Storage;

/// <summary>What every log store must do. An adapter derives a fixture and hands over an empty store per test.</summary>
[CancelAfter(300_000)]
public abstract class LogStoreConformance
{
    protected abstract ILogStore Store { get; }

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Append_ToNewStream_BeginsAtZero()
    {
        Assert.That(await AppendAsync("s", "a"), Is.Zero);
        Assert.That(await AppendAsync("s", "b", "c"), Is.EqualTo(1));
        Assert.That(await ReadAsync("s"), Is.EqualTo(new[] { "0:a", "1:b", "2:c" }));
        Assert.That(await Store.GetLengthAsync("s", Cancel), Is.EqualTo(3));
    }

    [Test]
    public async Task Append_AtExpectedPosition_IsAdded()
    {
        Assert.That(await Store.AppendAsync("s", Entries("a"), 0, Cancel), Is.Zero);
        Assert.That(await Store.AppendAsync("s", Entries("b"), 1, Cancel), Is.EqualTo(1));
    }

    [TestCase(0)]
    [TestCase(2)]
    public async Task Append_AtAnotherPosition_IsRefusedWhole(long expected)
    {
        await AppendAsync("s", "a");
        await RefusedAsync(ErrorCode.PositionConflict, () => Store.AppendAsync("s", Entries("b", "c"), expected, Cancel));
        Assert.That(await ReadAsync("s"), Is.EqualTo(new[] { "0:a" }));
    }

    [Test]
    public async Task Append_RefusedOnNewStream_LeavesNoStream()
    {
        await RefusedAsync(ErrorCode.PositionConflict, () => Store.AppendAsync("s", Entries("b"), 5, Cancel));
        Assert.That(await Store.GetLengthAsync("s", Cancel), Is.Zero);
    }

    [Test]
    public async Task Append_WritersWithoutPosition_LoseNothing()
    {
        long[] positions = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => AppendAsync("s", $"{number}")));
        Assert.That(positions.Order(), Is.EqualTo(Enumerable.Range(0, 200).Select(position => (long)position)));
        List<string> entries = await ReadAsync("s");
        Assert.That(entries.Select(entry => entry.Split(':')[1]),
            Is.EquivalentTo(Enumerable.Range(0, 200).Select(number => $"{number}")));
    }

    [Test]
    public async Task Append_WritersAtTheSamePosition_OneWins()
    {
        Task<long>[] attempts = [.. Enumerable.Range(0, 20)
            .Select(number => Store.AppendAsync("s", Entries($"{number}"), 0, Cancel))];
        try
        {
            await Task.WhenAll(attempts);
        }
        catch (AgentException error)
        {
            Assert.That(error.Code, Is.EqualTo(ErrorCode.PositionConflict));
        }

        int winner = Array.FindIndex(attempts, attempt => attempt.IsCompletedSuccessfully);
        Assert.That(attempts.Count(attempt => attempt.IsCompletedSuccessfully), Is.EqualTo(1));
        Assert.That(await ReadAsync("s"), Is.EqualTo(new[] { $"0:{winner}" }));
    }

    [Test]
    public async Task Append_Several_AreTogetherBetweenOthers()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => AppendAsync("s", $"{number}a", $"{number}b", $"{number}c")));
        List<string> entries = [.. (await ReadAsync("s")).Select(entry => entry.Split(':')[1])];
        foreach (string[] group in entries.Chunk(3))
        {
            string number = group[0][..^1];
            Assert.That(group, Is.EqualTo(new[] { $"{number}a", $"{number}b", $"{number}c" }));
        }
    }

    [Test]
    public async Task Append_Nothing_IsRefused() =>
        await RefusedAsync(ErrorCode.InvalidInput, () => Store.AppendAsync("s", [], null, Cancel));

    [Test]
    public async Task Append_EmptyEntry_IsAnEntry()
    {
        await Store.AppendAsync("s", [ReadOnlyMemory<byte>.Empty], null, Cancel);
        Assert.That(await ReadAsync("s"), Is.EqualTo(new[] { "0:" }));
    }

    [Test]
    public async Task Append_LargestEntry_ComesBackWhole()
    {
        byte[] large = new byte[1024 * 1024];
        new Random(1).NextBytes(large);
        await Store.AppendAsync("s", [large], null, Cancel);
        await foreach (LogEntry entry in Store.ReadAsync("s", 0, null, Cancel))
        {
            Assert.That(entry.Data.Span.SequenceEqual(large), Is.True);
        }
    }

    [Test]
    public async Task Append_TooLargeEntry_IsRefusedWhole()
    {
        await RefusedAsync(
            ErrorCode.PayloadTooLarge,
            () => Store.AppendAsync("s", [new byte[1], new byte[(1024 * 1024) + 1]], null, Cancel));
        Assert.That(await Store.GetLengthAsync("s", Cancel), Is.Zero);
    }

    [Test]
    public async Task Read_UnknownStream_IsEmpty()
    {
        Assert.That(await ReadAsync("nothing"), Is.Empty);
        Assert.That(await Store.GetLengthAsync("nothing", Cancel), Is.Zero);
    }

    [Test]
    public async Task Read_FromAPositionAndSoMany_IsThatPart()
    {
        await AppendAsync("s", [.. Enumerable.Range(0, 1_000).Select(number => $"{number}")]);
        Assert.That(await ReadAsync("s", 990), Is.EqualTo(Enumerable.Range(990, 10).Select(number => $"{number}:{number}")));
        Assert.That(await ReadAsync("s", 5, 3), Is.EqualTo(new[] { "5:5", "6:6", "7:7" }));
        Assert.That(await ReadAsync("s", 100, 600), Has.Count.EqualTo(600));
        Assert.That(await ReadAsync("s", 1_000), Is.Empty);
        Assert.That(await ReadAsync("s", 2_000), Is.Empty);
        Assert.That(await ReadAsync("s", 0, 0), Is.Empty);
    }

    [Test]
    public async Task Streams_OfSimilarNames_AreApart()
    {
        await AppendAsync("run/1", "a");
        await AppendAsync("run/10", "b");
        await AppendAsync("RUN/1", "c");
        Assert.That(await ReadAsync("run/1"), Is.EqualTo(new[] { "0:a" }));
        Assert.That(await ReadAsync("RUN/1"), Is.EqualTo(new[] { "0:c" }));
    }

    [TestCase("")]
    [TestCase("/a")]
    [TestCase("a/")]
    [TestCase("a//b")]
    [TestCase("a b")]
    [TestCase("ä")]
    public async Task Stream_UnfitName_IsRefused(string stream) =>
        await RefusedAsync(ErrorCode.InvalidInput, () => Store.AppendAsync(stream, Entries("a"), null, Cancel));

    [Test]
    public async Task Stream_NameTooLong_IsRefused()
    {
        await AppendAsync(new string('x', 512), "a");
        await RefusedAsync(ErrorCode.InvalidInput, () => AppendAsync(new string('x', 513), "a"));
    }

    [Test]
    public async Task Delete_Stream_BeginsAgainAtZero()
    {
        await AppendAsync("s", "a", "b");
        await AppendAsync("t", "c");
        await Store.DeleteAsync("s", Cancel);
        await Store.DeleteAsync("s", Cancel);
        Assert.That(await ReadAsync("s"), Is.Empty);
        Assert.That(await ReadAsync("t"), Is.EqualTo(new[] { "0:c" }));
        Assert.That(await Store.AppendAsync("s", Entries("new"), 0, Cancel), Is.Zero);
        Assert.That(await ReadAsync("s"), Is.EqualTo(new[] { "0:new" }));
    }

    [Test]
    public async Task Trim_Stream_KeepsPositionsAndWhatComesAfter()
    {
        await AppendAsync("s", "a", "b", "c", "d");
        long first = await Store.FindTrimAsync("s", 2, Cancel);
        Assert.That((first, await Store.FindTrimAsync("unknown", 2, Cancel)), Is.EqualTo((0L, 0L)).Or.EqualTo((2L, 0L)));
        await Store.TrimAsync("s", 2, Cancel);
        await Store.TrimAsync("s", 2, Cancel);
        await Store.TrimAsync("unknown", 2, Cancel);

        Assert.That((await ReadAsync("s"))[0], Is.EqualTo(first == 0 ? "0:a" : "2:c"), "what was said would go is gone");
        Assert.That((await ReadAsync("s")).TakeLast(2), Is.EqualTo(new[] { "2:c", "3:d" }), "a store may keep more");
        Assert.That(await Store.GetLengthAsync("s", Cancel), Is.EqualTo(4));
        await Store.TrimAsync("s", 100, Cancel);
        Assert.That((await ReadAsync("s")).Last(), Is.EqualTo("3:d"), "the last entry stays");
        Assert.That(await Store.AppendAsync("s", Entries("e"), 4, Cancel), Is.EqualTo(4));
    }

    [Test]
    public async Task WaitForAppend_AlreadyLonger_CompletesAtOnce()
    {
        await AppendAsync("s", "a");
        await Store.WaitForAppendAsync("s", 0, Cancel);
    }

    [Test]
    public async Task WaitForAppend_OnNewStream_WakesAtTheAppend()
    {
        Task wait = Store.WaitForAppendAsync("s", 0, Cancel);
        await AppendAsync("other", "a");
        Assert.That(wait.IsCompleted, Is.False);
        await AppendAsync("s", "a");
        await wait;
    }

    [Test]
    public async Task WaitForAppend_ManyFollowers_SeeEveryEntry()
    {
        Task<List<string>>[] followers = [.. Enumerable.Range(0, 10).Select(_ => FollowAsync("s", 100))];
        for (int number = 0; number < 100; number++)
        {
            await AppendAsync("s", $"{number}");
        }

        foreach (List<string> seen in await Task.WhenAll(followers))
        {
            Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 100).Select(number => $"{number}:{number}")));
        }
    }

    [Test]
    public async Task WaitForAppend_Cancelled_Throws()
    {
        using var cancel = new CancellationTokenSource();
        Task wait = Store.WaitForAppendAsync("s", 0, cancel.Token);
        await cancel.CancelAsync();
        Assert.That(async () => await wait, Throws.InstanceOf<OperationCanceledException>());
    }

    private async Task<List<string>> FollowAsync(string stream, int count)
    {
        List<string> seen = [];
        while (seen.Count < count)
        {
            await Store.WaitForAppendAsync(stream, seen.Count, Cancel);
            seen.AddRange(await ReadAsync(stream, seen.Count));
        }

        return seen;
    }

    private Task<long> AppendAsync(string stream, params string[] entries) =>
        Store.AppendAsync(stream, Entries(entries), null, Cancel);

    private static List<ReadOnlyMemory<byte>> Entries(params string[] entries) =>
        [.. entries.Select(entry => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(entry))];

    private async Task<List<string>> ReadAsync(string stream, long from = 0, int? count = null)
    {
        List<string> entries = [];
        await foreach (LogEntry entry in Store.ReadAsync(stream, from, count, Cancel))
        {
            entries.Add($"{entry.Position}:{Encoding.UTF8.GetString(entry.Data.Span)}");
        }

        return entries;
    }

    private static async Task RefusedAsync(ErrorCode code, Func<Task> call)
    {
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await call())!;
        Assert.That(error.Code, Is.EqualTo(code), error.Message);
        await Task.CompletedTask;
    }
}
