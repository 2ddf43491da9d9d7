namespace AgentFunctions.Gateway.Options;

/// <summary>
/// Represents the settings of the gateway: access, quotas, concurrency and routes. Bound to the configuration section
/// <c>Gateway</c>.
/// </summary>
public sealed class GatewayOptions
{
    /// <summary>Names the configuration section.</summary>
    public const string Section = "Gateway";

    /// <summary>Gets what callers and labels may use up in an hour or a day; none by default.</summary>
    public IList<QuotaOptions> Quotas { get; } = [];

    /// <summary>Gets how many runs may be at work at a time; no limit by default.</summary>
    public ConcurrencyOptions Concurrency { get; } = new();

    /// <summary>
    /// Gets the rules of who may submit which runs. None by default: every submitter may use every agent. If there is any rule, a
    /// request that no rule allows is refused.
    /// </summary>
    public IList<AccessRuleOptions> Access { get; } = [];

    /// <summary>
    /// Gets kinds of goals, by which runs that name no agent find theirs and which access rules may name; none by default.
    /// </summary>
    public IList<GoalClassOptions> Goals { get; } = [];
}
