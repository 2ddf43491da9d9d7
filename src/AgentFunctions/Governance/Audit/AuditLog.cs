using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Represents the append-only audit log: chains of hashes, each signed at the end of every write. Entries about runs are spread
/// over shards, so that instances do not wait for each other; a chain of heads joins them.
/// </summary>
public sealed class AuditLog
{
    /// <summary>Names the stream of the log. The names of its shards begin with it and a slash.</summary>
    public const string Stream = "audit";

    /// <summary>What the names of the shards' streams begin with.</summary>
    internal const string Shards = Stream + "/";

    internal const string KeyPurpose = "audit";

    internal const string HeadName = "audit";

    private readonly AuditChainContext _context;
    private readonly ConcurrentDictionary<string, AuditChain> _parts = new(StringComparer.Ordinal);
    private readonly AuditChain _heads;
    private readonly AuditJoiner _joiner;
    private readonly AuditSeal? _seal;

    /// <summary>Opens the audit log of a store.</summary>
    /// <param name="logs">The store.</param>
    /// <param name="keys">The keys that sign.</param>
    /// <param name="time">The clock.</param>
    /// <param name="redactor">Masks texts before they are written.</param>
    /// <param name="heads">The heads beside the keys; <see langword="null"/> if this host has none.</param>
    /// <param name="trees">The keys of run trees that seal texts; <see langword="null"/> to leave them in clear.</param>
    internal AuditLog(
        ILogStore logs, SigningKeys keys, TimeProvider time, Redactor? redactor = null, IHeadStore? heads = null,
        TreeKeys? trees = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        _seal = trees is null ? null : new AuditSeal(trees, redactor);
        _context = new AuditChainContext(logs, keys, time, redactor, heads);
        _heads = new AuditChain(_context, AuditShards.Heads);
        _joiner = new AuditJoiner(_context, _heads, entry => Part(null).AppendAsync(entry));
        _context.Grown = _joiner.Grown;
        _context.JoinedAsync = _joiner.JoinedAsync;
    }

    /// <summary>Adds an entry. Durable when it returns.</summary>
    /// <param name="entry">The entry; its texts are masked before it is chained.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the entry is added nevertheless.</param>
    public async Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        AuditEntry stored = _seal is null ? entry : await _seal.CloseAsync(entry, cancellationToken).ConfigureAwait(false);
        await Part(AuditShards.Of(stored)).AppendAsync(stored).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Adds an entry, and hands it to the store at once where its part is idle: so that it is the first of a group of writes that
    /// the caller has begun.
    /// </summary>
    /// <param name="entry">The entry; its texts are masked before it is chained.</param>
    /// <param name="isHandedOver">Whether the store has it. If not, it is on its way by itself, in no group.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the entry is added nevertheless.</param>
    internal Task AppendAsync(AuditEntry entry, out bool isHandedOver, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entry);
        isHandedOver = false;
        ValueTask<AuditEntry> closing = _seal is null ? new(entry) : _seal.CloseAsync(entry, cancellationToken);
        if (!closing.IsCompletedSuccessfully)
        {
            return AppendAsync(closing, cancellationToken);
        }

