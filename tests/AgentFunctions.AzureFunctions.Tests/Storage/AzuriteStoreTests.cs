using AgentFunctions.AzureStorage;
using AgentFunctions.Conformance.Storage;
using AgentFunctions.Storage;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>The log suite on append blobs.</summary>
[TestFixture]
[Category(AzuriteServer.Category)]
public sealed class AzuriteLogStoreTests : LogStoreConformance
{
    private BlobLogStore? _store;

    protected override ILogStore Store => _store!;

    [SetUp]
    public void Connect() => _store = new BlobLogStore(AzuriteServer.Containers(), TimeProvider.System);
}

/// <summary>The record suite on block blobs.</summary>
[TestFixture]
[Category(AzuriteServer.Category)]
public sealed class AzuriteRecordStoreTests : RecordStoreConformance
{
    private BlobRecordStore? _store;

    protected override IRecordStore Store => _store!;

    [SetUp]
    public void Connect() => _store = new BlobRecordStore(AzuriteServer.Containers());
}

/// <summary>The content suite on block blobs.</summary>
[TestFixture]
[Category(AzuriteServer.Category)]
public sealed class AzuriteContentStoreTests : BlobStoreConformance
{
    private BlobContentStore? _store;

    protected override IBlobStore Store => _store!;

    [SetUp]
    public void Connect() => _store = new BlobContentStore(AzuriteServer.Containers());
}
