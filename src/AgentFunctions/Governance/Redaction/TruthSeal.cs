using AgentFunctions.Keys;

namespace AgentFunctions.Governance.Redaction;

/// <summary>Masks what is stored and seals the truth beside it; gives the truth back to what executes.</summary>
internal sealed class TruthSeal(Redactor redactor, TreeKeys keys)
{
    /// <summary>What stands in the store for data: the data itself where nothing in it is secret.</summary>
    /// <param name="data">The data: JSON or text.</param>
    /// <param name="place">Where it is stored.</param>
    /// <param name="root">The tree that it belongs to.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public ValueTask<ReadOnlyMemory<byte>> CloseAsync(
        ReadOnlyMemory<byte> data, string place, string root, CancellationToken cancellationToken)
    {
        IReadOnlyList<SecretMask> masks = redactor.FindInJson(data.Span);
        return masks.Count == 0 ? new(data) : CloseAsync(data, masks, place, root, cancellationToken);
    }

    /// <summary>
    /// The same for what is stored under a name of its own, which tells the tree: it is asked only where there is a secret.
    /// </summary>
    /// <param name="data">The data: JSON or text.</param>
    /// <param name="place">The name of the stream or record.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public ValueTask<ReadOnlyMemory<byte>> CloseAsync(
        ReadOnlyMemory<byte> data, string place, CancellationToken cancellationToken)
    {
        IReadOnlyList<SecretMask> masks = redactor.FindInJson(data.Span);
        return masks.Count == 0 ? new(data) : CloseAsync(data, masks, place, TreeOfKey.Root(place, data), cancellationToken);
    }

    /// <summary>The truth of what stands in the store.</summary>
    /// <param name="stored">What was read.</param>
    /// <param name="place">Where it was read.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: it was altered, or its key is gone.</exception>
    public ValueTask<ReadOnlyMemory<byte>> OpenAsync(ReadOnlyMemory<byte> stored, string place,
        CancellationToken cancellationToken) =>
        SealedText.TryRead(stored, out SealedParts parts) ? OpenAsync(parts, place, cancellationToken) : new(stored);

    private async ValueTask<ReadOnlyMemory<byte>> CloseAsync(
        ReadOnlyMemory<byte> data, IReadOnlyList<SecretMask> masks, string place, string root,
        CancellationToken cancellationToken) =>
        SealedText.Write(data, masks, root, await keys.GetAsync(root, cancellationToken).ConfigureAwait(false), place);

    private async ValueTask<ReadOnlyMemory<byte>> OpenAsync(SealedParts parts, string place,
        CancellationToken cancellationToken) =>
        Truth(parts, await keys.FindAsync(parts.Root, cancellationToken).ConfigureAwait(false), place);

    private static byte[] Truth(SealedParts parts, TreeKey? key, string place) =>
        (key is null ? null : SealedText.Open(parts, key, place)) ?? throw new AgentException(
            ErrorCode.DataFileUnusable,
            $"{place}: the sealed part cannot be opened. " + (key is null
                ? $"The key of run tree '{parts.Root}' is gone: restore the key folder."
                : "It was altered, or written for another place: restore the data from a backup."));
}
