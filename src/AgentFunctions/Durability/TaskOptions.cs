using AgentFunctions.Core;

namespace AgentFunctions.Durability;

/// <summary>Represents the options of a durable step.</summary>
/// <param name="Retry">When and how often to repeat a failed step; <see langword="null"/> for never.</param>
public record TaskOptions(RetryPolicy? Retry = null);

/// <summary>Represents the options of a sub-orchestration.</summary>
/// <param name="InstanceId">The child's instance id; <see langword="null"/> for a new one that is stable under replay.</param>
/// <param name="Retry">When and how often to repeat a failed child; <see langword="null"/> for never.</param>
public sealed record SubOrchestrationOptions(string? InstanceId = null, RetryPolicy? Retry = null) : TaskOptions(Retry)
{
    /// <summary>
    /// Separates the id of an instance from the name of a child in the ids of the runtime's own trees. An engine that ends or
    /// purges an instance with its children finds them by this prefix.
    /// </summary>
    public const char IdSeparator = ChildName.Separator;
}

/// <summary>Represents the options with which an instance is scheduled.</summary>
public sealed record StartOptions
{
    /// <summary>
    /// Gets the instance id; <see langword="null"/> for a new one. At most 256 characters, none of them a control character.
    /// </summary>
    public string? InstanceId { get; init; }

    /// <summary>Gets the earliest moment of the first turn (UTC); <see langword="null"/> for at once.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>
    /// Gets the statuses in which an existing instance of the same id is replaced by the new one. By default none: an id that is
    /// taken is an error.
    /// </summary>
    public IReadOnlyList<OrchestrationStatus> ReplaceableStatuses { get; init; } = [];
}

/// <summary>Represents when and how often a failed step is retried. The delays are durable timers.</summary>
/// <param name="MaxAttempts">The most attempts, the first included; at least 1.</param>
/// <param name="FirstDelay">The wait before the second attempt.</param>
/// <param name="BackoffCoefficient">By what each further wait grows; at least 1.</param>
/// <param name="MaxDelay">The longest single wait; <see langword="null"/> for no bound.</param>
/// <param name="Timeout">No attempt starts later than this after the first; <see langword="null"/> for no bound.</param>
public sealed record RetryPolicy(
    int MaxAttempts, TimeSpan FirstDelay, double BackoffCoefficient = 1.0, TimeSpan? MaxDelay = null, TimeSpan? Timeout = null)
{
    /// <summary>
    /// Decides whether a failure is worth another attempt; by default every one that is not marked
    /// <see cref="FailureDetails.IsNonRetriable"/>. Runs under replay, so it must be deterministic.
    /// </summary>
    public Func<FailureDetails, bool>? HandleFailure { get; init; }

    /// <summary>Determines whether a failed attempt is retried.</summary>
    /// <param name="failure">What went wrong.</param>
    /// <param name="attempt">The number of the attempt that failed, from 1.</param>
    /// <param name="elapsed">Time since the first attempt.</param>
    public bool ShouldRetry(FailureDetails failure, int attempt, TimeSpan elapsed) =>
        attempt < MaxAttempts
        && (Timeout is null || elapsed < Timeout)
        && (HandleFailure?.Invoke(failure) ?? !failure.IsNonRetriable);

    /// <summary>Gets the delay after a failed attempt.</summary>
    /// <param name="attempt">The number of the attempt that failed, from 1.</param>
    public TimeSpan DelayAfter(int attempt)
    {
        double ticks = FirstDelay.Ticks * Math.Pow(BackoffCoefficient, attempt - 1);
        TimeSpan delay = ticks >= TimeSpan.MaxValue.Ticks ? TimeSpan.MaxValue : TimeSpan.FromTicks((long)ticks);
        return MaxDelay is { } max && delay > max ? max : delay;
    }
}
