using Azure.Core;
using Azure.Core.Pipeline;

namespace AgentFunctions.AzureFunctions.Tests.Views;

/// <summary>Counts the requests to a storage account.</summary>
internal sealed class CountingStorage : HttpPipelineSynchronousPolicy
{
    private int _count;

    public override void OnSendingRequest(HttpMessage message) => Interlocked.Increment(ref _count);

    /// <summary>How many there were since it was last asked.</summary>
    public int Take() => Interlocked.Exchange(ref _count, 0);
}
