namespace AgentFunctions.Governance.Audit;

/// <summary>What an audit entry says in words of a run, and the hashes from which short words could be guessed.</summary>
/// <param name="Arguments">See <see cref="AuditEntry.Arguments"/>.</param>
/// <param name="Outcome">See <see cref="AuditEntry.Outcome"/>.</param>
/// <param name="Reason">See <see cref="AuditEntry.Reason"/>.</param>
/// <param name="ArgumentsHash">See <see cref="AuditEntry.ArgumentsHash"/>.</param>
/// <param name="OutcomeHash">See <see cref="AuditEntry.OutcomeHash"/>.</param>
internal sealed record AuditTexts(string? Arguments, string? Outcome, string? Reason, string? ArgumentsHash, string? OutcomeHash)
{
    /// <summary>Gets the texts of an entry; <see langword="null"/> if it has none.</summary>
    public static AuditTexts? Of(AuditEntry entry) => entry is
    {
        Arguments: null, Outcome: null, Reason: null, ArgumentsHash: null, OutcomeHash: null,
    }
        ? null
        : new AuditTexts(entry.Arguments, entry.Outcome, entry.Reason, entry.ArgumentsHash, entry.OutcomeHash);
}
