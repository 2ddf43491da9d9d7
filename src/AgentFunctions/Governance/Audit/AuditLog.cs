using AgentFunctions.Governance.Identity;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Governance.Audit;

/// <summary>
/// The append-only record of who allowed what: one chain of hashes for the whole host, signed at the end of every write.
/// Entries of many runs that come at the same time are written together.
/// </summary>
public sealed class AuditLog(
    ILogStore logs, [FromKeyedServices(AuditLog.KeyPurpose)] SigningKeys keys, TimeProvider time, Redactor? redactor = null,
    IHeadStore? heads = null)
{
    /// <summary>The name of the log's stream.</summary>
    public const string Stream = "audit";

    internal const string KeyPurpose = "audit";

    internal const string HeadName = "audit";

    private const int MaxBatch = 256;

    private readonly Lock _gate = new();
    private readonly Queue<(AuditEntry Entry, TaskCompletionSource Written)> _waiting = [];
    private bool _writing;
    private (long Length, string Hash)? _end;
    private volatile Head? _seen;

    /// <summary>Adds an entry. Durable when it returns.</summary>
    /// <param name="entry">The entry; its texts are masked before it is chained.</param>
    /// <param name="cancellationToken">Stops waiting; the entry is added nevertheless.</param>
    public Task AppendAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var written = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue((entry, written));
            if (!_writing)
            {
                _writing = true;
                _ = Task.Run(WriteAllAsync, CancellationToken.None);
            }
        }

        return written.Task.WaitAsync(cancellationToken);
    }

    /// <summary>The entries, oldest first.</summary>
    /// <param name="runId">Only those of this run and of the tree below it, where it is a root; <see langword="null"/> for all.</param>
    /// <param name="from">The first number to read.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public async IAsyncEnumerable<AuditEntry> ReadAsync(
        string? runId = null, long from = 0,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (LogEntry line in logs.ReadAsync(Stream, from, null, cancellationToken).ConfigureAwait(false))
        {
            AuditEntry entry = AuditLine.Read(line.Data);
            if (runId is null || entry.RunId == runId || entry.RootId == runId)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The entries as they are stored: what an auditor takes away and verifies elsewhere.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ExportAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (LogEntry line in logs.ReadAsync(Stream, 0, null, cancellationToken).ConfigureAwait(false))
        {
            yield return line.Data;
        }
    }

    /// <summary>Checks the whole log against this host's keys.</summary>
    /// <param name="cancellationToken">Stops reading.</param>
    public async Task<AuditVerification> VerifyAsync(CancellationToken cancellationToken = default)
    {
        // The head first: entries that are added meanwhile lie behind it.
        Head? head = await HeadAsync(cancellationToken).ConfigureAwait(false);
        return await AuditVerifier.VerifyAsync(
            ExportAsync(cancellationToken), await keys.PublishedAsync(cancellationToken).ConfigureAwait(false), head?.Chain, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Checks that the log still has all that this host knows it had.</summary>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: it was cut off, emptied or written anew.</exception>
    internal async Task DemandWholeAsync(CancellationToken cancellationToken = default)
    {
        if (await HeadAsync(cancellationToken).ConfigureAwait(false) is not { } head)
        {
            return;
        }

        long length = await logs.GetLengthAsync(Stream, cancellationToken).ConfigureAwait(false);
        string? hash = null;
        await foreach (LogEntry entry in logs.ReadAsync(Stream, head.Count - 1, 1, cancellationToken).ConfigureAwait(false))
        {
            hash = AuditLine.HashOf(entry.Data.Span);
        }

        if (hash != head.Chain)
        {
            throw new AgentException(
                ErrorCode.DataFileUnusable,
                $"The audit log was {(length < head.Count ? $"cut off: it had {head.Count} entries and has {length}" : $"altered at entry {head.Count - 1}")}. "
                + $"Nothing is added to it. Restore the data from a backup; to begin anew knowingly, remove 'heads/{HeadName}.head' from the key folder.");
        }
    }

    private async Task WriteAllAsync()
    {
        while (true)
        {
            var batch = new List<(AuditEntry Entry, TaskCompletionSource Written)>();
            lock (_gate)
            {
                while (batch.Count < MaxBatch && _waiting.TryDequeue(out (AuditEntry, TaskCompletionSource) next))
                {
                    batch.Add(next);
                }

                if (batch.Count == 0)
                {
                    _writing = false;
                    return;
                }
            }

            try
            {
                await WriteAsync([.. batch.Select(item => item.Entry)]).ConfigureAwait(false);
                batch.ForEach(static item => item.Written.TrySetResult());
            }
            catch (Exception e)
            {
                _end = null;
                batch.ForEach(item => item.Written.TrySetException(e));
            }
        }
    }

    private async Task WriteAsync(AuditEntry[] entries)
    {
        SigningKey key = await keys.CurrentAsync().ConfigureAwait(false);
        while (true)
        {
            (long length, string hash) = _end ?? await ReadEndAsync().ConfigureAwait(false);
            DateTimeOffset now = time.GetUtcNow();
            var lines = new ReadOnlyMemory<byte>[entries.Length];
            for (int i = 0; i < entries.Length; i++)
            {
                byte[] line = AuditLine.Write(
                    entries[i] with { Seq = length + i, At = now, Prev = hash }, i == entries.Length - 1 ? key : null, redactor);
                hash = AuditLine.HashOf(line);
                lines[i] = line;
            }

            try
            {
                await logs.AppendAsync(Stream, lines, length).ConfigureAwait(false);
                _end = (length + lines.Length, hash);
                await NoteAsync(new Head(Stream, length + lines.Length, hash)).ConfigureAwait(false);
                return;
            }
            catch (AgentException e) when (e.Code == ErrorCode.PositionConflict)
            {
                // Another host has written: take up the chain from its end.
                _end = null;
            }
        }
    }

    /// <summary>The last head that this host knows: from its own memory, or from before its start.</summary>
    private async ValueTask<Head?> HeadAsync(CancellationToken cancellationToken) =>
        _seen ?? (heads is null ? null : await heads.ReadAsync(HeadName, cancellationToken).ConfigureAwait(false));

    private async Task NoteAsync(Head head)
    {
        _seen = head;
        try
        {
            await (heads?.WriteAsync(HeadName, head) ?? ValueTask.CompletedTask).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EngineUnavailable)
        {
            // The entries are written; a head that is behind is no fault, and the next write brings it up.
        }
    }

    private async Task<(long Length, string Hash)> ReadEndAsync()
    {
        await DemandWholeAsync().ConfigureAwait(false);
        (long Length, string Hash) end = (0, AuditLine.NoPrevious);
        long length = await logs.GetLengthAsync(Stream).ConfigureAwait(false);
        await foreach (LogEntry last in logs.ReadAsync(Stream, Math.Max(0, length - 1)).ConfigureAwait(false))
        {
            end = (last.Position + 1, AuditLine.HashOf(last.Data.Span));
        }

        return end;
    }
}
