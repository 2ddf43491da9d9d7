using AgentFunctions.Storage;

namespace AgentFunctions.Keys;

/// <summary>Keeps the wrapped keys of run trees as records: for hosts that share one store and have no folder of their own.</summary>
internal sealed class RecordTreeKeyStore(IRecordStore records) : ITreeKeyStore
{
    /// <summary>The beginning of the records' keys.</summary>
    public const string Prefix = "tree-keys/";

    public async Task<byte[]?> FindAsync(string root, CancellationToken cancellationToken = default) =>
        (await records.GetAsync(Prefix + root, cancellationToken).ConfigureAwait(false))?.Value.ToArray();

    public async Task<bool> TryAddAsync(string root, byte[] wrapped, CancellationToken cancellationToken = default)
    {
        try
        {
            await records.PutAsync(Prefix + root, wrapped, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return false;
        }
    }
}
