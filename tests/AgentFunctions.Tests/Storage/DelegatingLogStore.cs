using AgentFunctions.Storage;

namespace AgentFunctions.Tests.Storage;

/// <summary>A store that passes everything on to another one; a test overrides what it watches or changes.</summary>
internal abstract class DelegatingLogStore(ILogStore inner) : ILogStore
{
    public bool IsShared => inner.IsShared;

    public virtual Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default) =>
        inner.AppendAsync(stream, entries, expectedPosition, cancellationToken);

    public virtual IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(stream, fromPosition, maxCount, cancellationToken);

    public virtual Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.GetLengthAsync(stream, cancellationToken);

    public Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken) =>
        inner.WaitForAppendAsync(stream, length, cancellationToken);

    public Task TrimAsync(string stream, long before, CancellationToken cancellationToken = default) =>
        inner.TrimAsync(stream, before, cancellationToken);

    public Task<long> FindTrimAsync(string stream, long before, CancellationToken cancellationToken = default) =>
        inner.FindTrimAsync(stream, before, cancellationToken);

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(stream, cancellationToken);
}
