using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Keys;

/// <summary>
/// Keys as records beside everything else: for hosts that share one store and have no folder of their own. Each but the first is
/// signed by the one before it, so that a record that somebody added is no key of this host.
/// </summary>
internal sealed class RecordKeyStore(IRecordStore records, IEarlierKeys? earlier = null,
    ILogger? logger = null) : ISigningKeyStore
{
    public async Task<IReadOnlyList<StoredKey>> ReadAsync(string purpose, CancellationToken cancellationToken = default) =>
        (await ReadAllAsync(purpose, cancellationToken).ConfigureAwait(false)).Keys;

    public async Task<bool> TryAddAsync(string purpose, int number, StoredKey key, CancellationToken cancellationToken = default)
    {
        (List<StoredKey> before, int next) = await ReadAllAsync(purpose, cancellationToken).ConfigureAwait(false);
        if (before.Count > number)
        {
            return false;
        }

        if (before is [.., var newest])
        {
            key = key with { Seal = Base64Url.EncodeToString(new SigningKey(newest).Sign(Text(purpose, key))) };
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(key, SigningKeysJsonContext.Default.StoredKey);
        return await records.TryPutAsync($"signing-keys/{purpose}/{next:D6}", json, RecordCondition.IfNew, cancellationToken)
            .ConfigureAwait(false) is not null;
    }

    private async Task<(List<StoredKey> Keys, int Next)> ReadAllAsync(string purpose, CancellationToken cancellationToken)
    {
        var keys = new List<StoredKey>();
        int next = 0;
        await foreach (StoredRecord record in records.ListAsync($"signing-keys/{purpose}/", null, cancellationToken)
            .ConfigureAwait(false))
        {
            next++;
            StoredKey key = JsonSerializer.Deserialize(record.Value.Span, SigningKeysJsonContext.Default.StoredKey)!;
            if (keys.Count == 0 || IsSealed(purpose, key, keys)
                || (earlier is not null && key.Seal is null
                    && await earlier.IsKnownAsync(purpose, key, cancellationToken).ConfigureAwait(false)))
            {
                keys.Add(key);
            }
            else if (logger is not null)
            {
                KeyLog.ForeignKey(logger, record.Key);
            }
        }

        return (keys, next);
    }

    private static bool IsSealed(string purpose, StoredKey key, List<StoredKey> before)
    {
        try
        {
            return key.Seal is { } seal
                && new SigningKey(before[^1]).Public.Verify(Text(purpose, key), Base64Url.DecodeFromChars(seal));
        }
        catch (Exception error) when (error is FormatException or CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    private static byte[] Text(string purpose, StoredKey key) =>
        Encoding.UTF8.GetBytes($"signing-key\n{purpose}\n{key.CreatedAt:O}\n{key.Pem}");
}
