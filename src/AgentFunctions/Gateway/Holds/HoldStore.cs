using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Holds;

/// <summary>The legal holds of a host: a record each.</summary>
internal sealed class HoldStore(IRecordStore records, TimeProvider time)
{
    private const string Prefix = "holds/";

    /// <summary>Lists all holds.</summary>
    public async Task<IReadOnlyList<Hold>> ListAsync(CancellationToken cancellationToken)
    {
        var holds = new List<Hold>();
        // One that cannot be read must not be passed over: what it kept could be erased.
        await foreach (StoredRecord record in records.ListAsync(Prefix, null, cancellationToken).ConfigureAwait(false))
        {
            holds.Add(Read(record));
        }

        return holds;
    }

    /// <summary>Lists the holds that have not ended.</summary>
    public async Task<IReadOnlyList<Hold>> InForceAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return [.. (await ListAsync(cancellationToken)
            .ConfigureAwait(false)).Where(hold => hold.Until is null || hold.Until > now)];
    }

    /// <summary>Finds a hold.</summary>
    public async Task<(Hold Hold, string Etag)?> FindAsync(string name, CancellationToken cancellationToken) =>
        await records.GetAsync(Prefix + name, cancellationToken).ConfigureAwait(false) is { } record
            ? (Read(record), record.Etag)
            : null;

    /// <summary>Adds a hold.</summary>
    /// <exception cref="AgentException"><see cref="ErrorCode.EtagConflict"/>: there is one of that name.</exception>
    public Task AddAsync(Hold hold, CancellationToken cancellationToken) => records.PutAsync(
        Prefix + hold.Name, JsonSerializer.SerializeToUtf8Bytes(hold, GatewayJsonContext.Default.Hold), RecordCondition.IfNew,
        cancellationToken);

    /// <summary>Removes a hold as it was read.</summary>
    public Task RemoveAsync(string name, string etag, CancellationToken cancellationToken) =>
        records.DeleteAsync(Prefix + name, RecordCondition.IfMatch(etag), cancellationToken);

    private static Hold Read(StoredRecord record)
    {
        try
        {
            return JsonSerializer.Deserialize(record.Value.Span, GatewayJsonContext.Default.Hold)!;
        }
        catch (JsonException e)
        {
            throw new AgentException(ErrorCode.DataFileUnusable,
                $"The record '{record.Key}' cannot be read: {e.Message} Restore it from a backup.", e);
        }
    }
}
