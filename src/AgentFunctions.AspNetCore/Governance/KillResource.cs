using AgentFunctions.Governance.KillSwitch;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What is stopped.</summary>
/// <param name="Items">The orders that hold.</param>
internal sealed record KillListResource(IReadOnlyList<KillOrder> Items);
