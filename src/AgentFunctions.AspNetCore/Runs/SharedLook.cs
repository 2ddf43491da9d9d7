namespace AgentFunctions.AspNetCore.Runs;

/// <summary>Represents what all who watch look at: it is read once for all of them, and again when it is a second old.</summary>
/// <typeparam name="T">What is read.</typeparam>
/// <param name="time">The clock.</param>
internal sealed class SharedLook<T>(TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Task<T>? _look;
    private long _begunAt;

    /// <summary>Gets how long ago it was read.</summary>
    public TimeSpan Age
    {
        get
        {
            lock (_gate)
            {
                return time.GetElapsedTime(_begunAt);
            }
        }
    }

    /// <summary>Reads it, or waits for the reading of another one.</summary>
    /// <param name="read">Reads it. Others wait for it too, so no single token stops it.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<T> GetAsync(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        Task<T> look;
        lock (_gate)
        {
            if (_look is not { IsFaulted: false } || time.GetElapsedTime(_begunAt) >= Fresh)
            {
                // Not in the lock, in which all others wait: a store may read on the thread of its caller.
                (_look, _begunAt) = (Task.Run(read), time.GetTimestamp());
            }

            look = _look;
        }

        return await look.WaitAsync(cancellationToken);
    }
}
