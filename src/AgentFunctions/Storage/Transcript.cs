using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Storage;

/// <summary>The messages of runs: a log each, with the part that the next model call needs kept in memory.</summary>
public sealed class Transcript(ILogStore logs)
{
    /// <summary>How many runs' windows stay in memory; others are read again when they are needed.</summary>
    private const int CachedRuns = 512;

    private readonly LruCache<string, TranscriptWindow> _windows = new(CachedRuns);

    /// <summary>The name of a run's log.</summary>
    /// <param name="runId">The run.</param>
    public static string StreamOf(string runId) => $"transcripts/{runId}";

    /// <summary>The part of a run's messages that the model is shown.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">Where the window begins; the goal at position 0 is always in it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<TranscriptWindow> ReadWindowAsync(string runId, long from, CancellationToken cancellationToken = default)
    {
        if (_windows.TryGet(runId, out TranscriptWindow? cached) && cached.From == from)
        {
            return cached;
        }

        var entries = new List<TranscriptEntry>();
        if (from > 0)
        {
            await foreach (LogEntry entry in logs.ReadAsync(StreamOf(runId), 0, 1, cancellationToken).ConfigureAwait(false))
            {
                entries.Add(Deserialize(entry.Data));
            }
        }

        long end = from;
        await foreach (LogEntry entry in logs.ReadAsync(StreamOf(runId), from, null, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(Deserialize(entry.Data));
            end = entry.Position + 1;
        }

        var window = new TranscriptWindow(from, end, entries);
        _windows.Set(runId, window);
        return window;
    }

    /// <summary>Adds messages at the end that the window knows.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="window">The window that the messages follow.</param>
    /// <param name="entries">The messages.</param>
    /// <param name="cancellationToken">Stops waiting; the messages may have been added.</param>
    /// <returns>The window with the messages in it.</returns>
    /// <exception cref="AgentException"><see cref="ErrorCode.PositionConflict"/>: somebody else has written; read the window again.</exception>
    public async Task<TranscriptWindow> AppendAsync(
        string runId, TranscriptWindow window, IReadOnlyList<TranscriptEntry> entries, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(window);
        ArgumentNullException.ThrowIfNull(entries);
        // Out of the cache first: should the append's outcome stay unknown, the next reader asks the store.
        _windows.Remove(runId);
        var data = new ReadOnlyMemory<byte>[entries.Count];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = JsonSerializer.SerializeToUtf8Bytes(entries[i], AgentJsonContext.Default.TranscriptEntry);
        }

        await logs.AppendAsync(StreamOf(runId), data, window.End, cancellationToken).ConfigureAwait(false);
        TranscriptWindow grown = window.With(entries);
        _windows.Set(runId, grown);
        return grown;
    }

    /// <summary>All messages from a position on.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="maxCount">The most messages; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async IAsyncEnumerable<(long Position, TranscriptEntry Entry)> ReadAsync(
        string runId, long from = 0, int? maxCount = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (LogEntry entry in logs.ReadAsync(StreamOf(runId), from, maxCount, cancellationToken).ConfigureAwait(false))
        {
            yield return (entry.Position, Deserialize(entry.Data));
        }
    }

    private static TranscriptEntry Deserialize(ReadOnlyMemory<byte> data) =>
        JsonSerializer.Deserialize(data.Span, AgentJsonContext.Default.TranscriptEntry)!;
}

/// <summary>A part of a run's messages: the goal, then everything from one position to the end.</summary>
/// <param name="From">The position where the unbroken part begins.</param>
/// <param name="End">The position that the next message will get.</param>
/// <param name="Entries">The messages; the goal first.</param>
public sealed record TranscriptWindow(long From, long End, IReadOnlyList<TranscriptEntry> Entries)
{
    /// <summary>The model's message of a turn, or <see langword="null"/> where it has not spoken yet.</summary>
    /// <param name="turn">The turn.</param>
    public TranscriptEntry? ReplyOf(int turn)
    {
        for (int i = Entries.Count - 1; i >= 0 && Entries[i].Turn >= turn; i--)
        {
            if (Entries[i].Turn == turn && Entries[i].Message.Role == ChatRole.Assistant)
            {
                return Entries[i];
            }
        }

        return null;
    }

    internal TranscriptWindow With(IReadOnlyList<TranscriptEntry> added) =>
        this with { End = End + added.Count, Entries = [.. Entries, .. added] };
}
