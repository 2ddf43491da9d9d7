using AgentFunctions.Runs;

namespace AgentFunctions.Views.Live;

/// <summary>Looks where runs stand, for those who follow them.</summary>
internal sealed class LiveStates(RunReader runs, RunTreeReader trees, TimeProvider time)
{
    /// <summary>Begins to look at a run.</summary>
    /// <param name="runId">The run.</param>
    public LiveState Of(string runId) => new(runId, runs, trees, time);
}

/// <summary>Where one run stands, as one follower has been told.</summary>
internal sealed class LiveState(string runId, RunReader runs, RunTreeReader trees, TimeProvider time)
{
    /// <summary>How often a run is looked at that tells nothing by itself.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private readonly Dictionary<string, RunTree> _nodes = new(StringComparer.Ordinal);
    private RunStateChanged? _told;
    private int _rev;

    /// <summary>Gets when to look again: the longer nothing changes, the later.</summary>
    public TimeSpan Pause { get; private set; } = Shortest;

    /// <summary>Looks.</summary>
    /// <param name="now">What is at work.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What has changed.</returns>
    public async Task<IReadOnlyList<RunSignal>> LookAsync(string? now, CancellationToken cancellationToken)
    {
        List<RunSignal> changed = [];
        Run run = await runs.GetAsync(runId, cancellationToken).ConfigureAwait(false);
        string? step = run.Status is RunStatus.Running or RunStatus.Waiting ? now : null;
        if (_told is null || _told.Status != run.Status || _told.Now != step || !_told.Waits.SequenceEqual(run.Waits))
        {
            _told = new RunStateChanged(run.Status, step, run.Waits, time.GetUtcNow());
            changed.Add(_told);
        }

        if (run.SubAgents.Total > 0 && await PatchAsync(cancellationToken).ConfigureAwait(false) is { } patch)
        {
            changed.Add(patch);
        }

        Pause = changed.Count > 0 ? Shortest : TimeSpan.FromTicks(Math.Min(Longest.Ticks, Pause.Ticks * 3 / 2));
        return changed;
    }

    private async Task<TreePatched?> PatchAsync(CancellationToken cancellationToken)
    {
        List<RunTree> nodes = [];
        Add(await trees.GetAsync(runId, cancellationToken).ConfigureAwait(false), nodes);
        return nodes.Count == 0 ? null : new TreePatched(++_rev, nodes);
    }

    private void Add(RunTree node, List<RunTree> changed)
    {
        bool isKnown = _nodes.TryGetValue(node.Run.Id, out RunTree? before) && IsSame(before, node);
        if (!isKnown)
        {
            _nodes[node.Run.Id] = node;
            changed.Add(node);
        }

        foreach (RunTree child in node.Children)
        {
            Add(child, changed);
        }
    }

    private static bool IsSame(RunTree before, RunTree now) =>
        before.Run.Status == now.Run.Status && before.Run.Turns == now.Run.Turns && before.Steps == now.Steps && before.Usage == now.Usage
        && before.CriticalSteps == now.CriticalSteps && before.Run.Error == now.Run.Error && before.Run.Waits.SequenceEqual(now.Run.Waits);
}
