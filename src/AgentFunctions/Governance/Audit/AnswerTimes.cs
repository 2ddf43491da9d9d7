namespace AgentFunctions.Governance.Audit;

/// <summary>Tells how long people took to decide approvals and to answer questions, out of the audit log.</summary>
public sealed class AnswerTimes
{
    private static readonly AuditFilter s_filter = new()
    {
        Types =
        [
            AuditTypes.ApprovalRequested, AuditTypes.ApprovalDecided, AuditTypes.QuestionAsked, AuditTypes.QuestionAnswered,
            AuditTypes.QuestionDeclined,
        ],
    };

    private readonly AuditLog _audit;

    internal AnswerTimes(AuditLog audit) => _audit = audit;

    /// <summary>Reads the times by the run that asked: from when it asked to the first word of a person.</summary>
    /// <param name="since">The earliest time of asking; <see langword="null"/> for any. Earlier entries are not read.</param>
    /// <param name="cancellationToken">The token to cancel the read.</param>
    public async Task<ILookup<string, TimeSpan>> ByRunAsync(
        DateTimeOffset? since = null, CancellationToken cancellationToken = default)
    {
        AuditCursor after = since is { } time
            ? await _audit.FindAsync(time, cancellationToken: cancellationToken).ConfigureAwait(false)
            : AuditCursor.Start;
        var asked = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var times = new List<(string Run, TimeSpan Time)>();
        await foreach (AuditEntry entry in _audit.ReadSealedAsync(after, s_filter, cancellationToken).ConfigureAwait(false))
        {
            if ((entry.ApprovalId ?? entry.QuestionId) is not { } id || entry.RunId is not { } run)
            {
                continue;
            }

            if (entry.Type is AuditTypes.ApprovalRequested or AuditTypes.QuestionAsked)
            {
                asked.TryAdd(id, entry.At);
            }
            else if (entry.Actor is not null && asked.Remove(id, out DateTimeOffset at))
            {
                // A default that is taken has no actor: nobody answered.
                times.Add((run, entry.At - at));
            }
        }

        return times.ToLookup(static one => one.Run, static one => one.Time, StringComparer.Ordinal);
    }
}
