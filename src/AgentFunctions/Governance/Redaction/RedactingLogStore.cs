using System.Runtime.CompilerServices;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Writes entries masked and reads their truth. Journals and the run index are for people: theirs is not kept.</summary>
internal sealed class RedactingLogStore(ILogStore inner, Redactor redactor, Func<TruthSeal> truth) : ILogStore
{
    /// <summary>Gets the store behind it: for who deletes what can no longer be opened.</summary>
    internal ILogStore Inner => inner;

    public bool IsShared => inner.IsShared;

    public Task<long> AppendAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition = null,
        CancellationToken cancellationToken = default)
    {
        // The audit log masks its entries before it chains them, and nothing may change them afterwards.
        if (IsAudit(stream))
        {
            return inner.AppendAsync(stream, entries, expectedPosition, cancellationToken);
        }

        return IsForPeople(stream)
            ? inner.AppendAsync(stream, [.. entries.Select(redactor.RedactJson)], expectedPosition, cancellationToken)
            : SealAsync(stream, entries, expectedPosition, cancellationToken);
    }

    public async IAsyncEnumerable<LogEntry> ReadAsync(
        string stream, long fromPosition = 0, int? maxCount = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        bool isOpen = IsAudit(stream) || IsForPeople(stream);
        await foreach (LogEntry entry in inner.ReadAsync(stream, fromPosition, maxCount, cancellationToken).ConfigureAwait(false))
        {
            yield return isOpen
                ? entry
                : entry with { Data = await truth().OpenAsync(entry.Data, stream, cancellationToken).ConfigureAwait(false) };
        }
    }

    public Task<long> GetLengthAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.GetLengthAsync(stream, cancellationToken);

    public Task WaitForAppendAsync(string stream, long length, CancellationToken cancellationToken) =>
        inner.WaitForAppendAsync(stream, length, cancellationToken);

    public Task TrimAsync(string stream, long before, CancellationToken cancellationToken = default) =>
        inner.TrimAsync(stream, before, cancellationToken);

    public Task<long> FindTrimAsync(string stream, long before, CancellationToken cancellationToken = default) =>
        inner.FindTrimAsync(stream, before, cancellationToken);

    public Task DeleteAsync(string stream, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(stream, cancellationToken);

    private static bool IsAudit(string stream) =>
        stream == Audit.AuditLog.Stream || stream.StartsWith(Audit.AuditLog.Shards, StringComparison.Ordinal);

    private static bool IsForPeople(string stream) =>
        stream.StartsWith("journals/", StringComparison.Ordinal) || stream.StartsWith("index/", StringComparison.Ordinal);

    private async Task<long> SealAsync(
        string stream, IReadOnlyList<ReadOnlyMemory<byte>> entries, long? expectedPosition, CancellationToken cancellationToken)
    {
        var written = new ReadOnlyMemory<byte>[entries.Count];
        for (int i = 0; i < written.Length; i++)
        {
            written[i] = await truth().CloseAsync(entries[i], stream, cancellationToken).ConfigureAwait(false);
        }

        return await inner.AppendAsync(stream, written, expectedPosition, cancellationToken).ConfigureAwait(false);
    }
}
