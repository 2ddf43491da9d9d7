using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Governance;

/// <summary>A tool call with the arguments and limits that were decided.</summary>
/// <param name="Context">Which call it is.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Call">What to call it with.</param>
internal sealed record GovernedCall(ToolContext Context, AgentTool Tool, FunctionCallContent Call);
