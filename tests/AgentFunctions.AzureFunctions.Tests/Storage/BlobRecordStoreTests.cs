using System.Text;
using AgentFunctions.AzureFunctions.Tests.Views;
using AgentFunctions.AzureStorage;
using AgentFunctions.Storage;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
public sealed class BlobRecordStoreTests
{
    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private readonly BlobRecordStore _store = new(AzuriteServer.Containers());
    private readonly string _prefix = $"test/{Guid.NewGuid():N}/";

    [Test]
    public async Task Put_IfNew_TakesTheFirstOnly()
    {
        string etag = await PutAsync("a", "1", RecordCondition.IfNew);

        Assert.That(await ThrowsAsync(() => PutAsync("a", "2", RecordCondition.IfNew)), Is.EqualTo(ErrorCode.EtagConflict));
        StoredRecord? record = await _store.GetAsync(_prefix + "a", Cancel);
        Assert.That(record!.Etag, Is.EqualTo(etag));
        Assert.That(Encoding.UTF8.GetString(record.Value.Span), Is.EqualTo("1"));
    }

    [Test]
    public async Task Delete_OfARecordOfWhichABackupTookASnapshot_Deletes()
    {
        string account = AzuriteServer.TakeAccount();
        var store = new BlobRecordStore(new BlobContainers(AzuriteServer.Connect(account)));
        string etag = await store.PutAsync("a", Bytes("1"), RecordCondition.IfNew, Cancel);
        await AzuriteServer.Connect(account).GetBlobContainerClient("agent-records").GetBlobClient("a")
            .CreateSnapshotAsync(cancellationToken: Cancel);

        await store.DeleteAsync("a", RecordCondition.IfMatch(etag), Cancel);

        Assert.That(await store.GetAsync("a", Cancel), Is.Null);
    }

    [Test]
    public async Task Put_OfAnOldVersion_IsAConflictAndChangesNothing()
    {
        string first = await PutAsync("a", "1");
        string second = await PutAsync("a", "2", RecordCondition.IfMatch(first));

        Assert.That(await ThrowsAsync(() => PutAsync("a", "3", RecordCondition.IfMatch(first))),
            Is.EqualTo(ErrorCode.EtagConflict));
        Assert.That(await ThrowsAsync(() => PutAsync("none", "3", RecordCondition.IfMatch(first))),
            Is.EqualTo(ErrorCode.EtagConflict));
        Assert.That((await _store.GetAsync(_prefix + "a", Cancel))!.Etag, Is.EqualTo(second).And.Not.EqualTo(first));
    }

    [Test]
    public async Task Put_AnswerToTheFirstTryIsLost_IsNoConflict()
    {
        var options = new BlobClientOptions();
        options.Retry.Delay = TimeSpan.Zero;
        var line = new LossyLine();
        options.AddPolicy(line, HttpPipelinePosition.PerRetry);
        var store = new BlobRecordStore(new BlobContainers(AzuriteServer.Connect(AzuriteServer.TakeAccount(), options)));

        string first = await store.PutAsync("a", Bytes("1"), RecordCondition.IfNew, Cancel);
        string second = await store.PutAsync("a", Bytes("2"), RecordCondition.IfMatch(first), Cancel);

        StoredRecord? record = await store.GetAsync("a", Cancel);
        Assert.That((record!.Etag, Encoding.UTF8.GetString(record.Value.Span)), Is.EqualTo((second, "2")));
        Assert.That(line.Lost, Is.EqualTo(2));
    }

    [Test]
    public async Task Get_WhereTheContainerCouldNotBeMade_IsTriedAgainTheNextTime()
    {
        var options = new BlobClientOptions();
        options.Retry.Delay = TimeSpan.Zero;
        options.Retry.MaxRetries = 1;
        options.AddPolicy(new LateLine(2), HttpPipelinePosition.PerRetry);
        var store = new BlobRecordStore(new BlobContainers(AzuriteServer.Connect(AzuriteServer.TakeAccount(), options)));

        Assert.That(await ThrowsAsync(() => store.GetAsync("a", Cancel)), Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await store.GetAsync("a", Cancel), Is.Null);
    }

    [Test]
    public async Task Delete_OfAnOldVersion_IsAConflict_AndOfNothingIsFine()
    {
        string first = await PutAsync("a", "1");
        await PutAsync("a", "2");

        Assert.That(
            await ThrowsAsync(() => _store.DeleteAsync(_prefix + "a", RecordCondition.IfMatch(first), Cancel)),
            Is.EqualTo(ErrorCode.EtagConflict));
        await _store.DeleteAsync(_prefix + "a", default, Cancel);
        await _store.DeleteAsync(_prefix + "a", default, Cancel);
        Assert.That(await _store.GetAsync(_prefix + "a", Cancel), Is.Null);
    }

    [Test]
    public async Task List_ByPrefixAndAfterAKey_IsInOrdinalOrder()
    {
        string[] keys = ["B", "a", "a-b", "a/b", "a0", "b", .. Enumerable.Range(0, 40).Select(i => $"c/{i:D2}")];
        await Parallel.ForEachAsync(keys, Cancel, async (key, _) => await PutAsync(key, key));

        Assert.That(await KeysAsync(""), Is.EqualTo(keys.Order(StringComparer.Ordinal)));
        Assert.That(await KeysAsync("c/", "c/37"), Is.EqualTo(new[] { "c/38", "c/39" }));
        Assert.That(await KeysAsync("d"), Is.Empty);
    }

