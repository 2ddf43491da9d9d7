using AgentFunctions.Storage;
using AgentFunctions.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Snapshots;

/// <summary>Does something in the middle of a restore: before a content is read.</summary>
internal sealed class BlobReads
{
    private int _reads;

    /// <summary>Gets or sets what is done before a content is read, by the number of the read.</summary>
    public Action<int> Before { get; set; } = static _ => { };

    /// <summary>Has it watch the contents of a host.</summary>
    public void Install(IServiceCollection services) => services.Wrap<IBlobStore>(inner => new Blobs(this, inner));

    private sealed class Blobs(BlobReads reads, IBlobStore inner) : IBlobStore
    {
        public Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            inner.PutAsync(content, cancellationToken);

        public Task<ReadOnlyMemory<byte>?> GetAsync(string hash, CancellationToken cancellationToken)
        {
            reads.Before(++reads._reads);
            return inner.GetAsync(hash, cancellationToken);
        }

        public Task DeleteAsync(string hash, CancellationToken cancellationToken) => inner.DeleteAsync(hash, cancellationToken);
    }
}
