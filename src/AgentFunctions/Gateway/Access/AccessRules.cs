using AgentFunctions.Gateway.Options;
using AgentFunctions.Gateway.Routing;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Runs;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Gateway.Access;

/// <summary>Decides who may submit which runs, and with which tools.</summary>
internal sealed class AccessRules
{
    /// <summary>The name of what refuses where no rule allows.</summary>
    public const string NoRule = "Gateway:Access";

    private readonly Rule[] _rules;
    private readonly GoalRouter _router;

    public AccessRules(IOptions<GatewayOptions> options, GoalRouter router)
    {
        _rules = [.. options.Value.Access.Select(static rule => new Rule(rule))];
        _router = router;
    }

    /// <summary>Decides about a request.</summary>
    public AccessRuling Decide(Caller caller, string agent, string goal, IReadOnlyDictionary<string, string> labels)
    {
        if (_rules.Length == 0 || caller.Has(CallerRoles.Admin))
        {
            return AccessRuling.Free;
        }

        IReadOnlyList<string> classes = _router.ClassesOf(goal);
        Rule[] holding = [.. _rules.Where(rule => rule.Holds(caller, agent, classes, labels))];
        if (Array.Find(holding, static rule => rule is { Denies: true, Tools: null }) is { } forbids)
        {
            return AccessRuling.Refused(forbids.Name, $"{caller.Id} may not submit this to agent '{agent}'");
        }

        Rule[] allowing = [.. holding.Where(static rule => !rule.Denies)];
        return allowing.Length == 0
            ? AccessRuling.Refused(NoRule, $"no rule lets {caller.Id} submit this to agent '{agent}'")
            : new AccessRuling(
                Array.Exists(allowing, static rule => rule.Tools is null)
                    ? null
                    : [.. allowing.Select(static rule => rule.Tools!)],
                [.. holding.Where(static rule => rule.Denies).Select(static rule => rule.Tools!)]);
    }

    /// <summary>
    /// Decides about a sub-agent: only what a rule denies counts, since what is allowed was decided for the run at the root.
    /// </summary>
    /// <param name="caller">Who asked for the run at the root.</param>
    /// <param name="agent">The sub-agent's definition.</param>
    /// <param name="goals">The goals: that of the root and those of the sub-agents.</param>
    /// <param name="labels">The labels of the tree.</param>
    public AccessRuling DecideBelow(Caller caller, string agent, IEnumerable<string> goals,
        IReadOnlyDictionary<string, string> labels)
    {
        if (_rules.Length == 0 || caller.Has(CallerRoles.Admin))
        {
            return AccessRuling.Free;
        }

        string[] classes = [.. goals.SelectMany(_router.ClassesOf).Distinct(StringComparer.Ordinal)];
        Rule[] denying = [.. _rules.Where(rule => rule.Denies && rule.Holds(caller, agent, classes, labels))];
        return Array.Find(denying, static rule => rule.Tools is null) is { } forbids
            ? AccessRuling.Refused(forbids.Name, $"a run of {caller.Id} may not delegate to agent '{agent}'")
            : new AccessRuling(null, [.. denying.Select(static rule => rule.Tools!)]);
    }

    private sealed class Rule(AccessRuleOptions options)
    {
        private readonly Glob _callers = GlobOf(options.Callers);
        private readonly Glob? _agents = options.Agents.Count == 0 ? null : GlobOf(options.Agents);

        public string Name => options.Name!;

        public bool Denies => options.Effect == AccessEffect.Deny;

        public Glob? Tools { get; } = options.Tools.Count == 0 ? null : GlobOf(options.Tools);

        public bool Holds(Caller caller, string agent, IReadOnlyList<string> classes,
            IReadOnlyDictionary<string, string> labels) =>
            (_callers.Matches(caller.Id) || options.Roles.Any(caller.Has))
            && _agents?.Matches(agent) != false
            && (options.Goals.Count == 0 || options.Goals.Any(goal => classes.Contains(goal, StringComparer.Ordinal)))
            && options.Labels.All(label => LabelSelector.Parse(label).ValueIn(labels) is not null);

        private static Glob GlobOf(IEnumerable<string> patterns) => new(patterns, ignoreCase: false);
    }
}

/// <summary>What was decided about a request.</summary>
/// <param name="allowed">The tools that the run may have: any of these; <see langword="null"/> for all.</param>
/// <param name="denied">The tools that it may not have in any case.</param>
internal sealed class AccessRuling(IReadOnlyList<Glob>? allowed, IReadOnlyList<Glob> denied)
{
    public static AccessRuling Free { get; } = new(null, []);

    /// <summary>Gets the rule that refuses; <see langword="null"/> if none does.</summary>
    public string? RefusedBy { get; private init; }

    /// <summary>Why it refuses.</summary>
    public string Reason { get; private init; } = "";

    private AccessRuling? Also { get; init; }

    /// <summary>Gets whether the run may have any tool.</summary>
    public bool AllowsAll => allowed is null && denied.Count == 0 && Also?.AllowsAll != false;

    public static AccessRuling Refused(string rule, string reason) => new([], []) { RefusedBy = rule, Reason = reason };

    /// <summary>Whether the run may have a tool.</summary>
    public bool Allows(string tool) =>
        allowed?.Any(one => one.Matches(tool)) != false && !denied.Any(one => one.Matches(tool)) && Also?.Allows(tool) != false;

    /// <summary>Gets what it allows, for tools that are not known yet; none if it allows all.</summary>
    public IReadOnlyList<ToolAllowance>? Allowances => AllowsAll
        ? null
        : [new ToolAllowance(allowed?.SelectMany(static one => one.Patterns).ToArray(),
            [.. denied.SelectMany(static one => one.Patterns)]), .. Also?.Allowances ?? []];

    /// <summary>What both rulings allow.</summary>
    public AccessRuling And(AccessRuling other) =>
        new(allowed, denied)
        {
            RefusedBy = RefusedBy ?? other.RefusedBy,
            Reason = RefusedBy is null ? other.Reason : Reason,
            Also = other
        };
}
