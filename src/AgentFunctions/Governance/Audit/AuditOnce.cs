using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Audit;

/// <summary>Represents where the same entry may stand already.</summary>
/// <param name="From">The place in its part before which it cannot stand.</param>
/// <param name="IsSame">Tells whether an entry says the same.</param>
internal sealed record AuditOnce(long From, Func<AuditEntry, bool> IsSame)
{
    /// <summary>Gets the entries that a part does not have yet.</summary>
    /// <param name="logs">The store.</param>
    /// <param name="stream">The stream of the part.</param>
    /// <param name="writes">What is to be written.</param>
    /// <param name="end">How many entries the part has: it is written to on the condition that it still has as many.</param>
    public static ValueTask<AuditEntry[]> MissingAsync(ILogStore logs, string stream, List<AuditWrite> writes, long end) =>
        writes.TrueForAll(static write => write.Once is null)
            ? new([.. writes.ConvertAll(static write => write.Entry)])
            : LookAsync(logs, stream, writes, end);

    private static async ValueTask<AuditEntry[]> LookAsync(ILogStore logs, string stream, List<AuditWrite> writes, long end)
    {
        var missing = new List<AuditEntry>(writes.Count);
        foreach (AuditWrite write in writes)
        {
            if (write.Once is not { } once
                || (!missing.Exists(once.IsSame.Invoke) && !await once.StandsInAsync(logs, stream, end).ConfigureAwait(false)))
            {
                missing.Add(write.Entry);
            }
        }

        return [.. missing];
    }

    private async Task<bool> StandsInAsync(ILogStore logs, string stream, long end)
    {
        if (From >= end)
        {
            return false;
        }

        await foreach (LogEntry line in logs.ReadAsync(stream, From, null).ConfigureAwait(false))
        {
            if (line.Position >= end)
            {
                break;
            }

            if (AuditLine.TryRead(line.Data) is { } entry && IsSame(entry))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Represents an entry that is to be written.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Once">Where the same may stand already; <see langword="null"/> to write it in any case.</param>
/// <param name="Written">Completes when it stands in the log.</param>
internal sealed record AuditWrite(AuditEntry Entry, AuditOnce? Once, TaskCompletionSource<AuditHead> Written)
{
    /// <summary>Gets or sets whether the store was given it.</summary>
    public bool IsHandedOver { get; set; }
}
