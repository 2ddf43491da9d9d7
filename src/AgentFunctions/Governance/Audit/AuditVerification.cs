namespace AgentFunctions.Governance.Audit;

/// <summary>Represents the result of a check of the audit log.</summary>
/// <param name="Holds">Whether the log is as it was written.</param>
/// <param name="Entries">How many entries were read; those that join its parts are not counted.</param>
/// <param name="Head">
/// The hash of the last entry of the chain of heads; of the last part, if nothing was joined yet. Kept elsewhere and given to a
/// later check, it proves that nothing was cut off that had been joined by then; <see cref="Heads"/> prove it for every entry.
/// </param>
/// <param name="BrokenAt">The number of the first entry that does not fit, within its part.</param>
/// <param name="Problem">What is wrong, with one line for each part that is broken.</param>
public sealed record AuditVerification(bool Holds, long Entries, string Head, long? BrokenAt = null, string? Problem = null)
{
    /// <summary>Gets the parts that are broken, by name: <c>audit</c> for the host's own.</summary>
    public IReadOnlyList<string>? BrokenParts { get; init; }

    /// <summary>Gets the head of each part, to keep elsewhere and give to a later check.</summary>
    public IReadOnlyList<AuditHead>? Heads { get; init; }
}
