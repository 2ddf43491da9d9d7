using System.Text.Json;
using AgentFunctions.Core.Text;
using AgentFunctions.Storage;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Records;

/// <summary>Stores the messages of runs, in a log for each run, and caches what the next model call needs.</summary>
public sealed class Transcript
{
    private readonly ILogStore _logs;
    private readonly IBlobStore? _blobs;
    private readonly ContentRefs? _refs;

    internal Transcript(ILogStore logs, IBlobStore? blobs = null, ContentRefs? refs = null)
    {
        _logs = logs;
        _blobs = blobs;
        _refs = refs;
    }

    /// <summary>
    /// A larger entry's message is kept as a blob, in bytes. An entry may have 1 MiB, and what redaction adds needs room.
    /// </summary>
    private const int MaxEntryBytes = 768 * 1024;

    /// <summary>How many runs' windows stay in memory; others are read again when they are needed.</summary>
    private const int CachedRuns = 512;

    /// <summary>How much of a message that is kept as a blob the entry itself shows, in characters.</summary>
    private const int StubLength = 1_000;

    private readonly LruCache<string, TranscriptWindow> _windows = new(CachedRuns);

    /// <summary>Gets the name of a run's log.</summary>
    /// <param name="runId">The run.</param>
    public static string StreamOf(string runId) => $"transcripts/{runId}";

    /// <summary>The part of a run's messages that the model is shown.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="context">Which part.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<TranscriptWindow> ReadWindowAsync(
        string runId, ContextRef context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (_windows.TryGet(runId, out TranscriptWindow? cached) && cached.Context == context)
        {
            return _logs.IsShared ? await GrowAsync(runId, cached, cancellationToken).ConfigureAwait(false) : cached;
        }

