namespace AgentFunctions.Views.Live;

/// <summary>Represents what the followers of each run share for as long as there are any.</summary>
/// <typeparam name="T">What they share.</typeparam>
/// <param name="begin">Makes it for the first follower of a run.</param>
internal sealed class PerRun<T>(Func<string, T> begin)
    where T : class
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (T Shared, int Followers)> _runs = new(StringComparer.Ordinal);

    /// <summary>Begins to follow a run.</summary>
    /// <param name="runId">The run.</param>
    public T Enter(string runId)
    {
        lock (_gate)
        {
            (T shared, int followers) = _runs.TryGetValue(runId, out (T, int) known) ? known : (begin(runId), 0);
            _runs[runId] = (shared, followers + 1);
            return shared;
        }
    }

    /// <summary>Finds what the followers of a run share; <see langword="null"/> if there are none.</summary>
    /// <param name="runId">The run.</param>
    public T? Find(string runId)
    {
        lock (_gate)
        {
            return _runs.TryGetValue(runId, out (T Shared, int Followers) known) ? known.Shared : null;
        }
    }

    /// <summary>Ends what <see cref="Enter"/> began.</summary>
    /// <param name="runId">The run.</param>
    public void Leave(string runId)
    {
        lock (_gate)
        {
            (T shared, int followers) = _runs[runId];
            if (followers > 1)
            {
                _runs[runId] = (shared, followers - 1);
                return;
            }

            _runs.Remove(runId);
            (shared as IDisposable)?.Dispose();
        }
    }
}
