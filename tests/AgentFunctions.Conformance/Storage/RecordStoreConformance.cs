using System.Globalization;
using System.Text;
using AgentFunctions.Storage;

namespace AgentFunctions.Conformance.Storage;

/// <summary>What every record store must do. An adapter derives a fixture and hands over an empty store per test.</summary>
[CancelAfter(300_000)]
public abstract class RecordStoreConformance
{
    protected abstract IRecordStore Store { get; }

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    [Test]
    public async Task Put_New_IsReadBack()
    {
        string etag = await PutAsync("a/b", "value");
        StoredRecord record = (await Store.GetAsync("a/b", Cancel))!;
        Assert.That((record.Key, Text(record), record.Etag), Is.EqualTo(("a/b", "value", etag)));
    }

    [Test]
    public async Task Get_Unknown_IsNull() => Assert.That(await Store.GetAsync("nothing", Cancel), Is.Null);

    [Test]
    public async Task GetIfChanged_InTheKnownVersion_IsNull()
    {
        string first = await PutAsync("k", "1");
        Assert.That(await Store.GetIfChangedAsync("k", first, Cancel), Is.Null);
        string second = await PutAsync("k", "2");
        StoredRecord record = (await Store.GetIfChangedAsync("k", first, Cancel))!;
        Assert.That((Text(record), record.Etag), Is.EqualTo(("2", second)));
        await Store.DeleteAsync("k", default, Cancel);
        Assert.That(await Store.GetIfChangedAsync("k", second, Cancel), Is.Null);
    }

    [Test]
    public async Task Put_Again_ReplacesUnderANewEtag()
    {
        string first = await PutAsync("k", "1");
        string second = await PutAsync("k", "1");
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That((await Store.GetAsync("k", Cancel))!.Etag, Is.EqualTo(second));
    }

    [Test]
    public async Task Put_IfMatch_OfThePresentEtag_Replaces()
    {
        string etag = await PutAsync("k", "1");
        await PutAsync("k", "2", RecordCondition.IfMatch(etag));
        Assert.That(Text((await Store.GetAsync("k", Cancel))!), Is.EqualTo("2"));
    }

    [Test]
    public async Task Put_IfMatch_OfAnOldEtag_IsRefused()
    {
        string old = await PutAsync("k", "1");
        await PutAsync("k", "2");
        await RefusedAsync(ErrorCode.EtagConflict, () => PutAsync("k", "3", RecordCondition.IfMatch(old)));
        Assert.That(Text((await Store.GetAsync("k", Cancel))!), Is.EqualTo("2"));
    }

    [Test]
    public async Task Put_IfMatch_OfNothing_IsRefused()
    {
        string etag = await PutAsync("other", "1");
        await RefusedAsync(ErrorCode.EtagConflict, () => PutAsync("k", "1", RecordCondition.IfMatch(etag)));
        Assert.That(await Store.GetAsync("k", Cancel), Is.Null);
    }

    [Test]
    public async Task Put_IfMatch_OfADeletedAndNewRecord_IsRefused()
    {
        string old = await PutAsync("k", "1");
        await Store.DeleteAsync("k", default, Cancel);
        await PutAsync("k", "1");
        await RefusedAsync(ErrorCode.EtagConflict, () => PutAsync("k", "2", RecordCondition.IfMatch(old)));
    }

    [Test]
    public async Task Put_IfNew_OfExisting_IsRefused()
    {
        await PutAsync("k", "1", RecordCondition.IfNew);
        await RefusedAsync(ErrorCode.EtagConflict, () => PutAsync("k", "2", RecordCondition.IfNew));
        Assert.That(Text((await Store.GetAsync("k", Cancel))!), Is.EqualTo("1"));
    }

    [Test]
    public async Task Put_IfNew_Raced_OneWins()
    {
        Task<string>[] attempts = [.. Enumerable.Range(0, 30)
            .Select(number => PutAsync("k", $"{number}", RecordCondition.IfNew))];
        try
        {
            await Task.WhenAll(attempts);
        }
        catch (AgentException error)
        {
            Assert.That(error.Code, Is.EqualTo(ErrorCode.EtagConflict));
        }

        Assert.That(attempts.Count(attempt => attempt.IsCompletedSuccessfully), Is.EqualTo(1));
        int winner = Array.FindIndex(attempts, attempt => attempt.IsCompletedSuccessfully);
        Assert.That(Text((await Store.GetAsync("k", Cancel))!), Is.EqualTo($"{winner}"));
    }

