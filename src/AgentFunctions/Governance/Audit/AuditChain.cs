using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// One part of the audit log: a chain of hashes, signed at the end of every write. Entries that come at the same time are written
/// together. Other instances may write to it too: each write is on the condition that the chain ends where this one believes.
/// </summary>
internal sealed class AuditChain(AuditChainContext context, string? shard)
{
    private const int MaxBatch = 256;

    private readonly string _stream = AuditShards.StreamOf(shard);
    private readonly string _headName = AuditShards.HeadOf(shard);
    private readonly string _epoch = AuditShards.StreamOf(shard).Replace('/', '-');
    private readonly Lock _gate = new();
    private readonly Queue<AuditWrite> _waiting = [];
    private bool _writing;
    private AuditEnd? _end;
    private AuditHead? _joined;

    /// <summary>Whether others wrote since the last write: then to read first is cheaper than to be refused.</summary>
    private bool _othersWrite;
    private volatile Head? _seen;

    /// <summary>Adds an entry. Durable when it returns.</summary>
    /// <param name="entry">The entry; its texts are masked before it is chained.</param>
    /// <param name="once">
    /// Where the same entry may stand already, so that it is not added; <see langword="null"/> to add it in any case.
    /// </param>
    /// <returns>How far the part has grown.</returns>
    public Task<AuditHead> AppendAsync(AuditEntry entry, AuditOnce? once = null)
    {
        var written = new TaskCompletionSource<AuditHead>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(new AuditWrite(entry, once, written));
            if (!_writing)
            {
                _writing = true;
                _ = Task.Run(WriteAllAsync, CancellationToken.None);
            }
        }