    [Test]
    public async Task List_WhatIsKnownAndUnchanged_IsNotReadAgain()
    {
        string account = AzuriteServer.TakeAccount();
        var storage = new CountingStorage();
        var options = new BlobClientOptions();
        options.AddPolicy(storage, HttpPipelinePosition.PerRetry);
        var here = new BlobRecordStore(new BlobContainers(AzuriteServer.Connect(account, options)));
        var there = new BlobRecordStore(new BlobContainers(AzuriteServer.Connect(account)));
        for (int i = 0; i < 5; i++)
        {
            await (i < 3 ? here : there).PutAsync($"{_prefix}{i}", Bytes($"{i}"), default, Cancel);
        }

        storage.Take();
        Assert.That(await ValuesAsync(here), Is.EqualTo(new[] { "0", "1", "2", "3", "4" }));
        Assert.That(storage.Take(), Is.EqualTo(1 + 2), "a listing, and those that another process wrote");
        Assert.That(await ValuesAsync(here), Is.EqualTo(new[] { "0", "1", "2", "3", "4" }));
        Assert.That(storage.Take(), Is.EqualTo(1));

        await there.PutAsync($"{_prefix}1", Bytes("changed"), default, Cancel);
        await there.DeleteAsync($"{_prefix}2", default, Cancel);
        await there.DeleteAsync($"{_prefix}3", default, Cancel);
        await there.PutAsync($"{_prefix}3", Bytes("again"), RecordCondition.IfNew, Cancel);

        Assert.That(await ValuesAsync(here), Is.EqualTo(new[] { "0", "changed", "again", "4" }));
        Assert.That(storage.Take(), Is.EqualTo(1 + 2));
        StoredRecord changed = (await here.GetAsync($"{_prefix}1", Cancel))!;
        await here.PutAsync($"{_prefix}1", Bytes("here"), RecordCondition.IfMatch(changed.Etag), Cancel);
        Assert.That((await ValuesAsync(here))[1], Is.EqualTo("here"));
    }

    private async Task<List<string>> ValuesAsync(BlobRecordStore store)
    {
        List<string> values = [];
        await foreach (StoredRecord record in store.ListAsync(_prefix, null, Cancel))
        {
            values.Add(Encoding.UTF8.GetString(record.Value.Span));
        }

        return values;
    }

    [TestCase("")]
    [TestCase("a//b")]
    [TestCase("a/../b")]
    [TestCase("ä")]
    public async Task Put_UnderWhatIsNoKey_IsRefused(string key) =>
        Assert.That(await ThrowsAsync(() => _store.PutAsync(key, Bytes("1"), default, Cancel)),
            Is.EqualTo(ErrorCode.InvalidInput));

    [Test]
    public async Task Content_IsKeptOnceByItsHash()
    {
        var content = new BlobContentStore(AzuriteServer.Containers());
        byte[] bytes = new byte[3_000_000];
        Random.Shared.NextBytes(bytes);

        string hash = await content.PutAsync(bytes, Cancel);

        Assert.That(await content.PutAsync(bytes, Cancel), Is.EqualTo(hash));
        Assert.That((await content.GetAsync(hash, Cancel))!.Value.ToArray(), Is.EqualTo(bytes));
        Assert.That(await content.GetAsync(new string('0', 64), Cancel), Is.Null);
    }

    private Task<string> PutAsync(string key, string value, RecordCondition condition = default) =>
        _store.PutAsync(_prefix + key, Bytes(value), condition, Cancel);

    private async Task<List<string>> KeysAsync(string prefix, string? after = null)
    {
        var keys = new List<string>();
        await foreach (StoredRecord record in _store.ListAsync(_prefix + prefix, after is null ? null : _prefix + after, Cancel))
        {
            Assert.That(_prefix + Encoding.UTF8.GetString(record.Value.Span), Is.EqualTo(record.Key));
            keys.Add(record.Key[_prefix.Length..]);
        }

        return keys;
    }

    private static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<ErrorCode> ThrowsAsync(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (AgentException e)
        {
            return e.Code;
        }

        throw new AssertionException("Nothing was thrown.");
    }

    /// <summary>Loses the answer to the first try of each upload, which the account has taken.</summary>
    private sealed class LossyLine : HttpPipelinePolicy
    {
        private readonly HashSet<string> _seen = [];

        public int Lost { get; private set; }

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method == RequestMethod.Put && message.Response.Status == 201
                && !message.Request.Uri.Query.Contains("restype", StringComparison.Ordinal)
                && _seen.Add(message.Request.ClientRequestId))
            {
                Lost++;
                throw new IOException("The line is cut.");
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException();
    }

    /// <summary>Is not there for the first requests.</summary>
    private sealed class LateLine(int refused) : HttpPipelinePolicy
    {
        private int _count;

        public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            Interlocked.Increment(ref _count) <= refused
                ? throw new IOException("There is no way to the account yet.")
                : ProcessNextAsync(message, pipeline);

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException();
    }
}
