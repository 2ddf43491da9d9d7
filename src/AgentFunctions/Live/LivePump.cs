namespace AgentFunctions.Live;

/// <summary>Publishes frames of one source at intervals, while somebody follows its run.</summary>
internal sealed class LivePump
{
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _taking = new();
    private readonly ILiveStore _store;
    private readonly ILiveSource _source;
    private readonly TimeSpan _pace;
    private readonly TimeProvider _time;
    private LiveFrame? _last;
    private volatile bool _isWanted;
    private volatile bool _wasWanted;

    /// <summary>Gets whether anybody has been shown anything.</summary>
    public bool WasWanted => _wasWanted;

    private LivePump(ILiveStore store, ILiveSource source, TimeSpan pace, TimeProvider time) =>
        (_store, _source, _pace, _time) = (store, source, pace, time);

    /// <summary>Starts.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="store">Where the frames go.</param>
    /// <param name="source">Where they come from.</param>
    /// <param name="pace">How often.</param>
    /// <param name="time">The clock.</param>
    public static LivePump Start(string runId, ILiveStore store, ILiveSource source, TimeSpan pace, TimeProvider time)
    {
        var pump = new LivePump(store, source, pace, time);
        _ = pump.RunAsync(runId);
        return pump;
    }

    /// <summary>Publishes what there is at the end, and stops.</summary>
    public void End()
    {
        _end.Cancel();
        try
        {
            if (_isWanted)
            {
                Publish();
            }
        }
        catch (Exception)
        {
            // What is shown never decides about a run.
        }

        _end.Dispose();
    }

    private async Task RunAsync(string runId)
    {
        CancellationToken ended = _end.Token;
        try
        {
            Task next = _store.WantedAsync(runId, ended);
            while (true)
            {
                // Nearly every source ends while nobody follows it: an exception for each would cost more than all else here.
                await next.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!next.IsCompletedSuccessfully)
                {
                    return;
                }

                _isWanted = Publish();
                next = _isWanted ? Task.Delay(_pace, _time, ended) : _store.WantedAsync(runId, ended);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
        {
            // The source has ended.
        }
        catch (Exception)
        {
            // Nobody can be shown anything: the run goes on all the same.
        }
    }

    private bool Publish()
    {
        lock (_taking)
        {
            // The last one again, where nothing is new: whoever follows only now has not seen it.
            _last = _source.Take() ?? _last;
            _wasWanted = true;
            return _last is null || _store.Publish(_last);
        }
    }
}
