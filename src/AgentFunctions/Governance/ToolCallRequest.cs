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
/// <param name="Prepared">The call, found good.</param>
/// <param name="Asked">What the model asked for.</param>
internal sealed record ToolCallRequest(RunRecord Run, AgentDefinition Agent, Lineage Lineage, ToolCall Prepared, FunctionCallContent Asked)
{
    public AgentTool Tool => Prepared.Tool;

    public ToolContext Context => Prepared.Context;

    /// <summary>The arguments as the tool's schema has them: a JSON object.</summary>
    public JsonElement Arguments { get; } = JsonSerializer.SerializeToElement(
        Prepared.Arguments.ToDictionary(argument => argument.Key, argument => (JsonElement)argument.Value!, StringComparer.Ordinal),
        AgentJsonContext.Default.DictionaryStringJsonElement);

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
