namespace AgentFunctions.Views.Live;

/// <summary>
/// Represents what all followers of a run on this host look at: it is read once for all of them, and again only after a while.
/// </summary>
/// <typeparam name="T">What is read.</typeparam>
/// <param name="read">Reads it.</param>
/// <param name="shortest">The shortest time between two readings.</param>
/// <param name="time">The clock.</param>
internal sealed class SharedRead<T>(Func<Task<T>> read, TimeSpan shortest, TimeProvider time)
{
    private readonly Lock _gate = new();
    private Task<T>? _reading;
    private long _begunAt;
    private bool _isLast;

    /// <summary>Reads it, or waits for the reading of another follower.</summary>
    /// <param name="isLast">Whether the run has ended: what was read before does not do.</param>
    /// <param name="age">How old it may be for one who does not look for anything; zero for one who does.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>What was read, and when to ask again if it was read before.</returns>
    public async Task<(T Value, TimeSpan? NewerIn)> GetAsync(bool isLast, TimeSpan age, CancellationToken cancellationToken)
    {
        Task<T> reading;
        TimeSpan? newerIn = null;
        lock (_gate)
        {
            TimeSpan passed = time.GetElapsedTime(_begunAt);
            bool isShared = _reading is { IsFaulted: false, IsCanceled: false } before
                && (isLast ? _isLast : !before.IsCompleted || passed < shortest || passed < age);
            if (isShared)
            {
                newerIn = isLast || age > TimeSpan.Zero ? null : passed < shortest ? shortest - passed : shortest;
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
