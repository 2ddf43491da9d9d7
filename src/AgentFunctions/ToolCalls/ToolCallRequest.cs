using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Core;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.Extensions.AI;

namespace AgentFunctions.ToolCalls;

/// <summary>A tool call that wants to be made.</summary>
/// <param name="Run">The run.</param>
/// <param name="Lineage">Where the run comes from.</param>
/// <param name="Prepared">The call, found good.</param>
/// <param name="Asked">What the model asked for.</param>
internal sealed record ToolCallRequest(RunRecord Run, Lineage Lineage, ToolCall Prepared, FunctionCallContent Asked)
{
    public AgentTool Tool => Prepared.Tool;

    public ToolContext Context => Prepared.Context;

    /// <summary>
    /// Gets what the call does to the world, as policies see it: what the runtime's own tools do stays within the runtime.
    /// </summary>
    public ToolEffect Effect => Tool.Reach == ToolReach.Runtime ? ToolEffect.None : Tool.Effect;

    /// <summary>Gets what the run may still spend, as the loop knew it when it asked for the call.</summary>
    public Budget BudgetLeft { get; init; } = new();

    /// <summary>Gets the step of the run's plan that is next; <see langword="null"/> if it has none, or no rule asks.</summary>
    public string? PlanStep { get; init; }

    /// <summary>
    /// Gets whether a masked part of the arguments is more than a plain value: nobody can tell at once what the call does.
    /// </summary>
    public bool HidesBlock { get; init; }

    /// <summary>Gets the arguments as the tool's schema has them: a JSON object.</summary>
    public JsonElement Arguments { get; } = JsonSerializer.SerializeToElement(
        Prepared.Arguments.ToDictionary(argument => argument.Key, argument => (JsonElement)argument.Value!,
            StringComparer.Ordinal),
        CoreJsonContext.Default.DictionaryStringJsonElement);

    /// <summary>The names of the workspace's files; <see langword="null"/> if the run has no workspace.</summary>
    private PathNames? Paths { get; } = Prepared.Context.Workspace is { } workspace ? new PathNames(workspace) : null;

    public ActionContext Action(JsonElement arguments, IReadOnlyList<PastCall> history, DateTimeOffset now) => new ActionContext
    {
        RunId = Run.Id,
        RootId = Lineage.Root.Id,
        Requester = Lineage.Root.Requester,
        RequesterRoles = Lineage.Root.RequesterRoles,
        Agent = Run.Agent,
        Chain = Lineage.Chain,
        Goal = Run.Goal,
        Labels = Run.Labels,
        Tool = Tool.Name,
        Effect = Effect,
        Risk = HidesBlock ? RiskLevel.High : Effect switch
        {
            ToolEffect.None => RiskLevel.Low,
            ToolEffect.Idempotent => RiskLevel.Medium,
            _ => RiskLevel.High
        },
        Arguments = arguments,
        History = history,
        BudgetLeft = BudgetLeft,
        PlanStep = PlanStep,
        Now = now,
    }.Of(Tool, Paths);
}