        return await ReadWholeAsync(runId, context, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads the window in which the model has spoken in a turn. What is recorded never changes, so a window in memory that has
    /// the message is not compared with the store.
    /// </summary>
    /// <param name="runId">The run.</param>
    /// <param name="context">Which part of the messages.</param>
    /// <param name="turn">The turn.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    /// <returns>The window; without the message only if the store lacks it.</returns>
    internal async Task<TranscriptWindow> ReadTurnAsync(string runId, ContextRef context, int turn,
        CancellationToken cancellationToken)
    {
        if (_windows.TryGet(runId, out TranscriptWindow? cached) && cached.Context == context && cached.ReplyOf(turn) is not null)
        {
            return cached;
        }

        TranscriptWindow window = await ReadWindowAsync(runId, context, cancellationToken).ConfigureAwait(false);
        return window.ReplyOf(turn) is null
            ? await ReadWholeAsync(runId, context, cancellationToken).ConfigureAwait(false)
            : window;
    }

    /// <summary>The window with what other processes have appended since it was read.</summary>
    private async Task<TranscriptWindow> GrowAsync(string runId, TranscriptWindow window, CancellationToken cancellationToken)
    {
        var added = new List<TranscriptEntry>();
        await foreach (TranscriptEntry entry in ReadAsync(runId, window.End, null, cancellationToken).ConfigureAwait(false))
        {
            added.Add(entry);
        }

        if (added.Count == 0)
        {
            return window;
        }

        TranscriptWindow grown = window.With(added);
        _windows.Set(runId, grown);
        return grown;
    }

    private async Task<TranscriptWindow> ReadWholeAsync(string runId, ContextRef context, CancellationToken cancellationToken)
    {
        var entries = new List<TranscriptEntry>();
        if (context.From > 0)
        {
            entries.AddRange(await ReadOneAsync(runId, 0, cancellationToken).ConfigureAwait(false));
        }

        if (context.Summary is { } summary)
        {
            entries.AddRange(await ReadOneAsync(runId, summary, cancellationToken).ConfigureAwait(false));
        }

        long end = context.From;
        await foreach (TranscriptEntry entry in ReadAsync(runId, context.From, null, cancellationToken).ConfigureAwait(false))
        {
            end = entry.Position + 1;
            if (entry.SummaryKeepsFrom is null)
            {
                entries.Add(entry);
            }
        }

        var window = new TranscriptWindow(context, end, entries);
        _windows.Set(runId, window);
        return window;
    }

    /// <summary>Adds messages at the end that the window knows.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="window">The window that the messages follow.</param>
    /// <param name="entries">The messages.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the messages may have been added.</param>
    /// <returns>The window with the messages in it.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.PositionConflict"/>: somebody else has written; read the window again.
    /// </exception>
    internal async Task<TranscriptWindow> AppendAsync(
        string runId, TranscriptWindow window, IReadOnlyList<TranscriptEntry> entries,
        CancellationToken cancellationToken = default)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> data = await PrepareAsync(runId, entries, cancellationToken).ConfigureAwait(false);
        return await AppendAsync(runId, window, entries, data, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes messages what is stored of them; what is too large for an entry is stored now, beside them.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="entries">The messages.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<IReadOnlyList<ReadOnlyMemory<byte>>> PrepareAsync(
        string runId, IReadOnlyList<TranscriptEntry> entries, CancellationToken cancellationToken)
    {
        var data = new ReadOnlyMemory<byte>[entries.Count];
        for (int i = 0; i < data.Length; i++)
        {
            data[i] = await WriteAsync(runId, entries[i], cancellationToken).ConfigureAwait(false);
        }

        return data;
    }

    /// <summary>The same for messages that are prepared: one write, which is started before this returns.</summary>
    internal async Task<TranscriptWindow> AppendAsync(
        string runId, TranscriptWindow window, IReadOnlyList<TranscriptEntry> entries, IReadOnlyList<ReadOnlyMemory<byte>> data,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(window);
        ArgumentNullException.ThrowIfNull(entries);
        // Out of the cache first: should the append's outcome stay unknown, the next reader asks the store.
        _windows.Remove(runId);
        Task appended = _logs.AppendAsync(StreamOf(runId), data, window.End, cancellationToken);
        TranscriptWindow grown = window.With(entries);
        if (_logs.IsShared)
        {
            await appended.ConfigureAwait(false);
            _windows.Set(runId, grown);
            return grown;
        }

        // Now, and not once more when it is written: the engine may have come to the next step by then.
        _windows.Set(runId, grown);
        try
        {
            await appended.ConfigureAwait(false);
        }
        catch
        {
            _windows.Remove(runId);
            throw;
        }

        return grown;
    }

    /// <summary>Forgets a run, which is being erased or has ended. What is not erased is read again when it is needed.</summary>
    internal void Forget(string runId) => _windows.Remove(runId);

    /// <summary>Reads all messages from a position on.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="from">The first position.</param>
    /// <param name="maxCount">The most messages; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<TranscriptEntry> ReadAsync(
        string runId, long from = 0, int? maxCount = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (LogEntry entry in _logs.ReadAsync(StreamOf(runId), from, maxCount, cancellationToken)
            .ConfigureAwait(false))
        {
            TranscriptEntry read = JsonSerializer.Deserialize(entry.Data.Span, StoredRecordsJsonContext.Default.TranscriptEntry)!;
            yield return (read.Blob is null
                ? read
                : await FetchAsync(runId, read, read.Blob, cancellationToken).ConfigureAwait(false)) with
            {
                Position = entry.Position,
            };
        }
    }

    /// <summary>Gets how many messages a run has.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<long> LengthAsync(string runId, CancellationToken cancellationToken = default) =>
        _logs.GetLengthAsync(StreamOf(runId), cancellationToken);

    /// <summary>Begins a run's messages with those of another, unless it has any.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="entries">The messages, from the first on.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task AddIfEmptyAsync(string runId, IReadOnlyList<TranscriptEntry> entries, CancellationToken cancellationToken)
    {
        const int Portion = 200;
        for (int start = 0; start < entries.Count; start += Portion)
        {
            var data = new List<ReadOnlyMemory<byte>>(Portion);
            for (int i = start; i < Math.Min(start + Portion, entries.Count); i++)
            {
                data.Add(await WriteAsync(runId, entries[i], cancellationToken).ConfigureAwait(false));
            }

            try
            {
                await _logs.AppendAsync(StreamOf(runId), data, start, cancellationToken).ConfigureAwait(false);
            }
            catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
            {
                // A repeated copy: the first one put this portion there.
            }
        }
    }

    /// <summary>An entry as it is stored; a message that is too large for one is kept beside it.</summary>
    private async Task<ReadOnlyMemory<byte>> WriteAsync(string runId, TranscriptEntry entry, CancellationToken cancellationToken)
    {
        byte[] data = JsonSerializer.SerializeToUtf8Bytes(entry, TranscriptJson.Entry);
        if (data.Length <= MaxEntryBytes || _blobs is null)
        {
            return data;
        }

        byte[] message = JsonSerializer.SerializeToUtf8Bytes(entry.Message, TranscriptJson.Message);
        if (_refs is not null)
        {
            await _refs.AddAsync(ContentRefs.HashOf(message), runId, cancellationToken).ConfigureAwait(false);
        }

        string hash = await _blobs.PutAsync(message, cancellationToken).ConfigureAwait(false);
        var stub = new ChatMessage(entry.Message.Role, TextCut.Shorten(entry.Message.Text, StubLength));
        return JsonSerializer.SerializeToUtf8Bytes(entry with { Message = stub, Blob = hash }, TranscriptJson.Entry);
    }

    private async Task<TranscriptEntry> FetchAsync(string runId, TranscriptEntry entry, string hash,
        CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> content = (_blobs is null
            ? null
            : await _blobs.GetAsync(hash, cancellationToken).ConfigureAwait(false))
            ?? throw new AgentException(ErrorCode.DataFileUnusable,
                $"A message of run '{runId}' ({hash}) is gone from the store.");
        return entry with { Message = JsonSerializer.Deserialize(content.Span, TranscriptJson.Message)!, Blob = null };
    }

    private async Task<List<TranscriptEntry>> ReadOneAsync(string runId, long position, CancellationToken cancellationToken)
    {
        var entries = new List<TranscriptEntry>(1);
        await foreach (TranscriptEntry entry in ReadAsync(runId, position, 1, cancellationToken).ConfigureAwait(false))
        {
            entries.Add(entry);
        }

        return entries;
    }
}

/// <summary>
/// Which part of its transcript a run's model is shown: the goal, a summary of the older part, and the rest as it was.
/// </summary>
/// <param name="From">The position where the part begins that is shown as it was.</param>
/// <param name="Summary">
/// The position of the summary of everything before; <see langword="null"/> if nothing was summed up yet.
/// </param>
internal sealed record ContextRef(long From = 0, long? Summary = null);

/// <summary>The messages that a run's model is shown.</summary>
/// <param name="Context">Which part of the transcript they are.</param>
/// <param name="End">The position that the next message will get.</param>
/// <param name="Entries">The messages: the goal, the summary where there is one, and the rest.</param>
internal sealed record TranscriptWindow(ContextRef Context, long End, IReadOnlyList<TranscriptEntry> Entries)
{
    /// <summary>The model's message of a turn, or <see langword="null"/> if it has not spoken yet.</summary>
    /// <param name="turn">The turn.</param>
    public TranscriptEntry? ReplyOf(int turn) =>
        Last(entry => entry.Turn == turn && entry.Message.Role == ChatRole.Assistant);

    /// <summary>The last message that matches, or <see langword="null"/>.</summary>
    /// <param name="match">The condition.</param>
    public TranscriptEntry? Last(Func<TranscriptEntry, bool> match)
    {
        for (int i = Entries.Count - 1; i >= 0; i--)
        {
            if (match(Entries[i]))
            {
                return Entries[i];
            }
        }

        return null;
    }

    internal TranscriptWindow With(IReadOnlyList<TranscriptEntry> added)
    {
        var shown = new List<TranscriptEntry>(added.Count);
        for (int i = 0; i < added.Count; i++)
        {
            if (added[i].SummaryKeepsFrom is null)
            {
                shown.Add(added[i] with { Position = End + i });
            }
        }

        return this with { End = End + added.Count, Entries = GrowingList<TranscriptEntry>.Append(Entries, [.. shown]) };
    }
}
