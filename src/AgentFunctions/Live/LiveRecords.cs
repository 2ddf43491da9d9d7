using System.Text.Json;
using AgentFunctions.Storage;

namespace AgentFunctions.Live;

/// <summary>The two records of a run that is followed from other processes: its frame, and that it is followed.</summary>
/// <param name="store">The store that the processes share.</param>
/// <param name="time">The clock.</param>
internal sealed class LiveRecords(IRecordStore store, TimeProvider time)
{
    /// <summary>How long a run counts as followed after somebody said so.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often the frame of an unfinished answer is written even if the model is silent, so that others see that its call goes
    /// on.
    /// </summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);

    /// <summary>How long after the last frame of an unfinished answer the process that made the call counts as gone.</summary>
    public static readonly TimeSpan Gone = 3 * Beat;

    /// <summary>What a record may hold, less what a store adds to it.</summary>
    private const int MaxBytes = 900 * 1024;

    /// <summary>Says that somebody follows a run.</summary>
    public Task WantAsync(string runId, CancellationToken cancellationToken) => store.PutAsync(
        $"live-wanted/{runId}",
        JsonSerializer.SerializeToUtf8Bytes(new LiveWanted(time.GetUtcNow() + Lease), LiveJsonContext.Default.LiveWanted),
        default, cancellationToken);

    /// <summary>Determines whether somebody follows a run.</summary>
    public async Task<bool> IsWantedAsync(string runId, CancellationToken cancellationToken) =>
        await store.GetAsync($"live-wanted/{runId}", cancellationToken).ConfigureAwait(false) is { } record
        && JsonSerializer.Deserialize(record.Value.Span, LiveJsonContext.Default.LiveWanted) is { } wanted
        && time.GetUtcNow() < wanted.Until;

    /// <summary>Writes the frame of a run. Of an answer that is over no text is kept: it is recorded, or void.</summary>
    public Task WriteAsync(LiveFrame frame, CancellationToken cancellationToken)
    {
        if (frame.Answer is { Ended: not null } over)
        {
            frame = frame with { Answer = over with { Text = LiveSpan.Empty, Reasoning = LiveSpan.Empty, Calls = [] } };
        }

        byte[] json = Write(frame);
        for (int most = 32 * 1024; json.Length > MaxBytes; most /= 2)
        {
            json = Write(frame.Within(most));
        }

        return store.PutAsync($"live/{frame.RunId}", json, default, cancellationToken);
    }

    /// <summary>Reads the frame of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="version">The version that is known; <see langword="null"/> if none is.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>The frame and its version; <see langword="null"/> if there is none in another version.</returns>
    public async Task<(LiveFrame Frame, string Version)?> ReadAsync(string runId, string? version,
        CancellationToken cancellationToken)
    {
        StoredRecord? record = version is null
            ? await store.GetAsync($"live/{runId}", cancellationToken).ConfigureAwait(false)
            : await store.GetIfChangedAsync($"live/{runId}", version, cancellationToken).ConfigureAwait(false);
        return record is not null && JsonSerializer.Deserialize(record.Value.Span, LiveJsonContext.Default.LiveFrame) is { } frame
            ? (frame, record.Etag)
            : null;
    }

    private static byte[] Write(LiveFrame frame) => JsonSerializer.SerializeToUtf8Bytes(frame, LiveJsonContext.Default.LiveFrame);
}
