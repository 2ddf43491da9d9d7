using Azure.Core;
using Azure.Core.Pipeline;

namespace AgentFunctions.AzureFunctions.Tests.Views;

/// <summary>Counts the requests to a storage account.</summary>
internal sealed class CountingStorage : HttpPipelineSynchronousPolicy
{
    private int _count;
    private int _reads;

    /// <summary>Gets how many of all requests read.</summary>
    public int Reads => _reads;

    public override void OnSendingRequest(HttpMessage message)
    {
        Interlocked.Increment(ref _count);
        if (message.Request.Method == RequestMethod.Get || message.Request.Method == RequestMethod.Head)
        {
            Interlocked.Increment(ref _reads);
        }
    }

    /// <summary>How many there were since it was last asked.</summary>
    public int Take() => Interlocked.Exchange(ref _count, 0);
}
