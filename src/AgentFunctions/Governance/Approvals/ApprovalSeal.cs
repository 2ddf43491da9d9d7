using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Marks the records of approvals, so that one which somebody edited in the store is refused.</summary>
internal sealed class ApprovalSeal(TreeKeys keys)
{
    private const string KeyName = "approvals";

    /// <summary>Exists once the approvals of older versions, which had no seal, have been given one.</summary>
    private const string AdoptedName = "approvals-adopted";

    private static ReadOnlySpan<byte> Member => ",\"seal\":\""u8;

    private static ReadOnlySpan<byte> MemberEnd => "\"}"u8;

    /// <summary>Adds the seal as the last member.</summary>
    /// <param name="json">The approval: a JSON object.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<byte[]> CloseAsync(ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        TreeKey key = await keys.GetAsync(KeyName, cancellationToken).ConfigureAwait(false);
        return [.. json.Span[..^1], .. Member, .. MarkOf(key, json.Span), .. MemberEnd];
    }

    /// <summary>Takes the seal off.</summary>
    /// <param name="stored">The record's value.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The approval's JSON, and whether it is as the host wrote it.</returns>
    public async Task<(ReadOnlyMemory<byte> Json, bool IsTrue)> OpenAsync(ReadOnlyMemory<byte> stored, CancellationToken cancellationToken)
    {
        TreeKey key = await keys.GetAsync(KeyName, cancellationToken).ConfigureAwait(false);
        return TryOpen(key, stored, out ReadOnlyMemory<byte> json) ? (json, true) : (json.IsEmpty ? stored : json, false);
    }

    /// <summary>Gives a seal to approvals that an older version left without one: once, before any is read.</summary>
    /// <param name="records">The store.</param>
    /// <param name="prefix">The beginning of the records' keys.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task AdoptAsync(IRecordStore records, string prefix, CancellationToken cancellationToken)
    {
        if (await keys.FindAsync(AdoptedName, cancellationToken).ConfigureAwait(false) is not null)
        {
            return;
        }

        TreeKey key = await keys.GetAsync(KeyName, cancellationToken).ConfigureAwait(false);
        await foreach (StoredRecord record in records.ListAsync(prefix, null, cancellationToken).ConfigureAwait(false))
        {
            if (!TryOpen(key, record.Value, out _) && record.Value.Span is [(byte)'{', .., (byte)'}'])
            {
                await AdoptAsync(records, record, cancellationToken).ConfigureAwait(false);
            }
        }

        await keys.GetAsync(AdoptedName, cancellationToken).ConfigureAwait(false);
    }

    private async Task AdoptAsync(IRecordStore records, StoredRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await records.PutAsync(
                record.Key, await CloseAsync(record.Value, cancellationToken).ConfigureAwait(false), RecordCondition.IfMatch(record.Etag),
                cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            // Another host gave it one.
        }
    }

    private static bool TryOpen(TreeKey key, ReadOnlyMemory<byte> stored, out ReadOnlyMemory<byte> json)
    {
        json = default;
        int at = stored.Span.LastIndexOf(Member);
        if (at < 0 || !stored.Span.EndsWith(MemberEnd))
        {
            return false;
        }

        byte[] plain = [.. stored.Span[..at], (byte)'}'];
        json = plain;
        return CryptographicOperations.FixedTimeEquals(stored.Span[(at + Member.Length)..^MemberEnd.Length], MarkOf(key, plain));
    }

    private static byte[] MarkOf(TreeKey key, ReadOnlySpan<byte> json) =>
        Encoding.ASCII.GetBytes(Convert.ToHexStringLower(key.Mark([.. "approval\n"u8, .. json])));
}