        return written.Task;
    }

    /// <summary>
    /// Adds an entry from within the call where nothing else is written to the part: the store has it when this returns.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="isHandedOver">Whether the store has it.</param>
    /// <returns>
    /// How far the part has grown; <see langword="null"/> where the entry has to wait for others and was not added.
    /// </returns>
    public Task<AuditHead>? TryHandOver(AuditEntry entry, out bool isHandedOver)
    {
        isHandedOver = false;
        lock (_gate)
        {
            if (_writing || _othersWrite || _end is null)
            {
                return null;
            }

            _writing = true;
        }

        var write = new AuditWrite(entry, null,
            new TaskCompletionSource<AuditHead>(TaskCreationOptions.RunContinuationsAsynchronously));
        _ = GoOnAsync([write]);
        isHandedOver = write.IsHandedOver;
        return write.Written.Task;

        async Task GoOnAsync(List<AuditWrite> first)
        {
            await WriteAsync(first).ConfigureAwait(false);
            await WriteAllAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gets the last head that this host knows by itself: from its memory, or from beside its keys.</summary>
    public async ValueTask<Head?> OwnHeadAsync(CancellationToken cancellationToken) =>
        _seen ?? (context.Heads is null
            ? null
            : await context.Heads.ReadAsync(_headName, cancellationToken).ConfigureAwait(false));

    /// <summary>Checks that the part still has all that this host knows it had.</summary>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: it was cut off, emptied or written anew.
    /// </exception>
    public async Task EnsureWholeAsync(CancellationToken cancellationToken)
    {
        if (await OwnHeadAsync(cancellationToken).ConfigureAwait(false) is not null)
        {
            await ReadEndAsync(null, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteAllAsync()
    {
        while (true)
        {
            var batch = new List<AuditWrite>();
            lock (_gate)
            {
                while (batch.Count < MaxBatch && _waiting.TryDequeue(out AuditWrite? next))
                {
                    batch.Add(next);
                }

                if (batch.Count == 0)
                {
                    _writing = false;
                    return;
                }
            }

            await WriteAsync(batch).ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(List<AuditWrite> batch)
    {
        try
        {
            AuditHead head = await AppendAsync(batch).ConfigureAwait(false);
            batch.ForEach(item => item.Written.TrySetResult(head));
        }
        catch (Exception e)
        {
            _end = null;
            batch.ForEach(item => item.Written.TrySetException(e));
        }
    }

    private async Task<AuditHead> AppendAsync(List<AuditWrite> writes)
    {
        SigningKey key = await context.Keys.CurrentAsync().ConfigureAwait(false);
        bool isFresh = false;
        while (true)
        {
            AuditEnd end = _end is { } known && (isFresh || !_othersWrite) ? known : await LookAsync().ConfigureAwait(false);
            // Anew whenever others have written: what they wrote may be the very same.
            AuditEntry[] entries = await AuditOnce.MissingAsync(context.Logs, _stream, writes, end.Count).ConfigureAwait(false);
            if (entries.Length == 0)
            {
                return new AuditHead(shard, end.Count, end.Hash);
            }

            AuditHead? joined = shard == AuditShards.Heads ? null : context.LastJoin;
            (ReadOnlyMemory<byte>[] lines, AuditEnd after) = Chain(entries, end, key, joined == _joined ? null : joined);
            try
            {
                Task appended = context.Logs.AppendAsync(_stream, lines, end.Count);
                writes.ForEach(static write => write.IsHandedOver = true);
                await appended.ConfigureAwait(false);
                _end = after;
            }
            catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
            {
                // Another instance has written: the chain is taken up from its end. If the answer to this write was lost and the
                // store tried again, the entries are there already.
                _end = null;
                AuditEnd found = await ReadEndAsync(after, CancellationToken.None).ConfigureAwait(false);
                _end = found with { Has = false };
                if (!found.Has)
                {
                    isFresh = _othersWrite = true;
                    continue;
                }
            }

            _joined = joined;
            return await NoteAsync(after).ConfigureAwait(false);
        }
    }

    private async Task<AuditEnd> LookAsync()
    {
        AuditEnd? believed = _end;
        _end = null;
        AuditEnd end = await ReadEndAsync(null, CancellationToken.None).ConfigureAwait(false);
        _othersWrite = believed is not null && believed.Hash != end.Hash;
        return _end = end;
    }

    private (ReadOnlyMemory<byte>[] Lines, AuditEnd After) Chain(AuditEntry[] entries, AuditEnd end, SigningKey key,
        AuditHead? joined)
    {
        // The clocks of instances differ, but within a part time does not go back: lists of several parts are ordered by it.
        DateTimeOffset now = context.Time.GetUtcNow();
        now = now < end.At ? end.At : now;
        string hash = end.Hash;
        var lines = new ReadOnlyMemory<byte>[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            bool isLast = i == entries.Length - 1;
            AuditEntry entry = entries[i] with
            {
                Seq = end.Count + i,
                At = now,
                Prev = hash,
                Shard = shard,
                Joined = isLast ? joined : null,
                Sealed = null,
            };
            byte[] line = AuditLine.Write(entry, isLast ? key : null, context.Redactor, entries[i].Sealed);
            hash = AuditLine.HashOf(line);
            lines[i] = line;
        }

        return (lines, new AuditEnd(end.Count + lines.Length, hash, now));
    }

    private async Task<AuditHead> NoteAsync(AuditEnd end)
    {
        var head = new Head(_epoch, end.Count, end.Hash);
        _seen = head;
        try
        {
            if (context.Heads is { } heads)
            {
                await heads.WriteAsync(_headName, head).ConfigureAwait(false);
            }
        }
        catch (AgentException e) when (e.Code == ErrorCode.EngineUnavailable)
        {
            // The entries are written; a head that is behind is no fault, and the next write brings it up.
        }

        var grown = new AuditHead(shard, end.Count, end.Hash);
        context.Grown(grown);
        return grown;
    }

    /// <summary>Reads where the part ends, from the last entry that is known on, which must still be there.</summary>
    /// <param name="sought">An end that this host may have written.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    private async Task<AuditEnd> ReadEndAsync(AuditEnd? sought, CancellationToken cancellationToken)
    {
        Head? known = await OwnHeadAsync(cancellationToken).ConfigureAwait(false)
            ?? await context.JoinedAsync(shard, cancellationToken).ConfigureAwait(false);
        long from = known?.Count - 1
            ?? sought?.Count - 1
            ?? Math.Max(0, await context.Logs.GetLengthAsync(_stream, cancellationToken).ConfigureAwait(false) - 1);
        AuditEnd end = AuditEnd.None;
        ReadOnlyMemory<byte> last = default;
        await foreach (LogEntry line in context.Logs.ReadAsync(_stream, from, null, cancellationToken).ConfigureAwait(false))
        {
            end = new AuditEnd(line.Position + 1, AuditLine.HashOf(line.Data.Span), default, end.Has || Is(sought, line));
            last = line.Data;
            if (line.Position == from && known is not null && end.Hash != known.Chain)
            {
                throw await LostAsync(known, cancellationToken).ConfigureAwait(false);
            }
        }

        if (known is not null && end.Count < known.Count)
        {
            throw await LostAsync(known, cancellationToken).ConfigureAwait(false);
        }

        // What cannot be read is the verifier's to tell.
        return end with { At = AuditLine.TryRead(last)?.At ?? default };
    }

    private static bool Is(AuditEnd? sought, LogEntry line) =>
        sought is not null && sought.Count == line.Position + 1 && sought.Hash == AuditLine.HashOf(line.Data.Span);

    private async Task<AgentException> LostAsync(Head known, CancellationToken cancellationToken)
    {
        long length = await context.Logs.GetLengthAsync(_stream, cancellationToken).ConfigureAwait(false);
        string name = shard is null ? "The audit log" : $"The shard '{shard}' of the audit log";
        string what = length < known.Count
            ? $"cut off: it had {known.Count} entries and has {length}"
            : $"altered at entry {known.Count - 1}";
        string anew = context.Heads is null
            ? $"remove the log '{AuditShards.StreamOf(AuditShards.Heads)}' and start the instances again"
            : $"remove 'heads/{_headName}.head' from the key folder";
        return new AgentException(
            ErrorCode.DataFileUnusable,
            $"{name} was {what}. Nothing is added to it. Restore the data from a backup; to begin anew knowingly, {anew}.");
    }
}

/// <summary>Where a part of the audit log ends.</summary>
/// <param name="Count">How many entries it has.</param>
/// <param name="Hash">The hash of the last of them.</param>
/// <param name="At">When the last of them was written.</param>
/// <param name="Has">Whether an end that was sought is among what was read.</param>
internal sealed record AuditEnd(long Count, string Hash, DateTimeOffset At, bool Has = false)
{
    public static AuditEnd None { get; } = new(0, AuditLine.NoPrevious, default);
}
