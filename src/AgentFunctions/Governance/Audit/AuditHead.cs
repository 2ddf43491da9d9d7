namespace AgentFunctions.Governance.Audit;

/// <summary>Represents how far a part of the audit log had grown at some moment.</summary>
/// <param name="Shard">The part; <see langword="null"/> for the host's own.</param>
/// <param name="Count">How many entries it had.</param>
/// <param name="Hash">The hash of the last of them, as it is stored.</param>
public sealed record AuditHead(string? Shard, long Count, string Hash);
