using AgentFunctions.Storage;

namespace AgentFunctions.Keys;

/// <summary>
/// Keeps the wrapped keys of run trees as records: for hosts that share one store and have no folder of their own.
/// </summary>
/// <param name="records">Where they lie: apart from the data, if the adapter has such a place.</param>
/// <param name="earlier">Where earlier versions kept them; <see langword="null"/> if in the same place.</param>
internal sealed class RecordTreeKeyStore(IRecordStore records, IRecordStore? earlier = null) : ITreeKeyStore
{
    /// <summary>The beginning of the records' keys.</summary>
    public const string Prefix = "tree-keys/";

    /// <summary>The name under which an adapter registers a record store that is apart from the data.</summary>
    public const string StoreName = "tree-keys";

    public bool IsShared => records.IsShared;

    public async Task<byte[]?> FindAsync(string root, CancellationToken cancellationToken = default)
    {
        StoredRecord? found = await records.GetAsync(Prefix + root, cancellationToken).ConfigureAwait(false);
        if (found is null && earlier is not null)
        {
            found = await earlier.GetAsync(Prefix + root, cancellationToken).ConfigureAwait(false);
        }

        return found?.Value.ToArray();
    }

    public async Task<bool> TryAddAsync(string root, byte[] wrapped, CancellationToken cancellationToken = default) =>
        await records.TryPutAsync(Prefix + root, wrapped, RecordCondition.IfNew, cancellationToken)
            .ConfigureAwait(false) is not null;

    public async Task DestroyAsync(string root, CancellationToken cancellationToken = default)
    {
        // What is left says that there was a key: without it, the next who asks would make one.
        await records.PutAsync(Prefix + root, new byte[1], default, cancellationToken).ConfigureAwait(false);
        if (earlier is not null)
        {
            await earlier.DeleteAsync(Prefix + root, default, cancellationToken).ConfigureAwait(false);
        }
    }
}
