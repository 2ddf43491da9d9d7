using AgentFunctions.Conformance.Storage;
using AgentFunctions.Durability;
using AgentFunctions.Storage;

namespace AgentFunctions.Conformance.Embedded;

/// <summary>The log suite on the embedded engine.</summary>
/// <param name="isInMemory">Whether in memory or on disk.</param>
[TestFixture(true)]
[TestFixture(false)]
public sealed class EmbeddedLogStoreTests(bool isInMemory) : LogStoreConformance
{
    private EmbeddedHost? _host;

    protected override ILogStore Store => _host!.Engine.Logs;

    [SetUp]
    public async Task StartAsync() => _host = await EmbeddedHost.StartAsync(new DurableRegistry(), isInMemory);

    [TearDown]
    public async Task StopAsync() => await _host!.DisposeAsync();
}

/// <summary>The record suite on the embedded engine.</summary>
/// <param name="isInMemory">Whether in memory or on disk.</param>
[TestFixture(true)]
[TestFixture(false)]
public sealed class EmbeddedRecordStoreTests(bool isInMemory) : RecordStoreConformance
{
    private EmbeddedHost? _host;

    protected override IRecordStore Store => _host!.Engine.Records;

    [SetUp]
    public async Task StartAsync() => _host = await EmbeddedHost.StartAsync(new DurableRegistry(), isInMemory);

    [TearDown]
    public async Task StopAsync() => await _host!.DisposeAsync();
}

/// <summary>The blob suite on the embedded engine.</summary>
/// <param name="isInMemory">Whether in memory or on disk.</param>
[TestFixture(true)]
[TestFixture(false)]
public sealed class EmbeddedBlobStoreTests(bool isInMemory) : BlobStoreConformance
{
    private EmbeddedHost? _host;

    protected override IBlobStore Store => _host!.Engine.Blobs;

    [SetUp]
    public async Task StartAsync() => _host = await EmbeddedHost.StartAsync(new DurableRegistry(), isInMemory);

    [TearDown]
    public async Task StopAsync() => await _host!.DisposeAsync();
}
