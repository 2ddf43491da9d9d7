using System.Runtime.CompilerServices;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Writes records masked and reads their truth. One that cannot be opened is left out of lists, with a line in the log.
/// </summary>
internal sealed class RedactingRecordStore(IRecordStore inner, Func<TruthSeal> truth, IServiceProvider services) : IRecordStore
{
    /// <summary>What is a secret by trade: the host's own keys. Whoever seals must be able to read them.</summary>
    private const string SigningKeys = "signing-keys/";

    /// <summary>An order to stop that cannot be read must not be passed over.</summary>
    private const string KillOrders = "kill/";

    /// <summary>A key that cannot be read is one all the same: without any, everybody on the machine may call.</summary>
    private const string ApiKeys = "api-keys/";

    /// <summary>Gets the store behind it: for who deletes what can no longer be opened.</summary>
    internal IRecordStore Inner => inner;

    public bool IsShared => inner.IsShared;

    public async Task<StoredRecord?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        StoredRecord? record = await inner.GetAsync(key, cancellationToken).ConfigureAwait(false);
        return record is null || IsKey(key) ? record : await OpenAsync(record, cancellationToken).ConfigureAwait(false);
    }

    public async Task<StoredRecord?> GetIfChangedAsync(string key, string etag, CancellationToken cancellationToken = default)
    {
        StoredRecord? record = await inner.GetIfChangedAsync(key, etag, cancellationToken).ConfigureAwait(false);
        return record is null || IsKey(key) ? record : await OpenAsync(record, cancellationToken).ConfigureAwait(false);
    }

    public Task<string> PutAsync(
        string key, ReadOnlyMemory<byte> value, RecordCondition condition = default,
        CancellationToken cancellationToken = default)
    {
        ValueTask<ReadOnlyMemory<byte>> closing = IsKey(key) ? new(value) : truth().CloseAsync(value, key, cancellationToken);
        return closing.IsCompletedSuccessfully
            ? inner.PutAsync(key, closing.Result, condition, cancellationToken)
            : PutAsync(key, closing, condition, cancellationToken);
    }

    private async Task<string> PutAsync(
        string key, ValueTask<ReadOnlyMemory<byte>> closing, RecordCondition condition, CancellationToken cancellationToken) =>
        await inner.PutAsync(key, await closing.ConfigureAwait(false), condition, cancellationToken).ConfigureAwait(false);

    public Task DeleteAsync(string key, RecordCondition condition = default, CancellationToken cancellationToken = default) =>
        inner.DeleteAsync(key, condition, cancellationToken);

    public async IAsyncEnumerable<StoredRecord> ListAsync(
        string prefix, string? after = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (StoredRecord record in inner.ListAsync(prefix, after, cancellationToken).ConfigureAwait(false))
        {
            StoredRecord? opened = record;
            try
            {
                opened = IsKey(record.Key) ? record : await OpenAsync(record, cancellationToken).ConfigureAwait(false);
                EnsureReadable(opened);
            }
            catch (AgentException e) when (e.Code == ErrorCode.DataFileUnusable
                && !record.Key.StartsWith(KillOrders, StringComparison.Ordinal))
            {
                opened = record.Key.StartsWith(ApiKeys, StringComparison.Ordinal) ? record : null;
                RecordLog.Unreadable(services.GetRequiredService<ILogger<RedactingRecordStore>>(), record.Key, e.Message);
            }

            if (opened is not null)
            {
                yield return opened;
            }
        }
    }

    private static void EnsureReadable(StoredRecord record)
    {
        if (record.Value.Span is [(byte)'{', ..] && !JsonStrings.TryFind(record.Value.Span, out _))
        {
            throw new AgentException(ErrorCode.DataFileUnusable,
                "It is not the JSON that was written. Restore it from a backup.");
        }
    }

    private static bool IsKey(string key) => key.StartsWith(SigningKeys, StringComparison.Ordinal)
        || key.StartsWith(RecordTreeKeyStore.Prefix, StringComparison.Ordinal);

    private ValueTask<StoredRecord> OpenAsync(StoredRecord record, CancellationToken cancellationToken)
    {
        ValueTask<ReadOnlyMemory<byte>> opening = truth().OpenAsync(record.Value, record.Key, cancellationToken);
        if (!opening.IsCompletedSuccessfully)
        {
            return With(record, opening);
        }

        ReadOnlyMemory<byte> value = opening.Result;
        return new(value.Equals(record.Value) ? record : record with { Value = value });

        static async ValueTask<StoredRecord> With(StoredRecord record, ValueTask<ReadOnlyMemory<byte>> opening) =>
            record with { Value = await opening.ConfigureAwait(false) };
    }
}
