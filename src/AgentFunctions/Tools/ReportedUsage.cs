using AgentFunctions.Budgets;

namespace AgentFunctions.Tools;

/// <summary>What a call says that its work cost elsewhere; the run pays for it.</summary>
/// <param name="Usage">The consumption.</param>
internal sealed record ReportedUsage(TokenUsage Usage);
