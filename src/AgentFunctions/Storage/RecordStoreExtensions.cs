namespace AgentFunctions.Storage;

/// <summary>Writes that others may have been quicker than, which is no error.</summary>
internal static class RecordStoreExtensions
{
    /// <summary>Writes a record, unless the condition does not hold.</summary>
    /// <param name="records">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="condition">The condition.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the record may have been written.</param>
    /// <returns>The new version; <see langword="null"/> if the condition does not hold and nothing changed.</returns>
    public static Task<string?> TryPutAsync(
        this IRecordStore records, string key, ReadOnlyMemory<byte> value, RecordCondition condition,
        CancellationToken cancellationToken) =>
        IfHoldsAsync(() => records.PutAsync(key, value, condition, cancellationToken));

    /// <summary>Makes a conditional write, unless its condition does not hold.</summary>
    /// <param name="put">The write.</param>
    /// <returns>The new version; <see langword="null"/> if the condition does not hold and nothing changed.</returns>
    public static async Task<string?> IfHoldsAsync(Func<Task<string>> put)
    {
        try
        {
            return await put().ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return null;
        }
    }
}
