namespace AgentFunctions.Governance.Reviews;

/// <summary>Represents the limits of unreviewed changes, bound to the configuration section <c>Reviews</c>.</summary>
public sealed class ReviewOptions
{
    /// <summary>Names the configuration section.</summary>
    public const string Section = "Reviews";

    /// <summary>Gets the queues; none by default.</summary>
    public IList<ReviewQueueOptions> Queues { get; } = [];
}

/// <summary>
/// Represents the limit of unreviewed changes of the runs with a label. A change is a call with effects that has begun; a call
/// that a person approved counts as reviewed. At the limit, such runs wait before their next call with effects.
/// </summary>
public sealed class ReviewQueueOptions
{
    internal const int MaxCapacity = 500;

    /// <summary>Gets or sets the label: <c>name=value</c>, or a name for a queue of each value.</summary>
    public string? Label { get; set; }

    /// <summary>Gets or sets the most changes that may be unreviewed; 20 by default, at most 500.</summary>
    public int Capacity { get; set; } = 20;

    /// <summary>Gets the roles that may review; by default <c>approver</c>.</summary>
    public IList<string> Roles { get; } = [];

    /// <summary>Gets or sets whether whoever asked for the run may not review its changes; false by default.</summary>
    public bool NotRequester { get; set; }
}
