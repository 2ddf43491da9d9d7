namespace AgentFunctions.Gateway.Options;

/// <summary>Who may ask which agent for what, how much and how many at a time. Read from the configuration section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Gateway";

    /// <summary>Gets what callers and labels may use up in an hour or a day; none by default.</summary>
    public IList<QuotaOptions> Quotas { get; } = [];

    /// <summary>Gets how many runs may be at work at a time; no limit by default.</summary>
    public ConcurrencyOptions Concurrency { get; } = new();

    /// <summary>
    /// Who may submit which runs. None by default: whoever may submit may ask any agent. Where there is one rule, what no rule
    /// allows is refused.
    /// </summary>
    public IList<AccessRuleOptions> Access { get; } = [];

    /// <summary>Kinds of goals, by which runs that name no agent find theirs and which access rules may name; none by default.</summary>
    public IList<GoalClassOptions> Goals { get; } = [];
}
