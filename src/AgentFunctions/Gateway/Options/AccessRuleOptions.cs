namespace AgentFunctions.Gateway.Options;

/// <summary>
/// Represents a rule of who may submit which runs. A rule applies to a request if all parts that are set do. Denial takes
/// precedence; a request that no rule allows is refused. Rules do not apply to administrators.
/// </summary>
public sealed class AccessRuleOptions
{
    /// <summary>Gets or sets the rule's name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. Refusals name it.</summary>
    public string? Name { get; set; }

    /// <summary>Gets or sets whether it allows or denies; allows by default.</summary>
    public AccessEffect Effect { get; set; }

    /// <summary>
    /// Gets the callers, <c>*</c> and <c>?</c> as wildcards. A caller named here or by <see cref="Roles"/> is meant.
    /// </summary>
    public IList<string> Callers { get; } = [];

    /// <summary>Gets the callers' roles.</summary>
    public IList<string> Roles { get; } = [];

    /// <summary>Gets the agents, <c>*</c> and <c>?</c> as wildcards.</summary>
    public IList<string> Agents { get; } = [];

    /// <summary>Gets the classes of goals, of those under <c>Gateway:Goals</c>; any of them.</summary>
    public IList<string> Goals { get; } = [];

    /// <summary>Gets the labels that the run has, as <c>name</c> or <c>name=value</c>; all of them.</summary>
    public IList<string> Labels { get; } = [];

    /// <summary>
    /// Gets the tools, <c>*</c> and <c>?</c> as wildcards. Where all rules that allow a run name tools, it has only those, and so
    /// has whatever it delegates to; a rule that denies tools takes them away, and does not refuse the run.
    /// </summary>
    public IList<string> Tools { get; } = [];
}

/// <summary>Specifies the effect of an access rule.</summary>
public enum AccessEffect
{
    /// <summary>The rule allows a request.</summary>
    Allow,

    /// <summary>The rule denies a request.</summary>
    Deny,
}
