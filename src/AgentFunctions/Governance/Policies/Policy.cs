using System.Text.Json;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;

namespace AgentFunctions.Governance.Policies;

/// <summary>A set of rules with what holds where none matches. Never changes once made; any thread may ask it.</summary>
/// <remarks>
/// The order is explicit: a matching <c>deny</c> wins wherever it stands; else the first matching rule decides, C# rules before
/// those of files, files in the ordinal order of their names; else the default of the tool's effect.
/// </remarks>
internal sealed class Policy
{
    private readonly IReadOnlyList<DataLabelRule> _labels;
    private readonly IReadOnlyList<RiskRule> _risks;
    private readonly IReadOnlyDictionary<ToolEffect, PolicyVerdict> _defaults;

    public Policy(
        string hash, IReadOnlyList<IPolicyRule> rules, IReadOnlyList<DataLabelRule> labels, IReadOnlyList<RiskRule> risks,
        IReadOnlyDictionary<ToolEffect, PolicyVerdict> defaults) =>
        (Hash, Rules, _labels, _risks, _defaults) = (hash, rules, labels, risks, defaults);

    /// <summary>
    /// Gets what holds for tools that reach beyond the workspace where no rule matches and nothing else was said: reading is
    /// free, everything else asks a person.
    /// </summary>
    public static IReadOnlyDictionary<ToolEffect, PolicyVerdict> StrictDefaults { get; } =
        new Dictionary<ToolEffect, PolicyVerdict>
        {
            [ToolEffect.None] = PolicyVerdict.Allow,
            [ToolEffect.Idempotent] = PolicyVerdict.Ask,
            [ToolEffect.NotIdempotent] = PolicyVerdict.Ask,
        };

    /// <summary>Gets the hash of all that decides: every recorded decision names it.</summary>
    public string Hash { get; }

    public IReadOnlyList<IPolicyRule> Rules { get; }

    /// <summary>
    /// Gets whether a decision may depend on earlier calls; where it does, decisions of one tree are taken one after the other.
    /// </summary>
    public bool ReadsHistory { get; init; }

    /// <summary>
    /// Gets who deals with calls whose outcome nobody can tell; the first that matches decides, and where none does the model
    /// is told.
    /// </summary>
    public IReadOnlyList<UnknownOutcomeRule> UnknownOutcomes { get; init; } = [];

    /// <summary>Gets whether a decision may depend on the run's plan.</summary>
    public bool ReadsPlan { get; init; }

    /// <summary>Gets whether a decision may depend on arguments.</summary>
    public bool ReadsArguments { get; init; }

    /// <summary>Gets the folders that conditions name.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Gets whether a decision may depend on more than the tool.</summary>
    public bool ReadsCalls => Rules.Count > 0 || _labels.Count > 0 || _risks.Count > 0;

    /// <summary>Gets whether the defaults were written down, so that they hold for the workspace tools too.</summary>
    public bool HasOwnDefaults { get; init; }

    /// <summary>Decides about an action, and about all that it reads and writes beyond its own path.</summary>
    public PolicyDecision Decide(ActionContext action)
    {
        PolicyDecision decision = DecideAlone(action);
        return ReadsArguments && action.Uses.Count > 0 ? new PolicyFileJudge(this, action).Judge(decision) : decision;
    }

    /// <summary>Decides about an action by its own arguments.</summary>
    public PolicyDecision DecideAlone(ActionContext action)
    {
        IReadOnlyList<string> labels = LabelsOf(action);
        action = action with { DataLabels = labels };
        action = action with { Risk = RiskBy(action) };
        (IPolicyRule Rule, PolicyAnswer Answer)? first = null;
        foreach (IPolicyRule rule in Rules)
        {
            if (rule.Decide(action) is not { } answer
                || (answer.Verdict == PolicyVerdict.Ask && action.Reach == ToolReach.Runtime && !Names(rule)))
            {
                continue;
            }

            if (answer.Verdict == PolicyVerdict.Deny)
            {
                first = (rule, answer);
                break;
            }

            first ??= (rule, answer);
        }

        PolicyDecision decision = first is var (matched, given)
            ? DecisionOf(matched, given, action)
            : DefaultOf(action.Effect, action.Reach, action.IsClientTool, action.AsksPerson);
        return decision with
        {
            DataLabels = labels,
            Risk = action.Risk,
            Approval = decision.Verdict == PolicyVerdict.Ask ? decision.Approval ?? new ApprovalTerms() : null,
        };
    }

