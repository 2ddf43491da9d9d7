using AgentFunctions.Storage;

namespace AgentFunctions.Keys;

/// <summary>
/// The records of one kind, each with the host's seal. Those of older versions are given one once, when the first is looked for.
/// </summary>
/// <param name="records">The store.</param>
/// <param name="seal">The seal.</param>
/// <param name="prefix">The beginning of the records' keys.</param>
/// <param name="adopted">
/// Told of the records of older versions that were given one; <see langword="null"/> to tell nobody.
/// </param>
internal sealed class SealedRecords(
    IRecordStore records, RecordSeal seal, string prefix,
    Func<IReadOnlyList<StoredRecord>, CancellationToken, Task>? adopted = null)
{
    private readonly SemaphoreSlim _adopting = new(1);
    private volatile bool _isAdopted;

    /// <summary>Finds a record.</summary>
    /// <param name="key">Its key, with the prefix.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>
    /// The record without its seal, and whether it is as the host wrote it; <see langword="null"/> if there is none.
    /// </returns>
    public async Task<(StoredRecord Record, bool IsTrue)?> FindAsync(string key, CancellationToken cancellationToken)
    {
        await AdoptAsync(cancellationToken).ConfigureAwait(false);
        return await records.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } record
            ? await OpenAsync(record, cancellationToken).ConfigureAwait(false) : null;
    }

    /// <summary>Writes a record with its seal.</summary>
    /// <param name="key">Its key, with the prefix.</param>
    /// <param name="json">Its value: a JSON object with a member.</param>
    /// <param name="condition">What must hold.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.EtagConflict"/>: the condition does not hold.</exception>
    public async Task<string> PutAsync(string key, ReadOnlyMemory<byte> json, RecordCondition condition,
        CancellationToken cancellationToken)
    {
        await AdoptAsync(cancellationToken).ConfigureAwait(false);
        return await records.PutAsync(
            key, await seal.CloseAsync(key, json, cancellationToken).ConfigureAwait(false), condition, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Writes a record with its seal, unless the condition does not hold.</summary>
    /// <param name="key">Its key, with the prefix.</param>
    /// <param name="json">Its value: a JSON object with a member.</param>
    /// <param name="condition">What must hold.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The new version; <see langword="null"/> if the condition does not hold and nothing changed.</returns>
    public Task<string?> TryPutAsync(string key, ReadOnlyMemory<byte> json, RecordCondition condition,
        CancellationToken cancellationToken) =>
        RecordStoreExtensions.IfHoldsAsync(() => PutAsync(key, json, condition, cancellationToken));

    /// <summary>Lists all records.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async IAsyncEnumerable<(StoredRecord Record, bool IsTrue)> ListAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await AdoptAsync(cancellationToken).ConfigureAwait(false);
        await foreach (StoredRecord record in records.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            yield return await OpenAsync(record, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<(StoredRecord Record, bool IsTrue)> OpenAsync(StoredRecord record, CancellationToken cancellationToken)
    {
        (ReadOnlyMemory<byte> json, bool isTrue) = await seal.OpenAsync(record, cancellationToken).ConfigureAwait(false);
        return (record with { Value = json }, isTrue);
    }

    private async Task AdoptAsync(CancellationToken cancellationToken)
    {
        if (_isAdopted)
        {
            return;
        }

        await _adopting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isAdopted)
            {
                // Carried through, though its caller leaves: what is adopted is told of once.
                IReadOnlyList<StoredRecord> given = await seal.AdoptAsync(records, prefix, CancellationToken.None)
                    .ConfigureAwait(false);
                if (given.Count > 0 && adopted is not null)
                {
                    await adopted(given, CancellationToken.None).ConfigureAwait(false);
                }

                _isAdopted = true;
            }
        }
        finally
        {
            _adopting.Release();
        }
    }
}
