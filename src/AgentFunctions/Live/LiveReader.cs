using Microsoft.Extensions.Logging;

namespace AgentFunctions.Live;

/// <summary>
/// Reads the frames of one run for all of this process that follow it, and says to the others that somebody does.
/// </summary>
internal sealed partial class LiveReader(string runId, LiveRecords records, MemoryLiveStore frames, TimeSpan pace,
    TimeProvider time, ILogger log)
{
    /// <summary>After so long without anything new it is looked less often.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private string? _version;
    private LiveFrame? _open;
    private long _saidAt;
    private long _changedAt;
    private bool _hasFailed;

    /// <summary>Gets or sets how many follow; changed under the lock of whoever shares it out.</summary>
    public int Followers { get; set; }

    /// <summary>Begins to read.</summary>
    public void Start() => _ = RunAsync(_stop.Token);

    /// <summary>Reads no more.</summary>
    public void Stop()
    {
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken stopped)
    {
        bool isSaid = false;
        _changedAt = time.GetTimestamp();
        try
        {
            while (true)
            {
                try
                {
                    if (!isSaid || time.GetElapsedTime(_saidAt) >= LiveRecords.Lease / 3)
                    {
                        await records.WantAsync(runId, stopped).ConfigureAwait(false);
                        (isSaid, _saidAt) = (true, time.GetTimestamp());
                    }

                    await ReadAsync(stopped).ConfigureAwait(false);
                    _hasFailed = false;
                }
                catch (Exception e) when (!stopped.IsCancellationRequested)
                {
                    if (!_hasFailed)
                    {
                        LogFailed(log, runId, e.Message);
                    }

                    _hasFailed = true;
                }

                bool isQuiet = time.GetElapsedTime(_changedAt) >= Quiet;
                await Task.Delay(isQuiet && pace < Longest ? Longest : pace, time, stopped).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody follows any more.
        }
    }

    private async Task ReadAsync(CancellationToken stopped)
    {
        // Only what somebody has been shown counts as known.
        if (await records.ReadAsync(runId, _version, stopped).ConfigureAwait(false) is var (frame, version)
            && frames.Publish(frame))
        {
            (_version, _changedAt) = (version, time.GetTimestamp());
            _open = frame.Answer is { Ended: null } ? frame : null;
        }
        else if (_open is { Answer: { } answer } open && time.GetElapsedTime(_changedAt) >= LiveRecords.Gone)
        {
            // Whoever made the call says nothing any more, not even that: what is shown of it is void.
            _open = null;
            frames.Publish(open with { Answer = answer with { Ended = LiveEnd.CutOff } });
        }
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Run {Run}: what it says on another instance cannot be read ({Reason}); it is looked again.")]
    private static partial void LogFailed(ILogger log, string run, string reason);
}
