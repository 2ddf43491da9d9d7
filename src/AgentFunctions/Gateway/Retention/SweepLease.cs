using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Which host looks for what is due, and when one last has: one of all that share a store.</summary>
internal sealed class SweepLease(IRecordStore records, TimeProvider time)
{
    private const string Key = "retention/sweep";

    /// <summary>How long a host that begins has before another may take over.</summary>
    private static readonly TimeSpan s_time = TimeSpan.FromMinutes(10);

    private readonly string _holder = Guid.NewGuid().ToString("N");
    private readonly JsonRecords<SweepState> _states = new(records, GatewayJsonContext.Default.SweepState);

    /// <summary>Takes the lease, if a sweep is due and nobody else is at it.</summary>
    /// <param name="every">How much time lies between sweeps.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<bool> TryTakeAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        (SweepState Value, string Etag)? found = await _states.FindAsync(Key, cancellationToken).ConfigureAwait(false);
        SweepState state = found?.Value ?? new SweepState("");
        return (state.DoneAt is not { } done || now - done >= every)
            && (state.Until is not { } until || now >= until || state.Holder == _holder)
            && await _states.TryPutAsync(
                Key, state with { Holder = _holder, Until = now + s_time }, found?.Etag, cancellationToken)
                .ConfigureAwait(false) is not null;
    }

    /// <summary>Gives the lease back.</summary>
    /// <param name="isDone">Whether nothing that is due is left.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task ReleaseAsync(bool isDone, CancellationToken cancellationToken)
    {
        if (await _states.FindAsync(Key, cancellationToken).ConfigureAwait(false) is var (state, etag) && state.Holder == _holder)
        {
            await _states.TryPutAsync(
                Key, state with { Until = null, DoneAt = isDone ? time.GetUtcNow() : state.DoneAt }, etag, cancellationToken)
                .ConfigureAwait(false);
        }
    }
}

/// <summary>How sweeping stands.</summary>
/// <param name="Holder">The process that last swept, or is at it.</param>
internal sealed record SweepState(string Holder)
{
    /// <summary>Gets until when nobody else may begin (UTC); <see langword="null"/> if nobody is at it.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Gets when nothing that was due was left (UTC).</summary>
    public DateTimeOffset? DoneAt { get; init; }
}
