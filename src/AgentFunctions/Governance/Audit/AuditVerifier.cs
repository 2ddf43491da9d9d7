using AgentFunctions.Keys;


namespace AgentFunctions.Governance.Audit;

/// <summary>Checks an audit log with the public keys alone: no host, no store, no network.</summary>
/// <remarks>
/// Parts that are cut off, emptied, missing, exchanged or put back are found, since each is named by the chain of heads, and the
/// chain of heads by them. What cannot be seen is that all of them were put back to the same moment, or that the last seconds of
/// a part, which were not joined yet, are missing: compare with <see cref="AuditVerification.Heads"/> that were noted earlier.
/// </remarks>
public static class AuditVerifier
{
    /// <summary>Checks a log.</summary>
    /// <param name="lines">The entries as they are stored, in the order of an export.</param>
    /// <param name="keys">The public keys that are trusted.</param>
    /// <param name="knownHead">A head that was noted earlier and must lie on a chain; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static Task<AuditVerification> VerifyAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> lines, PublicKeySet keys, string? knownHead = null,
        CancellationToken cancellationToken = default) =>
        VerifyAsync(lines, keys, [], knownHead, cancellationToken);

    /// <summary>Checks a log.</summary>
    /// <param name="lines">The entries as they are stored, in the order of an export.</param>
    /// <param name="keys">The public keys that are trusted.</param>
    /// <param name="known">How far its parts had grown at an earlier check.</param>
    /// <param name="knownHead">A head that was noted earlier and must lie on a chain; <see langword="null"/> for none.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public static async Task<AuditVerification> VerifyAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> lines, PublicKeySet keys, IReadOnlyCollection<AuditHead> known,
        string? knownHead = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lines);
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(known);
        var check = new LogCheck(keys, known, knownHead);
        await foreach (ReadOnlyMemory<byte> line in lines.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            check.Add(line);
        }

        return check.End();
    }

    /// <summary>Checks a log whose parts were found under their names.</summary>
    internal static async Task<AuditVerification> VerifyAsync(
        IAsyncEnumerable<AuditPartLine> lines, PublicKeySet keys, IReadOnlyCollection<AuditHead> known,
        CancellationToken cancellationToken)
    {
        var check = new LogCheck(keys, known, null);
        await foreach (AuditPartLine line in lines.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            check.Add(line.Line, line.Shard ?? "");
        }

        return check.End();
    }
}