    /// <summary>Decides about any call of a tool, where nothing but the tool decides.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="effect">What its calls do to the world, as policies see it.</param>
    public PolicyDecision DecideByTool(AgentTool tool, ToolEffect effect)
    {
        PolicyDecision decision = DefaultOf(effect, tool.Reach, tool.IsClient, tool.AsksPerson);
        return decision.Verdict == PolicyVerdict.Ask ? decision with { Approval = new ApprovalTerms() } : decision;
    }

    /// <summary>
    /// A rule that says which tools it is about, or is written in C#, is meant for the runtime's own tools too.
    /// </summary>
    private static bool Names(IPolicyRule rule) => rule is not PolicyRule { NamesTools: false };

    /// <summary>What holds for tools of an effect that reach beyond the workspace, where no rule matches.</summary>
    public PolicyVerdict DefaultFor(ToolEffect effect) => _defaults[effect];

    private PolicyDecision DefaultOf(ToolEffect effect, ToolReach reach, bool isClientTool, bool asksPerson)
    {
        if (asksPerson)
        {
            return new PolicyDecision(PolicyVerdict.Ask, "tool:asksPerson", Hash);
        }

        PolicyVerdict verdict = _defaults[effect];
        // What a caller executes itself, it can refuse itself.
        bool staysWithin = reach == ToolReach.Workspace || isClientTool;
        bool isFree = verdict == PolicyVerdict.Ask && (reach == ToolReach.Runtime || (staysWithin && !HasOwnDefaults));
        return new PolicyDecision(isFree ? PolicyVerdict.Allow : verdict,
            $"default:{JsonNamingPolicy.CamelCase.ConvertName(effect.ToString())}", Hash);
    }

    /// <summary>
    /// The rule that has a person asked about a call whose outcome nobody can tell; <see langword="null"/> if the model is
    /// told.
    /// </summary>
    public UnknownOutcomeRule? AskAbout(ActionContext action)
    {
        action = action with { DataLabels = LabelsOf(action) };
        action = action with { Risk = RiskBy(action) };
        return UnknownOutcomes.FirstOrDefault(rule => rule.When.Holds(action, rule.Terms is not null)) is { Terms: not null } rule
            ? rule
            : null;
    }

    /// <summary>How much harm a call could do: what the policy says, else what the tool's own entry says.</summary>
    public RiskLevel RiskOf(ActionContext action) => RiskBy(action with { DataLabels = LabelsOf(action) });

    private RiskLevel RiskBy(ActionContext action)
    {
        foreach (RiskRule rule in _risks)
        {
            if (rule.When.Holds(action, rule.Risk != RiskLevel.Low))
            {
                return rule.Risk;
            }
        }

        return action.Risk;
    }

    /// <summary>The labels of an action: those that it is known to carry, and those of its own arguments.</summary>
    private List<string> LabelsOf(ActionContext action)
    {
        var labels = new List<string>(action.DataLabels);
        foreach (DataLabelRule rule in _labels)
        {
            if (!labels.Contains(rule.Label) && rule.When.Holds(action, whenUnknown: true))
            {
                labels.Add(rule.Label);
            }
        }

        return labels;
    }

    private PolicyDecision DecisionOf(IPolicyRule rule, PolicyAnswer answer, ActionContext action) =>
        new(answer.Verdict, rule.Name, Hash)
        {
            Reason = answer.Reason,
            Approval = answer.Approval,
            Answer = answer.Verdict == PolicyVerdict.Allow ? answer.Answer : null,
            Arguments = answer.Verdict == PolicyVerdict.Allow
            ? ArgumentChange.Apply(answer, action.Written ?? action.Arguments)
            : null,
            Timeout = answer.Verdict == PolicyVerdict.Allow ? answer.Timeout : null,
            ResultLimit = answer.Verdict == PolicyVerdict.Allow ? answer.ResultLimit : null,
        };
}
