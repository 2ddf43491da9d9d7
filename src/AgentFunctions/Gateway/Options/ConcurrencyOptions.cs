namespace AgentFunctions.Gateway.Options;

/// <summary>
/// Represents the limits of concurrent runs, each with its sub-agents. Runs that are waiting or paused count. A run over a limit
/// is queued, and started by priority, then by fair share among callers, then in order.
/// </summary>
public sealed class ConcurrencyOptions
{
    internal const int MaxTotal = 1_000;
    internal const int MostQueued = 2_000;

    /// <summary>Gets or sets the most runs at work; 1,000 by default where any limit is set.</summary>
    public int? Total { get; set; }

    /// <summary>Gets or sets the most runs at work of each caller; no limit by default.</summary>
    public int? PerCaller { get; set; }

    /// <summary>Gets the most runs at work with a label; no limit by default.</summary>
    public IList<LabelConcurrencyOptions> Labels { get; } = [];

    /// <summary>
    /// Gets or sets the most runs that may be queued; further ones are refused. 1,000 by default, at most 2,000.
    /// </summary>
    public int MaxQueued { get; set; } = 1_000;

    /// <summary>
    /// Gets or sets how long a run waits until it counts as one priority higher, so that none waits for ever; 10 minutes by
    /// default.
    /// </summary>
    public TimeSpan Ageing { get; set; } = TimeSpan.FromMinutes(10);

    internal bool IsConfigured => Total is not null || PerCaller is not null || Labels.Count > 0;
}

/// <summary>Represents the limit of concurrent runs with a label.</summary>
public sealed class LabelConcurrencyOptions
{
    /// <summary>Gets or sets the label: <c>name=value</c>, or a name for each value by itself.</summary>
    public string? Label { get; set; }

    /// <summary>Gets or sets the most runs; 1 by default.</summary>
    public int Runs { get; set; } = 1;
}
