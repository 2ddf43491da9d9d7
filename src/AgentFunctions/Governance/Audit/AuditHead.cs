namespace AgentFunctions.Governance.Audit;

/// <summary>Represents the last entry of a part of the audit log at some moment.</summary>
/// <param name="Shard">The part; <see langword="null"/> for the host's own.</param>
/// <param name="Count">The number of entries of the part.</param>
/// <param name="Hash">The hash of the last entry, as it is stored.</param>
public sealed record AuditHead(string? Shard, long Count, string Hash);
