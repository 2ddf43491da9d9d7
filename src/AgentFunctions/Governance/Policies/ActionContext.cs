using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Tools;

namespace AgentFunctions.Governance.Policies;

/// <summary>How much harm an action could do.</summary>
public enum RiskLevel
{
    /// <summary>Little: what a tool without effects has by default.</summary>
    Low,

    /// <summary>Some: what an idempotent tool has by default.</summary>
    Medium,

    /// <summary>Much: what a tool has by default whose effect cannot be repeated safely.</summary>
    High,
}

/// <summary>All that a rule sees of an action before it happens.</summary>
public sealed record ActionContext
{
    /// <summary>The run that acts.</summary>
    public required string RunId { get; init; }

    /// <summary>The root of the run's tree; the run itself where nobody delegated to it.</summary>
    public required string RootId { get; init; }

    /// <summary>Who asked for the root run.</summary>
    public required string Requester { get; init; }

    /// <summary>The roles that the requester had when asking.</summary>
    public IReadOnlyList<string> RequesterRoles { get; init; } = [];

    /// <summary>The agent that acts.</summary>
    public required string Agent { get; init; }

    /// <summary>The agents that delegated, from the root to the one that acts.</summary>
    public IReadOnlyList<string> Chain { get; init; } = [];

    /// <summary>The goal of the run, verbatim.</summary>
    public required string Goal { get; init; }

    /// <summary>The labels of the run.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The tool.</summary>
    public required string Tool { get; init; }

    /// <summary>What the tool does to the world.</summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>How much harm the call could do.</summary>
    public required RiskLevel Risk { get; init; }

    /// <summary>The arguments: a JSON object.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>The hosts that the call names, in lower case; empty where it names none.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>
    /// What the run itself may still spend, beside what its sub-agents hold; a part that is <see langword="null"/> is not limited.
    /// </summary>
    public Budget BudgetLeft { get; init; } = new();

    /// <summary>
    /// The first step of the run's plan that is not done, as the agent wrote it; <see langword="null"/> where there is none.
    /// </summary>
    public string? PlanStep { get; init; }

    /// <summary>The data labels of what the call reads or writes, by the policy's <c>data</c>.</summary>
    public IReadOnlyList<string> DataLabels { get; init; } = [];

    /// <summary>What this run and its tree have done before, oldest first.</summary>
    public IReadOnlyList<PastCall> History { get; init; } = [];

    /// <summary>The moment of the decision (UTC).</summary>
    public required DateTimeOffset Now { get; init; }
}
