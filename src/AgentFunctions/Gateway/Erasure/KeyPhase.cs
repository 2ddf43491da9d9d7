using AgentFunctions.Keys;
using AgentFunctions.Loop;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Destroys the key of a tree: what is sealed under it is erased, wherever a copy of it lies.</summary>
internal sealed class KeyPhase(TreeKeys keys, ITreeKeyStore store, TreeContents contents) : IErasePhase
{
    public const string Name = "key";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        await keys.DestroyAsync(input.Root, cancellationToken).ConfigureAwait(false);
        if (store is not RecordTreeKeyStore)
        {
            // The copy of a host that had no key folder before.
            await contents.DeleteAsync(RecordTreeKeyStore.Prefix + input.Root, cancellationToken).ConfigureAwait(false);
        }

        return new EraseProgress();
    }
}
