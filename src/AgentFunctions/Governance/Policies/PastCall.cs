using System.Text.Json.Serialization;

namespace AgentFunctions.Governance.Policies;

/// <summary>Represents an earlier call of the run tree, for rules about sequences.</summary>
/// <param name="RunId">The run that called.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within its turn.</param>
/// <param name="Tool">The tool.</param>
/// <param name="Effect">What the tool does to the world.</param>
/// <param name="At">When it began (UTC).</param>
public sealed record PastCall(string RunId, int Turn, int Call, string Tool, ToolEffect Effect, DateTimeOffset At)
{
    /// <summary>Gets the hosts that the call named.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>Gets the data labels of what it read or wrote.</summary>
    public IReadOnlyList<string> DataLabels { get; init; } = [];

    /// <summary>
    /// The fork of <see cref="RunId"/> of whose calls it counts as one; <see langword="null"/> if it is in no fork's history.
    /// </summary>
    [JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal string? CountsFor { get; init; }

    /// <summary>
    /// Whether it was made after the turn that the fork goes on from. It has happened, so it counts where that restricts; what it
    /// led to is not in the fork, so it counts for nothing that frees.
    /// </summary>
    [JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    internal bool IsLater { get; init; }

    /// <summary>Gets when it finished (UTC); <see langword="null"/> while it has not.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Gets whether it succeeded; <see langword="null"/> while nobody knows.</summary>
    public bool? Succeeded { get; init; }
}
