using AgentFunctions.Budgets;

namespace AgentFunctions.Loop;

/// <summary>
/// All that a run carries from one execution of its loop to the next: numbers and references, never messages. It is
/// also the run's custom status, from which a failed run can be taken up again.
/// </summary>
internal sealed record RunState
{
    /// <summary>The turns that are over.</summary>
    public int Turns { get; init; }

    /// <summary>The model calls and tool calls that are over.</summary>
    public int Steps { get; init; }

    /// <summary>The longest chain of steps: parallel tool calls of one turn count once.</summary>
    public int CriticalSteps { get; init; }

    /// <summary>What the model calls consumed.</summary>
    public TokenUsage Usage { get; init; } = new();

    /// <summary>When the first turn began; <see langword="null"/> before it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The position in the transcript from which the model is shown everything.</summary>
    public long ContextFrom { get; init; }

    /// <summary>When a stop takes effect that the agent's definition sets.</summary>
    public required LoopLimits Limits { get; init; }

    /// <summary>What the run waits for, other than a step.</summary>
    public RunWait? WaitingFor { get; init; }
}

/// <summary>What a run waits for.</summary>
/// <param name="Kind">The kind, for instance <c>modelCapacity</c>.</param>
/// <param name="Until">Until when, where that is known (UTC).</param>
internal sealed record RunWait(string Kind, DateTimeOffset? Until = null);

/// <summary>The limits of a run that its loop holds it to.</summary>
/// <param name="MaxTurns">The most turns.</param>
/// <param name="MaxTokens">The most tokens, in and out together; <see langword="null"/> for no limit.</param>
/// <param name="MaxDuration">The longest time from the first turn; <see langword="null"/> for no limit.</param>
internal sealed record LoopLimits(int MaxTurns, long? MaxTokens, TimeSpan? MaxDuration);
