using AgentFunctions.AzureStorage;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Views.Runs;

namespace AgentFunctions.AzureFunctions.Tests.Views;

/// <summary>The run index on blobs, each writer and reader with a connection and caches of its own.</summary>
[TestFixture]
[Category(AzuriteServer.Category)]
public sealed class AzuriteRunIndexTests : RunIndexConformance
{
    private string? _account;

    [SetUp]
    public void TakeAccount() => _account = AzuriteServer.TakeAccount();

    protected override (ILogStore Logs, IRecordStore Records, IBlobStore Blobs) Connect()
    {
        var containers = new BlobContainers(AzuriteServer.Connect(_account!));
        return (new BlobLogStore(containers, TimeProvider.System), new BlobRecordStore(containers),
            new BlobContentStore(containers));
    }
}
