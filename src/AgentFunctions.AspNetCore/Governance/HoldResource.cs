using AgentFunctions.Gateway.Holds;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>The legal holds.</summary>
/// <param name="Items">The holds.</param>
internal sealed record HoldListResource(IReadOnlyList<Hold> Items);
