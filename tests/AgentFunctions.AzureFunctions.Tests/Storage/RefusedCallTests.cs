using System.Diagnostics.CodeAnalysis;
using AgentFunctions.AzureStorage;
using AgentFunctions.Storage;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>What the account refuses for another reason than a lost race is a fault of the account, and no conflict.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[CancelAfter(1_800_000)]
[Category(AzuriteServer.Category)]
internal sealed class RefusedCallTests
{
    private const string Key = "a";

    private static CancellationToken Cancel => TestContext.CurrentContext.CancellationToken;

    private readonly string _account = AzuriteServer.TakeAccount();

    private static IEnumerable<TestCaseData> RecordCalls()
    {
        yield return Call("get", static (store, _) => store.GetAsync(Key, Cancel));
        yield return Call("get if changed", static (store, _) => store.GetIfChangedAsync(Key, "\"0\"", Cancel));
        yield return Call("put", static (store, _) => store.PutAsync(Key, Bytes, default, Cancel));
        yield return Call("put new", static (store, _) => store.PutAsync(Key, Bytes, RecordCondition.IfNew, Cancel));
        yield return Call("put changed", static (store, etag) =>
            store.PutAsync(Key, Bytes, RecordCondition.IfMatch(etag), Cancel), ErrorCode.EtagConflict);
        yield return Call("list", static async (store, _) => await store.ListAsync("", null, Cancel).ToListAsync(Cancel));

        static TestCaseData Call(string name, Func<BlobRecordStore, string, Task> call, ErrorCode? then = null) =>
            new TestCaseData(call, then).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(RecordCalls))]
    public async Task Records_ContainerIsRemoved_SayItOnceAndMakeItAgain(
        Func<BlobRecordStore, string, Task> call, ErrorCode? then)
    {
        var store = new BlobRecordStore(new BlobContainers(AzuriteServer.Connect(_account)));
        string etag = await store.PutAsync(Key, Bytes, default, Cancel);
        await RemoveAsync("agent-records");

        Assert.That(await CodeOfAsync(() => call(store, etag)), Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await CodeOfAsync(() => call(store, etag)), Is.EqualTo(then));
    }

    [Test]
    public async Task Content_ContainerIsRemoved_SaysItOnceAndMakesItAgain([Values] bool isWrite)
    {
        var store = new BlobContentStore(new BlobContainers(AzuriteServer.Connect(_account)));
        string hash = await store.PutAsync(Bytes, Cancel);
        await RemoveAsync("agent-content");

        Task CallAsync() => isWrite ? store.PutAsync(Bytes, Cancel) : store.GetAsync(hash, Cancel);
        Assert.That(await CodeOfAsync(CallAsync), Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await CodeOfAsync(CallAsync), Is.Null);
        Assert.That(await store.GetAsync(hash, Cancel), isWrite ? Is.Not.Null : Is.Null);
    }

    [Test]
    public async Task Log_ContainerIsRemoved_SaysItOnceAndBeginsAnew([Values("append", "read", "length")] string call)
    {
        var store = new BlobLogStore(new BlobContainers(AzuriteServer.Connect(_account)), TimeProvider.System);
        await store.AppendAsync("log", [Bytes, Bytes], null, Cancel);
        await RemoveAsync("agent-logs");

        Task CallAsync() => call switch
        {
            "append" => store.AppendAsync("log", [Bytes], null, Cancel),
            "read" => store.ReadAsync("log", 0, null, Cancel).ToListAsync(Cancel).AsTask(),
            _ => store.GetLengthAsync("log", Cancel),
        };
        Assert.That(await CodeOfAsync(CallAsync), Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await CodeOfAsync(CallAsync), Is.Null);
        Assert.That(await store.GetLengthAsync("log", Cancel), Is.EqualTo(call == "append" ? 1 : 0));
    }

    [Test]
    public async Task Put_OfWhatOthersHoldALeaseOn_IsNoConflict()
    {
        BlobServiceClient account = AzuriteServer.Connect(_account);
        var records = new BlobRecordStore(new BlobContainers(account));
        var logs = new BlobLogStore(new BlobContainers(account), TimeProvider.System);
        string etag = await records.PutAsync(Key, Bytes, default, Cancel);
        await logs.AppendAsync("log", [Bytes], null, Cancel);
        await LeaseAsync(account.GetBlobContainerClient("agent-records").GetBlobClient(Key));
        BlobContainerClient container = account.GetBlobContainerClient("agent-logs");
        await LeaseAsync(container.GetBlobClient((await container.GetBlobsAsync().FirstAsync(Cancel)).Name));

        Assert.That(await CodeOfAsync(() => records.PutAsync(Key, Bytes, RecordCondition.IfMatch(etag), Cancel)),
            Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await CodeOfAsync(() => records.DeleteAsync(Key, RecordCondition.IfMatch(etag), Cancel)),
            Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await CodeOfAsync(() => logs.AppendAsync("log", [Bytes], 1, Cancel)),
            Is.EqualTo(ErrorCode.EngineUnavailable));

        static Task LeaseAsync(BlobBaseClient blob) => blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(-1));
    }

    [Test]
    public async Task Put_ContainerIsBeingDeleted_IsNeitherAConflictNorStored()
    {
        var options = new BlobClientOptions();
        options.AddPolicy(new DyingContainer(), HttpPipelinePosition.PerRetry);
        var containers = new BlobContainers(AzuriteServer.Connect(_account, options));

        Assert.That(await CodeOfAsync(() => new BlobContentStore(containers).PutAsync(Bytes, Cancel)),
            Is.EqualTo(ErrorCode.EngineUnavailable));
        Assert.That(await CodeOfAsync(() => new BlobRecordStore(containers).PutAsync(Key, Bytes, RecordCondition.IfNew, Cancel)),
            Is.EqualTo(ErrorCode.EngineUnavailable));
    }

    private static ReadOnlyMemory<byte> Bytes => new byte[] { 1, 2, 3 };

    private Task RemoveAsync(string container) =>
        AzuriteServer.Connect(_account).GetBlobContainerClient(container).DeleteAsync(null, Cancel);

    private static async Task<ErrorCode?> CodeOfAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (AgentException e)
        {
            return e.Code;
        }
    }

    /// <summary>Answers uploads as the account does for some seconds after its container was deleted.</summary>
    private sealed class DyingContainer : HttpPipelinePolicy
    {
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method == RequestMethod.Put
                && !message.Request.Uri.Query.Contains("restype", StringComparison.Ordinal))
            {
                message.Response = new Refusal(409, "ContainerBeingDeleted");
            }
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
            throw new NotSupportedException();
    }

    private sealed class Refusal(int status, string code) : Response
    {
        private const string ErrorCodeHeader = "x-ms-error-code";

        public override int Status => status;

        public override string ReasonPhrase => code;

        public override Stream? ContentStream { get; set; }

        public override string ClientRequestId { get; set; } = "";

        public override void Dispose()
        {
        }

        protected override bool ContainsHeader(string name) => TryGetHeader(name, out _);

        protected override IEnumerable<HttpHeader> EnumerateHeaders() => [new(ErrorCodeHeader, code)];

        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
        {
            value = name.Equals(ErrorCodeHeader, StringComparison.OrdinalIgnoreCase) ? code : null;
            return value is not null;
        }

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = TryGetHeader(name, out string? value) ? [value] : null;
            return values is not null;
        }
    }
}
