using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Storage;

namespace AgentFunctions.Keys;

/// <summary>
/// Marks records of one kind with a key of the host, so that one which somebody edited or planted in the store is told from the
/// host's own.
/// </summary>
/// <param name="keys">The keys.</param>
/// <param name="name">The name of the kind's key.</param>
/// <param name="context">What the mark also covers, by the record's key.</param>
internal sealed class RecordSeal(TreeKeys keys, string name, Func<string, string> context)
{
    /// <summary>The name of what exists once the records of older versions, which had no seal, have been given one.</summary>
    private readonly string _adopted = $"{name}-adopted";

    private static ReadOnlySpan<byte> Member => ",\"seal\":\""u8;

    private static ReadOnlySpan<byte> MemberEnd => "\"}"u8;

    /// <summary>Makes the seal of approvals.</summary>
    public static RecordSeal OfApprovals(TreeKeys keys) => new(keys, "approvals", static _ => "approval\n");

    /// <summary>Makes the seal of records that are bound to their place in the store.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="name">The kind.</param>
    public static RecordSeal Of(TreeKeys keys, string name) => new(keys, name, key => $"{name}\n{key}\n");

    /// <summary>Adds the seal as the last member.</summary>
    /// <param name="key">The record's key.</param>
    /// <param name="json">The value: a JSON object with a member.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<byte[]> CloseAsync(string key, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        TreeKey secret = await keys.GetAsync(name, cancellationToken).ConfigureAwait(false);
        return [.. json.Span[..^1], .. Member, .. MarkOf(secret, key, json.Span), .. MemberEnd];
    }

    /// <summary>Takes the seal off.</summary>
    /// <param name="record">The record.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The value, and whether it is as the host wrote it.</returns>
    public async Task<(ReadOnlyMemory<byte> Json, bool IsTrue)> OpenAsync(StoredRecord record,
        CancellationToken cancellationToken)
    {
        TreeKey secret = await keys.GetAsync(name, cancellationToken).ConfigureAwait(false);
        return TryOpen(secret, record, out ReadOnlyMemory<byte> json)
            ? (json, true)
            : (json.IsEmpty ? record.Value : json, false);
    }

    /// <summary>Gives a seal to the records that an older version left without one: once, before any is read.</summary>
    /// <param name="records">The store.</param>
    /// <param name="prefix">The beginning of the records' keys.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The values that were given one.</returns>
    public async Task<IReadOnlyList<StoredRecord>> AdoptAsync(IRecordStore records, string prefix,
        CancellationToken cancellationToken)
    {
        if (await keys.FindAsync(_adopted, cancellationToken).ConfigureAwait(false) is not null)
        {
            return [];
        }

        TreeKey secret = await keys.GetAsync(name, cancellationToken).ConfigureAwait(false);
        var adopted = new List<StoredRecord>();
        await foreach (StoredRecord record in records.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            if (!TryOpen(secret, record, out _) && record.Value.Span is [(byte)'{', .., (byte)'}']
                && await AdoptAsync(records, record, cancellationToken).ConfigureAwait(false))
            {
                adopted.Add(record);
            }
        }

        await keys.GetAsync(_adopted, cancellationToken).ConfigureAwait(false);
        return adopted;
    }

    /// <summary>Gives a record its seal, unless another host has.</summary>
    private async Task<bool> AdoptAsync(IRecordStore records, StoredRecord record, CancellationToken cancellationToken) =>
        await records.TryPutAsync(
        record.Key, await CloseAsync(record.Key, record.Value, cancellationToken).ConfigureAwait(false),
        RecordCondition.IfMatch(record.Etag), cancellationToken)
        .ConfigureAwait(false) is not null;

    private bool TryOpen(TreeKey secret, StoredRecord record, out ReadOnlyMemory<byte> json)
    {
        json = default;
        ReadOnlyMemory<byte> stored = record.Value;
        int at = stored.Span.LastIndexOf(Member);
        if (at < 0 || !stored.Span.EndsWith(MemberEnd))
        {
            return false;
        }

        byte[] plain = [.. stored.Span[..at], (byte)'}'];
        json = plain;
        return CryptographicOperations.FixedTimeEquals(stored.Span[(at + Member.Length)..^MemberEnd.Length],
            MarkOf(secret, record.Key, plain));
    }

    private byte[] MarkOf(TreeKey secret, string key, ReadOnlySpan<byte> json) =>
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret.Mark([.. Encoding.UTF8.GetBytes(context(key)), .. json])));
}
