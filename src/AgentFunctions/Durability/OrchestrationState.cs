namespace AgentFunctions.Durability;

/// <summary>Specifies the status of an instance.</summary>
public enum OrchestrationStatus
{
    /// <summary>Scheduled; no turn has run yet.</summary>
    Pending,

    /// <summary>Started and not ended; it may be waiting for a step, a timer or an event.</summary>
    Running,

    /// <summary>Suspended by <see cref="IOrchestrationClient.SuspendAsync"/>.</summary>
    Suspended,

    /// <summary>Ended with an output.</summary>
    Completed,

    /// <summary>Ended by an error.</summary>
    Failed,

    /// <summary>Ended by <see cref="IOrchestrationClient.TerminateAsync"/>.</summary>
    Terminated,
}

/// <summary>Represents the state of an instance.</summary>
/// <param name="InstanceId">The id.</param>
/// <param name="Name">The name of the orchestrator.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="CreatedAt">When it was scheduled (UTC).</param>
/// <param name="LastUpdatedAt">When its last turn was recorded (UTC).</param>
public sealed record OrchestrationState(
    string InstanceId, string Name, OrchestrationStatus Status, DateTimeOffset CreatedAt, DateTimeOffset LastUpdatedAt)
{
    /// <summary>Gets the id of the parent, for a sub-orchestration.</summary>
    public string? ParentInstanceId { get; init; }

    /// <summary>Gets the input as JSON; <see langword="null"/> if there is none or it was not asked for.</summary>
    public string? Input { get; init; }

    /// <summary>Gets the output as JSON; <see langword="null"/> if there is none or it was not asked for.</summary>
    public string? Output { get; init; }

    /// <summary>Gets the custom status as JSON; <see langword="null"/> if there is none or it was not asked for.</summary>
    public string? CustomStatus { get; init; }

    /// <summary>Gets why it failed, for <see cref="OrchestrationStatus.Failed"/>.</summary>
    public FailureDetails? Failure { get; init; }

    /// <summary>Gets whether the instance has ended.</summary>
    public bool IsEnded =>
        Status is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;
}

/// <summary>Represents a filter of instances.</summary>
public sealed record OrchestrationQuery
{
    /// <summary>Gets the statuses of the instances; empty for all.</summary>
    public IReadOnlyList<OrchestrationStatus> Statuses { get; init; } = [];

    /// <summary>Gets the prefix of the ids; <see langword="null"/> for all.</summary>
    public string? InstanceIdPrefix { get; init; }

    /// <summary>Gets the moment at or after which the instances were created; <see langword="null"/> for any.</summary>
    public DateTimeOffset? CreatedFrom { get; init; }

    /// <summary>Gets the moment at or before which the instances were created; <see langword="null"/> for any.</summary>
    public DateTimeOffset? CreatedTo { get; init; }

    /// <summary>Gets the most instances in one page: 1 to 1,000, by default 100.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>
    /// Gets the <see cref="Page{T}.ContinuationToken"/> of the previous page; <see langword="null"/> for the first page.
    /// </summary>
    public string? ContinuationToken { get; init; }

    /// <summary>Gets whether to read input, output and custom status too.</summary>
    public bool IncludePayloads { get; init; }
}

/// <summary>Represents a page of a list.</summary>
/// <typeparam name="T">What the list holds.</typeparam>
/// <param name="Items">The items of this page.</param>
/// <param name="ContinuationToken">Where the next page begins; <see langword="null"/> at the end.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? ContinuationToken);
