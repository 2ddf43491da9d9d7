using Azure.Core;
using Azure.Core.Pipeline;

namespace AgentFunctions.AzureFunctions.Tests.Storage;

/// <summary>Holds each append to the storage account until it is let through or refused, and counts them.</summary>
internal sealed class GatedStorage : HttpPipelinePolicy
{
    private readonly SemaphoreSlim _through = new(0);
    private readonly SemaphoreSlim _arrived = new(0);
    private int _refuse;

    /// <summary>Gets how many appends were sent.</summary>
    public int Appends { get; private set; }

    /// <summary>Gets how many of them were refused since the blob ended elsewhere.</summary>
    public int Refused { get; private set; }

    /// <summary>Completes when an append has arrived.</summary>
    public Task ArrivedAsync(CancellationToken cancellationToken) => _arrived.WaitAsync(cancellationToken);

    /// <summary>Lets appends through.</summary>
    public void Open(int count = 1_000_000) => _through.Release(count);

    /// <summary>Answers the append that is held, and its repetitions by the client, with a fault.</summary>
    public void Fail()
    {
        Volatile.Write(ref _refuse, 1);
        _through.Release();
    }

    public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
    {
        bool isAppend = message.Request.Uri.Query.Contains("comp=appendblock", StringComparison.Ordinal);
        if (isAppend)
        {
            _arrived.Release();
            await _through.WaitAsync(message.CancellationToken);
            if (Interlocked.Exchange(ref _refuse, 0) == 1)
            {
                throw new IOException("The line is cut.");
            }

            Appends++;
        }

        await ProcessNextAsync(message, pipeline);
        Refused += isAppend && message.Response.Status == 412 ? 1 : 0;
    }

    public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) =>
        throw new NotSupportedException();
}