    [Test]
    public async Task Put_IfMatch_InALoop_CountsEveryWriter()
    {
        await PutAsync("counter", "0");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            for (int round = 0; round < 10; round++)
            {
                await IncrementAsync("counter");
            }
        }));
        Assert.That(Text((await Store.GetAsync("counter", Cancel))!), Is.EqualTo("80"));
    }

    [Test]
    public async Task Delete_IfMatch_ObeysTheEtag()
    {
        string old = await PutAsync("k", "1");
        string etag = await PutAsync("k", "2");
        await RefusedAsync(ErrorCode.EtagConflict, () => Store.DeleteAsync("k", RecordCondition.IfMatch(old), Cancel));
        await Store.DeleteAsync("k", RecordCondition.IfMatch(etag), Cancel);
        Assert.That(await Store.GetAsync("k", Cancel), Is.Null);
        await Store.DeleteAsync("k", default, Cancel);
    }

    [Test]
    public async Task List_Prefix_IsOrdinalAndWhole()
    {
        foreach (string key in (string[])["a/2", "a/10", "b/1", "a", "A/1", "a/_", "a/1", "a/Z", "ab"])
        {
            await PutAsync(key, key);
        }

        Assert.That(await ListAsync("a/"), Is.EqualTo(new[] { "a/1", "a/10", "a/2", "a/Z", "a/_" }));
        Assert.That(await ListAsync("a"), Is.EqualTo(new[] { "a", "a/1", "a/10", "a/2", "a/Z", "a/_", "ab" }));
        Assert.That(await ListAsync(""), Is.EqualTo(new[] { "A/1", "a", "a/1", "a/10", "a/2", "a/Z", "a/_", "ab", "b/1" }));
        Assert.That(await ListAsync("c"), Is.Empty);
    }

    [Test]
    public async Task List_After_GoesOnBehindTheKey()
    {
        foreach (int number in Enumerable.Range(0, 20))
        {
            await PutAsync($"k/{number:D2}", "x");
        }

        Assert.That(await ListAsync("k/", "k/16"), Is.EqualTo(new[] { "k/17", "k/18", "k/19" }));
        Assert.That(await ListAsync("k/", "k/16x"), Is.EqualTo(new[] { "k/17", "k/18", "k/19" }));
        Assert.That(await ListAsync("k/", "a"), Has.Count.EqualTo(20));
        Assert.That(await ListAsync("k/", "z"), Is.Empty);
    }

    [Test]
    public async Task List_ManyRecords_AreAllThere()
    {
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(number => PutAsync($"k/{number:D4}", $"{number}")));
        int next = 0;
        await foreach (StoredRecord record in Store.ListAsync("k/", null, Cancel))
        {
            Assert.That(Text(record), Is.EqualTo($"{next++}"));
        }

        Assert.That(next, Is.EqualTo(1_000));
    }

    [Test]
    public async Task Put_LargestValue_ComesBackWhole()
    {
        byte[] large = new byte[1024 * 1024];
        new Random(1).NextBytes(large);
        await Store.PutAsync("k", large, default, Cancel);
        Assert.That((await Store.GetAsync("k", Cancel))!.Value.Span.SequenceEqual(large), Is.True);
    }

    [Test]
    public async Task Put_TooLargeValue_IsRefused()
    {
        await PutAsync("k", "1");
        await RefusedAsync(ErrorCode.PayloadTooLarge, () => Store.PutAsync("k", new byte[(1024 * 1024) + 1], default, Cancel));
        Assert.That(Text((await Store.GetAsync("k", Cancel))!), Is.EqualTo("1"));
    }

    [Test]
    public async Task Put_EmptyValue_IsAValue()
    {
        await Store.PutAsync("k", ReadOnlyMemory<byte>.Empty, default, Cancel);
        Assert.That((await Store.GetAsync("k", Cancel))!.Value.Length, Is.Zero);
    }

    [TestCase("")]
    [TestCase("/a")]
    [TestCase("a//b")]
    [TestCase("a\0b")]
    public async Task Put_UnfitKey_IsRefused(string key) => await RefusedAsync(ErrorCode.InvalidInput, () => PutAsync(key, "1"));

    private async Task IncrementAsync(string key)
    {
        while (true)
        {
            StoredRecord record = (await Store.GetAsync(key, Cancel))!;
            try
            {
                int next = int.Parse(Text(record), CultureInfo.InvariantCulture) + 1;
                await PutAsync(key, next.ToString(CultureInfo.InvariantCulture), RecordCondition.IfMatch(record.Etag));
                return;
            }
            catch (AgentException conflict) when (conflict.Code == ErrorCode.EtagConflict)
            {
                // Another writer was first: read again.
            }
        }
    }

    private Task<string> PutAsync(string key, string value, RecordCondition condition = default) =>
        Store.PutAsync(key, Encoding.UTF8.GetBytes(value), condition, Cancel);

    private async Task<List<string>> ListAsync(string prefix, string? after = null)
    {
        List<string> keys = [];
        await foreach (StoredRecord record in Store.ListAsync(prefix, after, Cancel))
        {
            keys.Add(record.Key);
        }

        return keys;
    }

    private static string Text(StoredRecord record) => Encoding.UTF8.GetString(record.Value.Span);

    private static async Task RefusedAsync(ErrorCode code, Func<Task> call)
    {
        AgentException error = Assert.ThrowsAsync<AgentException>(async () => await call())!;
        Assert.That(error.Code, Is.EqualTo(code), error.Message);
        await Task.CompletedTask;
    }
}
