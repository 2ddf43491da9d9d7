using Microsoft.Extensions.AI;

namespace AgentFunctions.AgentFramework.DurableAgents;

/// <summary>Represents what an agent would have sent to its model.</summary>
/// <param name="Functions">Its functions, with the middleware around them.</param>
/// <param name="Options">The options.</param>
internal sealed record ProbedTools(IReadOnlyList<AIFunction> Functions, ChatOptions Options);
