using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Retention;

/// <summary>Which host looks for what is due, and when one last has: one of all that share a store.</summary>
internal sealed class SweepLease(IRecordStore records, TimeProvider time)
{
    private const string Key = "retention/sweep";

    /// <summary>How long a host that begins has before another may take over.</summary>
    private static readonly TimeSpan s_time = TimeSpan.FromMinutes(10);

    private readonly string _holder = Guid.NewGuid().ToString("N");

    /// <summary>Takes the lease, if a sweep is due and nobody else is at it.</summary>
    /// <param name="every">How much time lies between sweeps.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<bool> TryTakeAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        StoredRecord? record = await records.GetAsync(Key, cancellationToken).ConfigureAwait(false);
        SweepState state = record is null ? new SweepState("") : JsonSerializer.Deserialize(record.Value.Span, GatewayJsonContext.Default.SweepState)!;
        return (state.DoneAt is not { } done || now - done >= every)
            && (state.Until is not { } until || now >= until || state.Holder == _holder)
            && await TryWriteAsync(state with { Holder = _holder, Until = now + s_time }, record?.Etag, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gives the lease back.</summary>
    /// <param name="isDone">Whether nothing that is due is left.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task ReleaseAsync(bool isDone, CancellationToken cancellationToken)
    {
        StoredRecord? record = await records.GetAsync(Key, cancellationToken).ConfigureAwait(false);
        if (record is not null && JsonSerializer.Deserialize(record.Value.Span, GatewayJsonContext.Default.SweepState) is { } state && state.Holder == _holder)
        {
            await TryWriteAsync(
                state with { Until = null, DoneAt = isDone ? time.GetUtcNow() : state.DoneAt }, record.Etag, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryWriteAsync(SweepState state, string? etag, CancellationToken cancellationToken)
    {
        try
        {
            await records.PutAsync(
                Key, JsonSerializer.SerializeToUtf8Bytes(state, GatewayJsonContext.Default.SweepState),
                etag is null ? RecordCondition.IfNew : RecordCondition.IfMatch(etag), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            return false;
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
