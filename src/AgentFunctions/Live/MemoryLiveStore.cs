using System.Runtime.CompilerServices;

namespace AgentFunctions.Live;

/// <summary>Frames in the memory of one process: those of runs that somebody follows here.</summary>
internal sealed class MemoryLiveStore : ILiveStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Followed> _runs = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool Publish(LiveFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        TaskCompletionSource? changed;
        lock (_gate)
        {
            if (!_runs.TryGetValue(frame.RunId, out Followed? run) || run.Followers == 0)
            {
                return false;
            }

            changed = run.Show(frame.After(run.Frame));
        }

        changed?.TrySetResult();
        return true;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LiveFrame> FollowAsync(string runId,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        Followed run = Enter(runId);
        try
        {
            long seen = 0;
            while (true)
            {
                LiveFrame? frame;
                Task changed;
                lock (_gate)
                {
                    (frame, changed) = (run.Version > seen ? run.Frame : null, run.Changed.Task);
                    seen = run.Version;
                }

                if (frame is null)
                {
                    await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
                }
                else
                {
                    yield return frame;
                }
            }
        }
        finally
        {
            Leave(runId, run);
        }
    }

    /// <inheritdoc/>
    public Task WantedAsync(string runId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runId);
        Followed run;
        lock (_gate)
        {
            run = Of(runId);
            if (run.Followers > 0)
            {
                return Task.CompletedTask;
            }

            run.Publishers++;
        }

        Task wanted = run.Wanted.Task.WaitAsync(cancellationToken);
        _ = ForgetAsync(wanted, runId, run);
        return wanted;
    }

    private async Task ForgetAsync(Task wanted, string runId, Followed run)
    {
        await wanted.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            run.Publishers--;
            Forget(runId, run);
        }
    }

    private Followed Enter(string runId)
    {
        lock (_gate)
        {
            Followed run = Of(runId);
            run.Followers++;
            run.Wanted.TrySetResult();
            return run;
        }
    }

    private void Leave(string runId, Followed run)
    {
        lock (_gate)
        {
            run.Followers--;
            if (run.Followers == 0)
            {
                run.Reset();
            }

            Forget(runId, run);
        }
    }

    private Followed Of(string runId)
    {
        if (!_runs.TryGetValue(runId, out Followed? run))
        {
            _runs[runId] = run = new Followed();
        }

        return run;
    }

    private void Forget(string runId, Followed run)
    {
        if (run is { Followers: 0, Publishers: 0 })
        {
            _runs.Remove(runId);
        }
    }

    /// <summary>A run that somebody follows, or that a publisher waits for.</summary>
    private sealed class Followed
    {
        public int Followers { get; set; }

        public int Publishers { get; set; }

        public LiveFrame? Frame { get; private set; }

        public long Version { get; private set; }

        public TaskCompletionSource Changed { get; private set; } = New();

        public TaskCompletionSource Wanted { get; private set; } = New();

        public TaskCompletionSource? Show(LiveFrame frame)
        {
            if (ReferenceEquals(frame, Frame))
            {
                return null;
            }

            TaskCompletionSource before = Changed;
            (Frame, Version, Changed) = (frame, Version + 1, New());
            return before;
        }

        public void Reset() => (Frame, Wanted) = (null, New());

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
