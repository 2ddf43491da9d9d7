using AgentFunctions.Budgets;

namespace AgentFunctions.Tools;

/// <summary>What a run may still spend, as all calls of a turn are told: what they use is counted when they have ended.</summary>
/// <param name="Left">What is left.</param>
/// <param name="Alike">How many calls of the turn are of the same tool, and share it.</param>
internal sealed record BudgetOfCalls(Budget Left, int Alike);
