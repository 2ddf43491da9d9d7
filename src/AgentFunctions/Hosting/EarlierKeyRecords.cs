using AgentFunctions.Governance.Identity;
using AgentFunctions.Keys;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Hosting;

/// <summary>
/// Brings the keys that a host kept in its store into a key folder that was set later, so that what was sealed before can be
/// read. Once, before the folder has a key encryption key of its own: from then on nothing in the store counts as a key.
/// </summary>
/// <param name="records">The store.</param>
/// <param name="earlier">The keys in it.</param>
/// <param name="log">Where it is told.</param>
internal sealed class EarlierKeyRecords(Func<IRecordStore> records, Func<ISigningKeyStore> earlier, ILogger log)
{
    private static readonly string[] Purposes = ["audit", "tokens", TreeKeys.KeyPurpose];

    /// <summary>Copies the keys. Safe to repeat after a crash: the key encryption key comes last.</summary>
    /// <param name="trees">Where the keys of run trees go.</param>
    /// <param name="keys">Where the host's keys go.</param>
    /// <param name="cancellationToken">The token to cancel the copy.</param>
    public async Task CopyAsync(ITreeKeyStore trees, ISigningKeyStore keys, CancellationToken cancellationToken)
    {
        ISigningKeyStore before = earlier();
        if ((await before.ReadAsync(TreeKeys.KeyPurpose, cancellationToken).ConfigureAwait(false)).Count == 0)
        {
            return;
        }

        int count = 0;
        await foreach (StoredRecord record in records().ListAsync(RecordTreeKeyStore.Prefix, null, cancellationToken)
            .ConfigureAwait(false))
        {
            // A name that leads elsewhere is no tree's.
            string root = record.Key[RecordTreeKeyStore.Prefix.Length..];
            if (root.Length is > 0 and <= 128 && root.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                count += await trees.TryAddAsync(root, record.Value.ToArray(), cancellationToken).ConfigureAwait(false) ? 1 : 0;
            }
        }

        foreach (string purpose in Purposes)
        {
            await CopyAsync(purpose, before, keys, cancellationToken).ConfigureAwait(false);
        }

        KeyLog.Copied(log, count);
    }

    private static async Task CopyAsync(string purpose, ISigningKeyStore before, ISigningKeyStore keys,
        CancellationToken cancellationToken)
    {
        if ((await keys.ReadAsync(purpose, cancellationToken).ConfigureAwait(false)).Count > 0)
        {
            return;
        }

        foreach ((int number,
            StoredKey key) in (await before.ReadAsync(purpose, cancellationToken).ConfigureAwait(false)).Index())
        {
            await keys.TryAddAsync(purpose, number, new StoredKey(key.CreatedAt, key.Pem), cancellationToken)
                .ConfigureAwait(false);
        }
    }
}
