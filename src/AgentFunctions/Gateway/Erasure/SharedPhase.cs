using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>
/// Takes a tree out of what belongs to others too: review queues, incidents, and if that was asked for the notes that its runs
/// wrote.
/// </summary>
internal sealed class SharedPhase(IEnumerable<IErasureObserver> observers, TreeContents contents) : IErasePhase
{
    public const string Name = "shared";

    private const string Notes = "notes/";

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        var tree = new ErasingTree(input.Root);
        int count = 0;
        foreach (IErasureObserver observer in observers)
        {
            count += await observer.ErasedAsync(tree, cancellationToken).ConfigureAwait(false);
        }

        if (input.Notes)
        {
            await foreach (string key in NotesAsync(contents, tree, cancellationToken).ConfigureAwait(false))
            {
                await contents.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
                count++;
            }
        }

        return new EraseProgress { Counts = new EraseCounts { Others = count } };
    }

    /// <summary>Finds the notes that a tree's runs wrote for later runs.</summary>
    public static async IAsyncEnumerable<string> NotesAsync(
        TreeContents contents, ErasingTree tree,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (StoredRecord record in contents.ListAsync(Notes, null, cancellationToken).ConfigureAwait(false))
        {
            if (tree.Has(TreeContents.Member(record.Value, "by")))
            {
                yield return record.Key;
            }
        }
    }
}
