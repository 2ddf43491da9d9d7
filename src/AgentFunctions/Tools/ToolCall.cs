using Microsoft.Extensions.AI;

namespace AgentFunctions.Tools;

/// <summary>A call that was found good: the tool exists and the arguments are of its schema.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Arguments">The arguments, bound to the call.</param>
/// <param name="Context">Which call.</param>
internal sealed record ToolCall(AgentTool Tool, AIFunctionArguments Arguments, ToolContext Context);
