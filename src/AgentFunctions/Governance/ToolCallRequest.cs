using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Governance;

/// <summary>A tool call that wants to be made.</summary>
/// <param name="Run">The run.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Lineage">Where the run comes from.</param>
/// <param name="Context">Which call it is.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Asked">What the model asked for.</param>
/// <param name="Arguments">The arguments as the tool's schema has them: a JSON object.</param>
internal sealed record ToolCallRequest(
    RunRecord Run, AgentDefinition Agent, Lineage Lineage, ToolContext Context, AgentTool Tool, FunctionCallContent Asked, JsonElement Arguments)
{
    public ActionContext Action(JsonElement arguments, IReadOnlyList<PastCall> history, DateTimeOffset now) => new()
    {
        RunId = Run.Id,
        RootId = Lineage.Root.Id,
        Requester = Lineage.Root.Requester,
        RequesterRoles = Lineage.Root.RequesterRoles,
        Agent = Agent.Name,
        Chain = Lineage.Chain,
        Goal = Run.Goal,
        Labels = Run.Labels,
        Tool = Tool.Name,
        Effect = Tool.Effect,
        Risk = Tool.Effect switch { ToolEffect.None => RiskLevel.Low, ToolEffect.Idempotent => RiskLevel.Medium, _ => RiskLevel.High },
        Arguments = arguments,
        Hosts = HostNames.Of(arguments),
        History = history,
        Now = now,
    };
}
