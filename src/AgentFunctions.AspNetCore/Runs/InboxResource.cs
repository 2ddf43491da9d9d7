using AgentFunctions.Governance.Policies;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What waits for a caller.</summary>
/// <param name="Approvals">The approvals that it may decide.</param>
/// <param name="Questions">The questions that it may answer.</param>
/// <param name="Reviews">The unreviewed changes that it sees.</param>
/// <param name="Incidents">The incidents that nobody has acknowledged, if it sees incidents; counted up to 200.</param>
/// <param name="Oldest">When the oldest approval or question was asked (UTC); null for none.</param>
/// <param name="Highest">The highest risk among the approvals; null for none.</param>
internal sealed record InboxResource(int Approvals, int Questions, int Reviews, int Incidents, DateTime? Oldest,
    RiskLevel? Highest);
