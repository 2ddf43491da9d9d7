using AgentFunctions.Loop;
using AgentFunctions.Runs;
using AgentFunctions.Runs.Index;

namespace AgentFunctions.Gateway.Erasure;

/// <summary>Takes the runs of a tree out of lists.</summary>
internal sealed class IndexPhase(TreeContents contents, RunIndexLog index, RunStore runs, TimeProvider time) : IErasePhase
{
    public const string Name = "index";

    private const int Portion = 200;

    string IErasePhase.Name => Name;

    public async Task<EraseProgress> RunAsync(EraseInput input, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> ids = await contents.RunsAsync(input.Root, input.Cursor, Portion, cancellationToken)
            .ConfigureAwait(false);
        long now = time.GetUtcNow().UtcTicks;
        await index.AppendAsync(ids.Select(id => new RunIndexEntry(RunIndexEntry.Erased, id, now)), cancellationToken)
            .ConfigureAwait(false);
        foreach (string id in ids)
        {
            runs.Forget(id);
        }

        return new EraseProgress { HasMore = ids.Count == Portion, Cursor = ids.Count == 0 ? null : ids[^1] };
    }
}
