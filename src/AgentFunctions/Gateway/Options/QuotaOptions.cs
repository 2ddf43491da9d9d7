namespace AgentFunctions.Gateway.Options;

/// <summary>
/// Represents a quota: what a caller, or the runs with a label, may consume in a window of time. Sub-agents count as part of
/// their run.
/// </summary>
public sealed class QuotaOptions
{
    /// <summary>Gets or sets the rule's name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>. Refusals name it.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// Gets or sets the caller that it holds for; <c>*</c> for each caller by itself. Either this or <see cref="Label"/>.
    /// </summary>
    public string? Caller { get; set; }

    /// <summary>Gets or sets the label that it holds for: <c>name=value</c>, or a name for each value by itself.</summary>
    public string? Label { get; set; }

    /// <summary>Gets or sets the window, which begins at the full hour or at midnight (UTC); a day by default.</summary>
    public QuotaWindow Per { get; set; } = QuotaWindow.Day;

    /// <summary>
    /// Gets or sets the most runs that may be submitted; no limit by default. Sub-agents are not counted: they are the budget's
    /// matter.
    /// </summary>
    public int? Runs { get; set; }

    /// <summary>Gets or sets the most steps: model calls and the tool calls that they ask for; no limit by default.</summary>
    public long? Steps { get; set; }

    /// <summary>Gets or sets the most tokens, sent and received; no limit by default.</summary>
    public long? Tokens { get; set; }

    /// <summary>
    /// Gets or sets the most money, in US dollars; no limit by default. Calls of a model without a price count as nothing.
    /// </summary>
    public decimal? Usd { get; set; }
}

/// <summary>Specifies the window of a quota.</summary>
public enum QuotaWindow
{
    /// <summary>From one full hour to the next (UTC).</summary>
    Hour,

    /// <summary>From one midnight to the next (UTC).</summary>
    Day,
}
