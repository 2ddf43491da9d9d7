using AgentFunctions.Runs;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.Views.Live;

/// <summary>Where one run stands, as one follower has been told.</summary>
internal sealed partial class LiveState(
    string runId, SharedState shared, Action leave, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>How often a run is looked at that tells nothing by itself.</summary>
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>How soon it is looked again after news: what a sub-agent asks is shown a moment after the event of it.</summary>
    private static readonly TimeSpan AfterNews = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<string, RunTree> _nodes = new(StringComparer.Ordinal);
    private RunStateChanged? _told;
    private int _rev;
    private bool _hasFailed;

    /// <summary>Gets when to look again: the longer nothing changes, the later.</summary>
    public TimeSpan Pause { get; private set; } = Shortest;

    /// <summary>Gets what completes with the next news of the runs below.</summary>
    public Task News => shared.News.Next;

    /// <summary>Takes that there was news: the next looks are soon.</summary>
    /// <returns>What completes with the next news.</returns>
    public Task TakeNews()
    {
        Pause = AfterNews;
        return News;
    }

    /// <summary>Looks. A store that cannot be read is told of in the log, and looked at again.</summary>
    /// <param name="now">What is at work.</param>
    /// <param name="isLast">Whether the run has ended.</param>
    /// <param name="isIdle">Whether nothing has happened since the last look: what another follower saw not long ago will do.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What has changed.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>, <see cref="ErrorCode.RunErased"/>.</exception>
    public async Task<IReadOnlyList<RunSignal>> LookAsync(
        string? now, bool isLast, bool isIdle, CancellationToken cancellationToken)
    {
        List<RunSignal> changed = [];
        TimeSpan? soon = null;
        try
        {
            TimeSpan age = isIdle ? Pause / 2 : TimeSpan.Zero;
            soon = await LookAsync(now, isLast, age, changed, cancellationToken).ConfigureAwait(false);
            _hasFailed = false;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested
            && (isLast || e is not AgentException { Code: ErrorCode.RunNotFound or ErrorCode.RunErased }))
        {
            if (!_hasFailed)
            {
                LogFailed(log, runId, e.Message);
            }

            _hasFailed = true;
        }

        Pause = TimeSpan.FromTicks(Math.Min((changed.Count > 0 ? Shortest : Longest).Ticks, Pause.Ticks * 3 / 2));
        Pause = soon < Pause ? soon.Value : Pause;
        return changed;
    }

    /// <summary>Looks no more.</summary>
    public void Dispose() => leave();

    private async Task<TimeSpan?> LookAsync(
        string? now, bool isLast, TimeSpan age, List<RunSignal> changed, CancellationToken cancellationToken)
    {
        (Run run, TimeSpan? soon) = await shared.Run.GetAsync(isLast, age, cancellationToken).ConfigureAwait(false);
        changed.AddRange(run.Waits
            .Where(wait => wait is { Kind: RunWaiting.ModelUnavailable or RunWaiting.ModelCapacity, Failures: not null }
                && _told?.Waits.Contains(wait) != true)
            .Select(wait => new ModelRetrying(run.Turns + 1, wait.Failures!.Value, wait.Code, wait.Message ?? "", wait.Until)));
        string? step = run.Status is RunStatus.Running or RunStatus.Waiting ? now : null;
        if (_told is null || _told.Status != run.Status || _told.Now != step || !_told.Waits.SequenceEqual(run.Waits))
        {
            _told = new RunStateChanged(run.Status, step, run.Waits, time.GetUtcNow());
            changed.Add(_told);
        }

        if (run.SubAgents.Total == 0)
        {
            return soon;
        }

        (RunTree top, TimeSpan? newerIn) = await shared.Tree.GetAsync(isLast, age, cancellationToken).ConfigureAwait(false);
        List<RunTree> nodes = [];
        Add(top, nodes);
        if (nodes.Count > 0)
        {
            changed.Add(new TreePatched(++_rev, nodes));
        }

        return soon < newerIn || newerIn is null ? soon : newerIn;
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
        before.Run.Status == now.Run.Status && before.Run.Turns == now.Run.Turns && before.Steps == now.Steps
            && before.Usage == now.Usage
        && before.CriticalSteps == now.CriticalSteps && before.Run.Error == now.Run.Error
        && before.Run.Waits.SequenceEqual(now.Run.Waits);

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Run {Run}: its state cannot be read for those who watch it ({Reason}); it is looked at again.")]
    private static partial void LogFailed(ILogger log, string run, string reason);
}
