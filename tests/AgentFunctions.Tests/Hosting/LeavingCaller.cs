using AgentFunctions.Governance.Audit;
using AgentFunctions.Storage;
using AgentFunctions.Tests.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Hosting;

/// <summary>A caller who gives up once something of a kind is stored, and hears nothing of it.</summary>
/// <param name="prefix">What the key of the record, or the name of the log, begins with.</param>
internal sealed class LeavingCaller(string prefix) : IDisposable
{
    /// <summary>A log that the host writes by itself, at any time.</summary>
    private const string Heads = AuditLog.Stream + "/" + AuditShards.Heads;

    private readonly CancellationTokenSource _left = new();
    private readonly string _prefix = prefix;

    /// <summary>Gets the caller's token.</summary>
    public CancellationToken Token => _left.Token;

    /// <summary>Gets or sets whether it leaves the next time.</summary>
    public bool IsAboutToLeave { get; set; }

    /// <summary>Has it watch the stores of a host.</summary>
    public void Install(IServiceCollection services)
    {
        services.Wrap<IRecordStore>(Watch);
        services.Wrap<ILogStore>(Watch);
    }

    /// <summary>Has it watch records.</summary>
    public IRecordStore Watch(IRecordStore records) => new Records(this, records);

    /// <summary>Has it watch logs.</summary>
    public ILogStore Watch(ILogStore logs) => new Logs(this, logs);

    public void Dispose() => _left.Dispose();

    private async Task<T> WriteAsync<T>(string name, Func<Task<T>> write, CancellationToken cancellationToken)
    {
        bool leaves = IsAboutToLeave && name != Heads && name.StartsWith(_prefix, StringComparison.Ordinal);
        T written = await write();
        if (leaves)
        {
            await _left.CancelAsync();
        }

        cancellationToken.ThrowIfCancellationRequested();
        return written;
    }

    private sealed class Records(LeavingCaller caller, IRecordStore inner) : IRecordStore
    {
        public bool IsShared => inner.IsShared;

        public Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken) =>
            inner.GetAsync(key, cancellationToken);

        public Task<string> PutAsync(string key, ReadOnlyMemory<byte> value, RecordCondition condition,
            CancellationToken cancellationToken) =>
            caller.WriteAsync(key, () => inner.PutAsync(key, value, condition, CancellationToken.None), cancellationToken);

        public Task DeleteAsync(string key, RecordCondition condition, CancellationToken cancellationToken) =>
            inner.DeleteAsync(key, condition, cancellationToken);

        public IAsyncEnumerable<StoredRecord> ListAsync(string prefix, string? after, CancellationToken cancellationToken) =>
            inner.ListAsync(prefix, after, cancellationToken);
    }

    private sealed class Logs(LeavingCaller caller, ILogStore inner) : DelegatingLogStore(inner)
    {
        public override Task<long> AppendAsync(string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries,
            long? expectedPosition = null, CancellationToken cancellationToken = default) =>
            caller.WriteAsync(
                stream, () => base.AppendAsync(stream, entries, expectedPosition, CancellationToken.None), cancellationToken);
    }
}
