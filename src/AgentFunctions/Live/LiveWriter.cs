using Microsoft.Extensions.Logging;

namespace AgentFunctions.Live;

/// <summary>
/// Writes the frames of one run for other processes, one at a time: those that come meanwhile are joined in the next.
/// </summary>
internal sealed partial class LiveWriter(string runId, LiveRecords records, TimeProvider time, ILogger log)
{
    /// <summary>How often it is looked whether somebody follows.</summary>
    public static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _looking = new(1, 1);
    private readonly long _madeAt = time.GetTimestamp();
    private LiveFrame? _frame;
    private LiveFrame? _written;
    private long _writtenAt;
    private long? _lookedAt;
    private bool _isWanted;
    private bool _isAtWork;
    private bool _hasFailed;

    /// <summary>Gets how long ago it was looked whether somebody follows; since it was made, if that never was.</summary>
    public TimeSpan Age => time.GetElapsedTime(_lookedAt ?? _madeAt);

    /// <summary>Takes a frame; it is written at once or after the one before.</summary>
    /// <param name="frame">The frame.</param>
    /// <returns>Whether somebody follows, as far as is known.</returns>
    public bool Take(LiveFrame frame)
    {
        lock (_gate)
        {
            if (!_isWanted)
            {
                return false;
            }

            _frame = frame.After(_frame);
            if (!_isAtWork && (IsDue() || Age >= LookEvery))
            {
                _isAtWork = true;
                _ = WriteAsync();
            }

            return true;
        }
    }

    /// <summary>Looks whether somebody follows, unless that was done a moment ago.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_lookedAt is null || Age >= LookEvery)
            {
                bool isWanted = await IsWantedAsync(cancellationToken).ConfigureAwait(false);
                lock (_gate)
                {
                    // Whoever comes later is shown the frame that is there; after a pause it must be written anew.
                    (_written, _isWanted, _lookedAt) = (isWanted && _isWanted ? _written : null, isWanted, time.GetTimestamp());
                }
            }

            return _isWanted;
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task<bool> IsWantedAsync(CancellationToken cancellationToken)
    {
        try
        {
            bool isWanted = await records.IsWantedAsync(runId, cancellationToken).ConfigureAwait(false);
            _hasFailed = false;
            return isWanted;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Tell(e);
            return _isWanted;
        }
    }

    private async Task WriteAsync()
    {
        await Task.Yield();
        while (Next(await LookAsync(CancellationToken.None).ConfigureAwait(false)) is { } frame)
        {
            try
            {
                await records.WriteAsync(frame, CancellationToken.None).ConfigureAwait(false);
                _hasFailed = false;
            }
            catch (Exception e)
            {
                // The next frame says it all; the same one is not tried again.
                Tell(e);
            }
        }
    }

    private LiveFrame? Next(bool isWanted)
    {
        lock (_gate)
        {
            LiveFrame? next = isWanted && IsDue() ? _frame : null;
            (_written, _writtenAt) = next is null ? (_written, _writtenAt) : (next, time.GetTimestamp());
            _isAtWork = next is not null;
            return next;
        }
    }

    private bool IsDue() => !ReferenceEquals(_frame, _written)
        || (_frame?.Answer is { Ended: null } && time.GetElapsedTime(_writtenAt) >= LiveRecords.Beat);

    private void Tell(Exception e)
    {
        if (!_hasFailed)
        {
            LogFailed(log, runId, e.Message);
        }

        _hasFailed = true;
    }

    [LoggerMessage(Level = LogLevel.Warning,
        Message = "Run {Run}: what it says cannot be shown on other instances ({Reason}); the next part is tried again.")]
    private static partial void LogFailed(ILogger log, string run, string reason);
}
