using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Identity;

/// <summary>Keys as records beside everything else: for hosts that share one store and have no folder of their own.</summary>
internal sealed class RecordKeyStore(IRecordStore records) : ISigningKeyStore
{
    public async Task<IReadOnlyList<StoredKey>> ReadAsync(string purpose, CancellationToken cancellationToken = default)
    {
        var keys = new List<StoredKey>();
        await foreach (StoredRecord record in records.ListAsync($"signing-keys/{purpose}/", null, cancellationToken).ConfigureAwait(false))
        {
            keys.Add(JsonSerializer.Deserialize(record.Value.Span, AgentJsonContext.Default.StoredKey)!);
        }

        return keys;
    }

    public async Task<bool> TryAddAsync(string purpose, int number, StoredKey key, CancellationToken cancellationToken = default)
    {
        try
        {
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(key, AgentJsonContext.Default.StoredKey);
            await records.PutAsync($"signing-keys/{purpose}/{number:D6}", json, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return false;
        }
    }
}
