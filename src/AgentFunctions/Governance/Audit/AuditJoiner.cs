using System.Collections.Concurrent;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// Writes the chain of heads: what this host has added to the parts of the log is entered there, some seconds later and for all
/// parts together, so that a part which is cut off, emptied or put back later is missed.
/// </summary>
internal sealed class AuditJoiner
{
    /// <summary>How long heads are gathered.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>How many of the last entries of the chain a host without heads of its own looks at.</summary>
    private const int Lookback = 256;

    private readonly ConcurrentDictionary<string, AuditHead> _grown = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _joining = new(1);
    private readonly AuditChainContext _context;
    private readonly AuditChain _heads;
    private readonly Func<AuditEntry, Task> _mark;
    private readonly ITimer _timer;
    private int _due;
    private volatile IReadOnlyDictionary<string, Head>? _joined;

    /// <summary>Makes the joiner of a log.</summary>
    /// <param name="context">What the parts share.</param>
    /// <param name="heads">The chain of heads.</param>
    /// <param name="mark">Adds an entry to the host's own part.</param>
    public AuditJoiner(AuditChainContext context, AuditChain heads, Func<AuditEntry, Task> mark)
    {
        (_context, _heads, _mark) = (context, heads, mark);
        _timer = context.Time.CreateTimer(
            static joiner => _ = ((AuditJoiner)joiner!).TryJoinAsync(CancellationToken.None), this, Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
    }

    /// <summary>Notes how far a part has grown.</summary>
    public void Grown(AuditHead head)
    {
        if (head.Shard == AuditShards.Heads)
        {
            _context.LastJoin = head;
            return;
        }

        _grown[head.Shard ?? ""] = head;
        if (Interlocked.Exchange(ref _due, 1) == 0)
        {
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Enters what has grown since the last time; nothing if nothing has.</summary>
    public async Task JoinAsync(CancellationToken cancellationToken = default)
    {
        Interlocked.Exchange(ref _due, 0);
        await _joining.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Its own copy, of one moment: a spread counts first and copies then, and fails where a part was added in between.
            KeyValuePair<string, AuditHead>[] grown = _grown.ToArray();
            if (grown.Length == 0)
            {
                return;
            }

            AuditHead[] heads = [.. grown.Select(static one => one.Value)
                .OrderBy(static head => head.Shard, StringComparer.Ordinal)];
            AuditHead joined = await _heads.AppendAsync(new AuditEntry(AuditTypes.LogJoined) { Heads = heads })
                .WaitAsync(cancellationToken)
                .ConfigureAwait(false);
            foreach (KeyValuePair<string, AuditHead> one in grown)
            {
                // Only if it has not grown further.
                _grown.TryRemove(one);
            }

            if (joined.Count == 1
                && await _context.Logs.GetLengthAsync(AuditLog.Stream, cancellationToken).ConfigureAwait(false) > 0)
            {
                // What there was before is closed by an entry that names the chain of heads: without that the log is not whole.
                await _mark(new AuditEntry(AuditTypes.LogSharded) { Reason = "Entries of runs are in shards from here on." })
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            _joining.Release();
        }
    }

    /// <summary>Enters what has grown; if the store is away, the next time does.</summary>
    public async Task TryJoinAsync(CancellationToken cancellationToken)
    {
        try
        {
            await JoinAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AgentException or ObjectDisposedException or OperationCanceledException)
        {
            // The heads are kept, and the next entry makes them due again. A chain of heads that was cut off is an error of the
            // start, of 'verify' and of the parts that name it.
        }
    }

    /// <summary>Gets what the chain of heads says of a part, for a host that has no head of its own.</summary>
    public async ValueTask<Head?> JoinedAsync(string? shard, CancellationToken cancellationToken)
    {
        if (shard == AuditShards.Heads || _context.Heads is not null)
        {
            return null;
        }

        _joined ??= await ReadAsync(cancellationToken).ConfigureAwait(false);
        return _joined.GetValueOrDefault(shard ?? "");
    }

    private async Task<IReadOnlyDictionary<string, Head>> ReadAsync(CancellationToken cancellationToken)
    {
        string stream = AuditShards.StreamOf(AuditShards.Heads);
        var joined = new Dictionary<string, Head>(StringComparer.Ordinal);
        long length = await _context.Logs.GetLengthAsync(stream, cancellationToken).ConfigureAwait(false);
        await foreach (LogEntry line in _context.Logs.ReadAsync(stream, Math.Max(0, length - Lookback), null, cancellationToken)
            .ConfigureAwait(false))
        {
            foreach (AuditHead head in AuditLine.TryRead(line.Data)?.Heads ?? [])
            {
                string shard = head.Shard ?? "";
                if (!joined.TryGetValue(shard, out Head? known) || known.Count < head.Count)
                {
                    joined[shard] = new Head(AuditLog.Stream, head.Count, head.Hash);
                }
            }
        }

        return joined;
    }
}
