using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Hosting;

/// <summary>A caller who gives up once a record of a kind is stored, and hears nothing of it.</summary>
/// <param name="prefix">What the key of the record begins with.</param>
internal sealed class LeavingCaller(string prefix) : IDisposable
{
    private readonly CancellationTokenSource _left = new();
    private readonly string _prefix = prefix;

    /// <summary>Gets the caller's token.</summary>
    public CancellationToken Token => _left.Token;

    /// <summary>Gets or sets whether it leaves the next time.</summary>
    public bool IsAboutToLeave { get; set; }

    /// <summary>Has it watch the records of a host.</summary>
    public void Install(IServiceCollection services) => services.WrapRecords(inner => new Store(this, inner));

    public void Dispose() => _left.Dispose();

    private sealed class Store(LeavingCaller caller, IRecordStore inner) : IRecordStore
    {
        public bool IsShared => inner.IsShared;

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken) =>
            inner.GetAsync(key, cancellationToken);

        public async Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition,
            CancellationToken cancellationToken)
        {
            bool leaves = caller.IsAboutToLeave && key.StartsWith(caller._prefix, StringComparison.Ordinal);
            string etag = await inner.PutAsync(key, value, condition, CancellationToken.None);
            if (leaves)
            {
                await caller._left.CancelAsync();
            }

            cancellationToken.ThrowIfCancellationRequested();
            return etag;
        }

        public Task DeleteAsync(string key, RecordCondition condition, CancellationToken cancellationToken) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
            inner.ListAsync(prefix, after, cancellationToken);
    }
}
