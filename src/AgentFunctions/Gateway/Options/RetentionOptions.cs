namespace AgentFunctions.Gateway.Options;

/// <summary>Represents the settings of retention: the section <c>Retention</c>. Without it nothing is ever deleted.</summary>
public sealed class RetentionOptions
{
    /// <summary>The name of the section.</summary>
    public const string Section = "Retention";

    /// <summary>Gets the rules; the first that fits a run holds.</summary>
    public IList<RetentionRuleOptions> Rules { get; } = [];

    /// <summary>Gets or sets what holds for runs that no rule fits; by default they are kept for ever.</summary>
    public RetentionTermsOptions? Default { get; set; }

    /// <summary>Gets or sets how often what is due is looked for; an hour by default.</summary>
    /// <value>From a minute to a day.</value>
    public TimeSpan Sweep { get; set; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Gets or sets how long entries of the audit log are kept: a duration such as <c>P7Y</c>; for ever by default. Nothing of it
    /// is deleted while there is a legal hold.
    /// </summary>
    public string? Audit { get; set; }

    /// <summary>
    /// Gets or sets how long the folder of a run is kept that the host made for it: a duration such as <c>P30D</c>. By default as
    /// long as the run's content.
    /// </summary>
    public string? Workspaces { get; set; }
}

/// <summary>Represents how long something is kept.</summary>
public class RetentionTermsOptions
{
    /// <summary>
    /// Gets or sets how long messages, arguments, results and files are kept: a duration such as <c>P30D</c>. Numbers, statuses
    /// and the goal stay. By default as long as the run.
    /// </summary>
    public string? Content { get; set; }

    /// <summary>
    /// Gets or sets how long the run is kept, with all that is stored about it: a duration such as <c>P1Y</c>. By default for
    /// ever.
    /// </summary>
    public string? All { get; set; }
}

/// <summary>Represents a retention rule. All that it names must fit.</summary>
public sealed class RetentionRuleOptions : RetentionTermsOptions
{
    /// <summary>Gets or sets the rule's name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>.</summary>
    public string? Name { get; set; }

    /// <summary>Gets or sets the label: a name, or <c>name=value</c>; any by default.</summary>
    public string? Label { get; set; }

    /// <summary>Gets or sets the agent; any by default.</summary>
    public string? Agent { get; set; }

    /// <summary>Gets or sets the final status, such as <c>completed</c>; any by default.</summary>
    public string? Status { get; set; }
}
