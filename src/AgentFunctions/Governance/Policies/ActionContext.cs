using System.Text.Json;
using AgentFunctions.Budgets;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Governance.Policies;

/// <summary>Specifies how much harm an action could do.</summary>
public enum RiskLevel
{
    /// <summary>Low: the default of tools without effects.</summary>
    Low,

    /// <summary>Medium: the default of idempotent tools.</summary>
    Medium,

    /// <summary>High: the default of tools whose effect cannot be repeated safely.</summary>
    High,
}

/// <summary>Represents an action as policy rules see it, before it happens.</summary>
public sealed record ActionContext
{
    /// <summary>Gets the run that acts.</summary>
    public required string RunId { get; init; }

    /// <summary>Gets the root of the run's tree; the run itself where nobody delegated to it.</summary>
    public required string RootId { get; init; }

    /// <summary>Gets who asked for the root run.</summary>
    public required string Requester { get; init; }

    /// <summary>Gets the roles that the requester had when asking.</summary>
    public IReadOnlyList<string> RequesterRoles { get; init; } = [];

    /// <summary>Gets the agent that acts.</summary>
    public required string Agent { get; init; }

    /// <summary>Gets the agents that delegated, from the root to the one that acts.</summary>
    public IReadOnlyList<string> Chain { get; init; } = [];

    /// <summary>Gets the goal of the run, verbatim.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets the labels of the run.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the tool.</summary>
    public required string Tool { get; init; }

    /// <summary>
    /// Gets what the tool does to the world; <see cref="ToolEffect.None"/> for the runtime's own tools, whose effects stay
    /// within it.
    /// </summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>Gets how far the tool's effects reach; <see cref="ToolReach.Outside"/> by default.</summary>
    public ToolReach Reach { get; init; }

    /// <summary>Gets whether the caller of the run executes the call, with a tool of its own.</summary>
    public bool IsClientTool { get; init; }

    /// <summary>Gets how much harm the call could do.</summary>
    public required RiskLevel Risk { get; init; }

    /// <summary>
    /// Gets the arguments as the tool will take them, a JSON object: defaults of the schema filled in, and paths of the workspace
    /// as their one name, relative and with links followed (<c>.</c> for the whole workspace).
    /// </summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Gets the hosts that the call names, in lower case; empty where it names none.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>
    /// Gets what the run itself may still spend, beside what its sub-agents hold; a part that is <see langword="null"/> is not
    /// limited.
    /// </summary>
    public Budget BudgetLeft { get; init; } = new();

    /// <summary>
    /// Gets the first step of the run's plan that is not done, as the agent wrote it; <see langword="null"/> if there is none.
    /// </summary>
    public string? PlanStep { get; init; }

    /// <summary>Gets the data labels of what the call reads or writes, by the policy's <c>data</c>.</summary>
    public IReadOnlyList<string> DataLabels { get; init; } = [];

    /// <summary>
    /// Gets what this run and its tree have done before, oldest first; of a fork, what the tree that it goes on from has done too.
    /// </summary>
    public IReadOnlyList<PastCall> History { get; init; } = [];

    /// <summary>The arguments as the model wrote them; <see langword="null"/> if they are the same.</summary>
    internal JsonElement? Written { get; init; }

    /// <summary>The schema of the arguments; <see langword="null"/> if unknown.</summary>
    internal JsonElement? Schema { get; init; }

    /// <summary>The arguments that are paths of the workspace.</summary>
    internal IReadOnlyList<string> PathArguments { get; init; } = [];

    /// <summary>The names of the workspace's files; <see langword="null"/> if there is no workspace.</summary>
    internal PathNames? Paths { get; init; }

    /// <summary>
    /// The folder below which some file is meant that nobody can name, such as one that a repository once held;
    /// <see langword="null"/> if the arguments say which files are meant.
    /// </summary>
    internal string? FilesBelow { get; init; }

    /// <summary>What the call reads and writes beyond the paths that its arguments name.</summary>
    internal IReadOnlyList<PathUse> Uses { get; init; } = [];

    /// <summary>Whether the tool itself wants a person to approve its calls, where no rule decides.</summary>
    internal bool AsksPerson { get; init; }

    /// <summary>Gets the moment of the decision (UTC).</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The same action, seen as the tool will see it.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="paths">The names of the workspace's files; <see langword="null"/> if the run has no workspace.</param>
    internal ActionContext Of(AgentTool tool, PathNames? paths)
    {
        JsonElement effective = EffectiveArguments.Of(Arguments, tool, paths);
        return this with
        {
            Reach = tool.Reach,
            AsksPerson = tool.AsksPerson,
            IsClientTool = tool.IsClient,
            Arguments = effective,
            Written = Arguments,
            Schema = tool.Function.JsonSchema,
            PathArguments = [.. tool.Paths.Select(static path => path.Name)],
            Paths = paths,
            Uses = paths is null || tool.Uses is null ? [] : tool.Uses(paths.Workspace, effective),
            Hosts = HostNames.Of(effective),
        };
    }
}
