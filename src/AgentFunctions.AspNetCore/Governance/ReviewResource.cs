using AgentFunctions.Governance.Reviews;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The queues of changes that nobody has reviewed.</summary>
/// <param name="Queues">The queues, by label.</param>
internal sealed record ReviewListResource(IReadOnlyList<ReviewQueue> Queues);

/// <summary>What was marked as reviewed.</summary>
/// <param name="Changes">The changes.</param>
internal sealed record ReviewedResource(IReadOnlyList<Change> Changes);
