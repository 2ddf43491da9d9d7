using System.Security.Cryptography;
using System.Text.Json;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Tells the keys of versions that did not seal them from planted ones: what has signed entries of this host's audit log is a key
/// of this host. Keys that sign tokens are simply made anew.
/// </summary>
internal sealed class EarlierKeys(ILogStore logs) : IEarlierKeys
{
    /// <inheritdoc/>
    public async Task<bool> IsKnownAsync(string purpose, StoredKey key, CancellationToken cancellationToken)
    {
        if (purpose != AuditLog.KeyPurpose || PublicOf(key) is not { } known)
        {
            return false;
        }

        await foreach (LogEntry line in logs.ReadAsync(AuditLog.Stream, 0, null, cancellationToken).ConfigureAwait(false))
        {
            (ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> checkpoint) = AuditLine.Split(line.Data);
            if (!checkpoint.IsEmpty
                && JsonSerializer.Deserialize(checkpoint.Span, AuditJsonContext.Default.AuditCheckpoint) is { } signed
                && signed.Kid == known.Kid && known.Verify(json.Span, Convert.FromHexString(signed.Sig)))
            {
                return true;
            }
        }

        return false;
    }

    private static PublicKey? PublicOf(StoredKey key)
    {
        try
        {
            return new SigningKey(key).Public;
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            return null;
        }
    }
}
