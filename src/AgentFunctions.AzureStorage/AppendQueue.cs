namespace AgentFunctions.AzureStorage;

/// <summary>
/// The appends of this process that wait for a stream. One write to a stream is in flight at a time, and what comes meanwhile is
/// joined into the next block: appends of one process do not refuse each other, and many cost one request.
/// </summary>
/// <param name="writeAsync">Writes appends to a stream as one block, in order; returns the position of the first entry.</param>
internal sealed class AppendQueue(Func<string, IReadOnlyList<PendingAppend>, Task<long>> writeAsync)
{
    /// <summary>The bytes up to which appends are joined: a block is read at once.</summary>
    private const int MaxJoinedBytes = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queue<PendingAppend>> _waiting = new(StringComparer.Ordinal);

    /// <summary>Adds entries to a stream.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="append">What to add.</param>
    /// <param name="cancellationToken">
    /// The token to cancel the wait. What waits for its turn by then is not written; what is being written may have been.
    /// </param>
    /// <returns>The position of the first entry.</returns>
    public Task<long> AddAsync(string stream, PendingAppend append, CancellationToken cancellationToken)
    {
        append.Token = cancellationToken;
        lock (_gate)
        {
            if (_waiting.TryGetValue(stream, out Queue<PendingAppend>? queue))
            {
                queue.Enqueue(append);
                return append.Position.WaitAsync(cancellationToken);
            }

            _waiting[stream] = new Queue<PendingAppend>([append]);
        }

        _ = WriteAllAsync(stream);
        return append.Position.WaitAsync(cancellationToken);
    }

    private async Task WriteAllAsync(string stream)
    {
        while (TakeNext(stream) is { } group)
        {
            try
            {
                long position = await writeAsync(stream, group);
                foreach (PendingAppend append in group)
                {
                    append.Written(position);
                    position += append.Entries.Count;
                }
            }
            catch (Exception e)
            {
                // It is the callers' to handle: each of them is told.
                foreach (PendingAppend append in group)
                {
                    append.Failed(e);
                }
            }
        }
    }

    /// <summary>What is written next; <see langword="null"/> if nothing waits, and then the next append begins anew.</summary>
    private List<PendingAppend>? TakeNext(string stream)
    {
        lock (_gate)
        {
            Queue<PendingAppend> queue = _waiting[stream];
            List<PendingAppend> group = [];
            int bytes = 0;
            while (queue.TryPeek(out PendingAppend? next))
            {
                if (!next.Token.IsCancellationRequested)
                {
                    bytes += next.Bytes;
                    // Where an append must begin at a position, others after it in the same block would share its refusal.
                    if (group.Count > 0 && (bytes > MaxJoinedBytes || next.ExpectedPosition is not null
                        || group[0].ExpectedPosition is not null))
                    {
                        break;
                    }

                    group.Add(next);
                }

                queue.Dequeue();
            }

            if (group.Count > 0)
            {
                return group;
            }

            _waiting.Remove(stream);
            return null;
        }
    }
}
