using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Storage;

/// <summary>Reads lists of records: one that cannot be read is left out and said, and ends no list.</summary>
internal static class ReadableRecords
{
    /// <summary>Gets what the records under a prefix hold.</summary>
    /// <typeparam name="T">What they hold.</typeparam>
    /// <param name="records">The records.</param>
    /// <param name="prefix">How their keys begin.</param>
    /// <param name="read">Reads one.</param>
    /// <param name="log">Where it is said; <see langword="null"/> for nowhere.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <param name="after">Only records after this key; <see langword="null"/> for all.</param>
    public static async IAsyncEnumerable<T> ReadAllAsync<T>(
        this IRecordStore records, string prefix, Func<StoredRecord, T?> read, ILogger? log,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        string? after = null)
        where T : class
    {
        await foreach (StoredRecord record in records.ListAsync(prefix, after, cancellationToken).ConfigureAwait(false))
        {
            T? value = null;
            try
            {
                value = read(record) ?? throw new JsonException("it is empty");
            }
            catch (Exception e) when (e is JsonException or AgentException { Code: ErrorCode.DataFileUnusable })
            {
                RecordLog.Unreadable(log ?? NullLogger.Instance, record.Key, e.Message);
            }

            if (value is not null)
            {
                yield return value;
            }
        }
    }
}