        AuditEntry stored = closing.Result;
        AuditChain part = Part(AuditShards.Of(stored));
        return (part.TryHandOver(stored, out isHandedOver) ?? part.AppendAsync(stored)).WaitAsync(cancellationToken);
    }

    private async Task AppendAsync(ValueTask<AuditEntry> closing, CancellationToken cancellationToken)
    {
        AuditEntry stored = await closing.ConfigureAwait(false);
        await Part(AuditShards.Of(stored)).AppendAsync(stored).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds an entry unless its part has the same already, however many hosts add it at once.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="once">Where the same may stand already, and what is the same.</param>
    /// <param name="cancellationToken">The token to cancel the wait; the entry is added nevertheless.</param>
    internal async Task AppendOnceAsync(AuditEntry entry, AuditOnce once, CancellationToken cancellationToken)
    {
        AuditEntry stored = _seal is null ? entry : await _seal.CloseAsync(entry, cancellationToken).ConfigureAwait(false);
        await Part(AuditShards.Of(stored)).AppendAsync(stored, once).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Gets the end of the part that the entries of a run are in: what is added later stands behind it.</summary>
    /// <param name="rootId">The root of the run's tree.</param>
    /// <param name="runId">The run.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    internal Task<long> EndAsync(string rootId, string runId, CancellationToken cancellationToken) =>
        _context.Logs.GetLengthAsync(
        AuditShards.StreamOf(AuditShards.Of(new AuditEntry("") { RootId = rootId, RunId = runId })), cancellationToken);

    /// <summary>Reads the entries, oldest first.</summary>
    /// <param name="runId">
    /// Only those of this run and of the tree below it, where it is a root; <see langword="null"/> for all.
    /// </param>
    /// <param name="from">How many of them to leave out. To go on in a log that grows, use a cursor.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public IAsyncEnumerable<AuditEntry> ReadAsync(string? runId = null, long from = 0,
        CancellationToken cancellationToken = default) =>
        SkipAsync(AuditReader.ReadAsync(_context.Logs, _seal, runId, AuditCursor.Start, null, cancellationToken), from,
            cancellationToken);

    /// <summary>Reads the entries after a cursor, oldest first.</summary>
    /// <param name="after">The place.</param>
    /// <param name="runId">
    /// Only those of this run and of the tree below it, where it is a root; <see langword="null"/> for all.
    /// </param>
    /// <param name="filter">Only those that match; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public IAsyncEnumerable<AuditEntry> ReadAfterAsync(
        AuditCursor after, string? runId = null, AuditFilter? filter = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(after);
        return AuditReader.ReadAsync(_context.Logs, _seal, runId, after, filter, cancellationToken);
    }

    /// <summary>Reads the entries after a cursor that match, oldest first, with their texts as they are stored.</summary>
    internal IAsyncEnumerable<AuditEntry> ReadSealedAsync(AuditCursor after, AuditFilter filter,
        CancellationToken cancellationToken) =>
        AuditReader.ReadAsync(_context.Logs, null, null, after, filter, cancellationToken);

    /// <summary>Finds the place from which to read the entries of a time and later, without reading earlier ones.</summary>
    /// <param name="since">The time. The first entries after the place may be some minutes older.</param>
    /// <param name="runId">The run whose parts of the log are looked at; <see langword="null"/> for all parts.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public Task<AuditCursor> FindAsync(
        DateTimeOffset since, string? runId = null, CancellationToken cancellationToken = default) =>
        AuditSearch.FirstAsync(_context.Logs, runId, since, cancellationToken);

    /// <summary>
    /// Reads the newest entries that match, oldest first, from the end of the log backwards as far as it takes.
    /// </summary>
    /// <param name="match">The condition. It gets the texts of an entry as they are stored, which may be sealed.</param>
    /// <param name="count">The most entries.</param>
    /// <param name="runId">
    /// Only those of this run and of the tree below it, where it is a root; <see langword="null"/> for all.
    /// </param>
    /// <param name="since">The time before which the search ends; <see langword="null"/> for the beginning of the log.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<IReadOnlyList<AuditEntry>> ReadNewestAsync(
        Func<AuditEntry, bool> match, int count, string? runId = null, DateTimeOffset? since = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(match);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        for (int each = Math.Max(64, Math.Min(count, 1_024)); ; each *= 8)
        {
            (AuditCursor place, DateTimeOffset? complete) = await AuditSearch.LastAsync(
                _context.Logs, runId, each, cancellationToken).ConfigureAwait(false);
            bool isAll = complete is null || complete <= since || each > int.MaxValue / 8;
            var found = new Queue<AuditEntry>();
            int certain = 0;
            await foreach (AuditEntry entry in AuditReader.ReadAsync(_context.Logs, null, runId, place, null, cancellationToken)
                .ConfigureAwait(false))
            {
                if (!(entry.At < since) && match(entry))
                {
                    certain += isAll || entry.At >= complete ? 1 : 0;
                    found.Enqueue(entry);
                    if (found.Count > count)
                    {
                        found.Dequeue();
                    }
                }
            }

            if (isAll || certain >= count)
            {
                return _seal is null ? [.. found]
                    : await Task.WhenAll(found.Select(entry => _seal.OpenAsync(entry, cancellationToken).AsTask()))
                        .ConfigureAwait(false);
            }
        }
    }

    /// <summary>Counts the entries of a tree whose words are not sealed, because an earlier version wrote them.</summary>
    /// <param name="rootId">The root of the tree.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    internal async Task<int> CountInClearAsync(string rootId, CancellationToken cancellationToken)
    {
        int count = 0;
        await foreach (AuditEntry entry in AuditReader.ReadAsync(_context.Logs, null, rootId, AuditCursor.Start, null,
            cancellationToken).ConfigureAwait(false))
        {
            count += entry.Sealed is null && !AuditTypes.IsOfErasure(entry.Type) && AuditTexts.Of(entry) is not null ? 1 : 0;
        }

        return count;
    }

    /// <summary>Exports the entries as they are stored, for verification elsewhere.</summary>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ExportAsync([EnumeratorCancellation] CancellationToken cancellationToken =
        default)
    {
        await foreach (AuditPartLine line in AuditParts.ReadAsync(_context.Logs, cancellationToken).ConfigureAwait(false))
        {
            yield return line.Line;
        }
    }

    /// <summary>Deletes the entries that are older than a moment, but for the last of each part.</summary>
    /// <param name="before">The moment.</param>
    /// <param name="cancellationToken">The token to stop.</param>
    /// <returns>How many entries were deleted.</returns>
    internal async Task<long> CutAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        // What is cut is joined before, so that an earlier state of the part is no whole log either.
        await _joiner.JoinAsync(cancellationToken).ConfigureAwait(false);
        return await new AuditCutter(_context.Logs, _heads).CutAsync(before, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Checks the whole log against this host's keys, and against the heads that it knows.</summary>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<AuditVerification> VerifyAsync(CancellationToken cancellationToken = default)
    {
        // The heads first: entries that are added meanwhile lie behind them.
        var known = new List<AuditHead>();
        foreach (string? shard in AuditParts.InOrder.Prepend(AuditShards.Heads))
        {
            if (await Part(shard).OwnHeadAsync(cancellationToken).ConfigureAwait(false) is { } head)
            {
                known.Add(new AuditHead(shard, head.Count, head.Chain));
            }
        }

        PublicKeySet keys = await _context.Keys.PublishedAsync(cancellationToken).ConfigureAwait(false);
        return await AuditVerifier.VerifyAsync(AuditParts.ReadAsync(_context.Logs, cancellationToken), keys, known,
            cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Checks that the log still has all that this host knows it had.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileUnusable"/>: a part was cut off, emptied or written anew.
    /// </exception>
    internal async Task EnsureWholeAsync(CancellationToken cancellationToken = default)
    {
        foreach (string? shard in AuditParts.InOrder.Prepend(AuditShards.Heads))
        {
            await Part(shard).EnsureWholeAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Enters in the chain of heads what was added since the last time.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal Task JoinAsync(CancellationToken cancellationToken = default) => _joiner.JoinAsync(cancellationToken);

    /// <summary>The same at the end of a host: if the store is away, what was added is entered by nobody.</summary>
    internal Task TryJoinAsync(CancellationToken cancellationToken = default) => _joiner.TryJoinAsync(cancellationToken);

    private AuditChain Part(string? shard) =>
        shard == AuditShards.Heads
            ? _heads
            : _parts.GetOrAdd(shard ?? "", static (_, part) => new AuditChain(part._context, part.shard), (_context, shard));

    private static async IAsyncEnumerable<AuditEntry> SkipAsync(
        IAsyncEnumerable<AuditEntry> entries, long count, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (AuditEntry entry in entries.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (count-- <= 0)
            {
                yield return entry;
            }
        }
    }
}
