using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Live;

/// <summary>Looks where runs stand, for those who follow them.</summary>
internal sealed class LiveStates(RunReader runs, RunTreeReader trees, TimeProvider time, ILogger<LiveStates> log)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SharedTree> _trees = new(StringComparer.Ordinal);

    /// <summary>Begins to look at a run, until the state is disposed of.</summary>
    /// <param name="runId">The run.</param>
    public LiveState Of(string runId)
    {
        lock (_gate)
        {
            if (!_trees.TryGetValue(runId, out SharedTree? tree))
            {
                _trees[runId] = tree = new SharedTree(() => trees.GetAsync(runId, CancellationToken.None), time);
            }

            tree.Followers++;
            return new LiveState(runId, runs, tree, () => Leave(runId, tree), time, log);
        }
    }

    private void Leave(string runId, SharedTree tree)
    {
        lock (_gate)
        {
            if (--tree.Followers == 0)
            {
                _trees.Remove(runId);
            }
        }
    }
}
