using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;

namespace AgentFunctions.Gateway.Previews;

/// <summary>Evaluates the policy for calls without making or recording them.</summary>
public sealed class PolicyTests
{
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    private readonly PolicySource _policies;
    private readonly AgentCatalog _agents;
    private readonly ToolCatalog _tools;
    private readonly TimeProvider _time;

    internal PolicyTests(PolicySource policies, AgentCatalog agents, ToolCatalog tools, TimeProvider time) =>
        (_policies, _agents, _tools, _time) = (policies, agents, tools, time);

    /// <summary>Gets the current policy.</summary>
    public PolicySummary Current
    {
        get
        {
            Policy policy = _policies.Current;
            string[] rules = [.. policy.Rules.Select(static rule => rule.Name)];
            return new PolicySummary(policy.Hash, _policies.IsConfigured, _policies.Broken, rules)
            {
                Defaults = Enum.GetValues<ToolEffect>().ToDictionary(static effect => effect, policy.DefaultFor),
            };
        }
    }

    /// <summary>Gets what the policy would decide about a call of a run with no history and an unspent budget.</summary>
    /// <param name="request">The call.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.AgentNotFound"/>, <see cref="ErrorCode.ToolNotFound"/>, <see cref="ErrorCode.ToolUnavailable"/>;
    /// <see cref="ErrorCode.InvalidInput"/>: the arguments are not a JSON object.
    /// </exception>
    public async Task<ToolVerdict> TestAsync(PolicyTestRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Arguments is { ValueKind: not JsonValueKind.Object })
        {
            throw new AgentException(ErrorCode.InvalidInput, "arguments: send a JSON object, or leave it out.");
        }

        AgentDefinition agent = _agents.Resolve(request.Agent);
        AgentTool tool = await _tools.FindAsync(agent, request.Tool, cancellationToken).ConfigureAwait(false)
            ?? throw new AgentException(ErrorCode.ToolNotFound, $"tool: agent '{agent.Name}' has no tool '{request.Tool}'.");
        return Decide(agent, tool, request);
    }

    /// <summary>
    /// Gets what the policy would decide about a call of each tool of an agent, without arguments: a restricting rule is taken to
    /// match whatever it asks of the arguments.
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="caller">The caller that would submit the run.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<ToolVerdict>> ToolsAsync(
        AgentDefinition agent, Caller caller, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(agent);
        ArgumentNullException.ThrowIfNull(caller);
        ToolOffer offer = await _tools.ChooseAsync(agent, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        return Decide(agent, offer.Tools, caller, "", null);
    }

    internal IReadOnlyList<ToolVerdict> Decide(
        AgentDefinition agent, IEnumerable<AgentTool> tools, Caller caller, string goal,
        IReadOnlyDictionary<string, string>? labels) =>
        [.. tools.Select(tool => Decide(agent, tool, new PolicyTestRequest(agent.Name, tool.Name)
        {
            Goal = goal,
            Labels = labels ?? new Dictionary<string, string>(),
            Requester = caller.Id,
            Roles = caller.Roles,
        }))];

    private ToolVerdict Decide(AgentDefinition agent, AgentTool tool, PolicyTestRequest request)
    {
        ToolEffect effect = tool.Reach == ToolReach.Runtime ? ToolEffect.None : tool.Effect;
        ActionContext action = new ActionContext
        {
            RunId = "preview",
            RootId = "preview",
            Requester = request.Requester,
            RequesterRoles = request.Roles,
            Agent = agent.Name,
            Chain = [agent.Name],
            Goal = request.Goal,
            Labels = request.Labels,
            Tool = tool.Name,
            Effect = effect,
            Risk = effect switch
            {
                ToolEffect.None => RiskLevel.Low,
                ToolEffect.Idempotent => RiskLevel.Medium,
                _ => RiskLevel.High
            },
            Arguments = request.Arguments ?? NoArguments,
            Now = _time.GetUtcNow(),
        }.Of(tool, null);
        Policy policy = _policies.Current;
        PolicyDecision decision = policy.Decide(action);
        return new ToolVerdict(tool.Name, tool.Effect, decision.Verdict, decision.Rule, policy.Hash)
        {
            Description = tool.Function.Description,
            Reason = decision.Reason,
            Risk = policy.RiskOf(action),
            Approval = decision.Approval,
        };
    }
}

/// <summary>Represents the policy of a host.</summary>
/// <param name="Hash">The hash of everything that its decisions depend on.</param>
/// <param name="IsConfigured">Whether the host has rules of its own.</param>
/// <param name="Broken">The error in the policy files as they are now; <see langword="null"/> if they are valid.</param>
/// <param name="Rules">The names of the rules, in the order of their evaluation.</param>
public sealed record PolicySummary(string Hash, bool IsConfigured, string? Broken, IReadOnlyList<string> Rules)
{
    /// <summary>Gets the verdict for tools that reach beyond the workspace if no rule matches, by their effect.</summary>
    public required IReadOnlyDictionary<ToolEffect, PolicyVerdict> Defaults { get; init; }
}

/// <summary>Represents a call to evaluate the policy for.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Tool">The tool.</param>
public sealed record PolicyTestRequest(string Agent, string Tool)
{
    /// <summary>Gets the arguments; <see langword="null"/> for none.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Gets the goal of the run; empty by default.</summary>
    public string Goal { get; init; } = "";

    /// <summary>Gets the labels of the run; none by default.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the id of the requester of the run; empty by default.</summary>
    public string Requester { get; init; } = "";

    /// <summary>Gets the roles of the requester; none by default.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];
}

/// <summary>Represents what the policy would decide about a call.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Effect">What the tool does to the world.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Rule">The rule that gave it.</param>
/// <param name="PolicyHash">The hash of the policy.</param>
public sealed record ToolVerdict(string Tool, ToolEffect Effect, PolicyVerdict Verdict, string Rule, string PolicyHash)
{
    /// <summary>Gets the description of the tool.</summary>
    public string Description { get; init; } = "";

    /// <summary>Gets the reason that the rule gives; <see langword="null"/> if it gives none.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets how much harm the call could do.</summary>
    public RiskLevel Risk { get; init; }

    /// <summary>Gets the terms of the approval; <see langword="null"/> if no person decides.</summary>
    public ApprovalTerms? Approval { get; init; }
}
