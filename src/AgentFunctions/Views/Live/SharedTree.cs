namespace AgentFunctions.Views.Live;

/// <summary>The tree of a run as all its followers see it: read once for all of them, and no more often than about once a second.</summary>
internal sealed class SharedTree(Func<Task<RunTree>> read, TimeProvider time)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<RunTree>? _reading;
    private long _begunAt;
    private bool _isLast;

    /// <summary>Gets or sets how many follow; changed under the lock of whoever shares it out.</summary>
    public int Followers { get; set; }

    /// <summary>Reads the tree, or waits for the reading of another follower.</summary>
    /// <param name="isLast">Whether the run has ended: what was read before does not do.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The tree, and when to ask again if it is one that was read before.</returns>
    public async Task<(RunTree Tree, TimeSpan? NewerIn)> GetAsync(bool isLast, CancellationToken cancellationToken)
    {
        Task<RunTree> reading;
        TimeSpan? newerIn = null;
        lock (_gate)
        {
            TimeSpan age = time.GetElapsedTime(_begunAt);
            bool isShared = _reading is { IsFaulted: false, IsCanceled: false } before
                && (isLast ? _isLast : !before.IsCompleted || age < Shortest);
            if (isShared)
            {
                newerIn = isLast ? null : age < Shortest ? Shortest - age : Shortest;
            }
            else
            {
                // Others wait for it too: it is not for the one that asks to stop it.
                (_reading, _begunAt, _isLast) = (read(), time.GetTimestamp(), isLast);
            }

            reading = _reading!;
        }

        return (await reading.WaitAsync(cancellationToken).ConfigureAwait(false), newerIn);
    }
}
