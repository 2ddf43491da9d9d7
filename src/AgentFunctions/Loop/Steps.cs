using System.Globalization;
using AgentFunctions.Budgets;
using AgentFunctions.Records;
using AgentFunctions.Runs;

namespace AgentFunctions.Loop;

/// <summary>Ask the model for its next message.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn, from 1.</param>
/// <param name="Context">The part of the transcript that the model is shown.</param>
/// <param name="MaxOutputTokens">The bound of the answer.</param>
internal sealed record CallModelInput(string RunId, int Turn, ContextRef Context, int MaxOutputTokens)
{
    /// <summary>Gets the first message from people that the model has not been shown.</summary>
    public long InboxFrom { get; init; }

    /// <summary>Gets the number of messages from people that it shall have been shown.</summary>
    public long InboxTo { get; init; }

    /// <summary>Gets what the host has to tell the model.</summary>
    public string? Notice { get; init; }

    /// <summary>Gets whether this is the last message: no tools are offered.</summary>
    public bool Closing { get; init; }

    /// <summary>Gets the number of the call among the run's model calls, from 1; never used twice.</summary>
    public int Call { get; init; }

    /// <summary>
    /// What the call may consume at the most, for a run whose budget limits that; the call is then marked as begun, and one
    /// that was begun and cut off is not made again but reported as lost.
    /// </summary>
    public TokenUsage? Reserve { get; init; }
}

/// <summary>What the model decided, by reference: the message itself is in the transcript.</summary>
/// <param name="Calls">The names of the tools that it asked for, in order; empty for an answer.</param>
/// <param name="Usage">What the call consumed.</param>
/// <param name="FinishReason">Why the model stopped.</param>
/// <param name="HasText">Whether it said anything.</param>
internal sealed record CallModelResult(IReadOnlyList<string> Calls, TokenUsage Usage, string? FinishReason, bool HasText)
{
    /// <summary>Set where the provider asked to wait: no message was made, ask again after this time.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Gets whether the provider refused the request for its size: no message was made.</summary>
    public bool ContextExceeded { get; init; }

    /// <summary>
    /// Gets whether the call was begun before and cut off: no message was made, and what it consumed is not known.
    /// </summary>
    public bool Lost { get; init; }

    /// <summary>Gets the model that answered in place of the run's own; <see langword="null"/> if the run's own did.</summary>
    public string? Model { get; init; }

    /// <summary>Gets a call that made no message.</summary>
    public static CallModelResult None { get; } = new([], new TokenUsage(), null, false);
}

/// <summary>Make one of the tool calls that the model asked for.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn.</param>
/// <param name="Call">The number of the call within the turn, from 0.</param>
/// <param name="Context">The part of the transcript that holds the call.</param>
internal sealed record CallToolInput(string RunId, int Turn, int Call, ContextRef Context)
{
    /// <summary>For a tool that concerns sub-agents: what it may ask for.</summary>
    public SwarmAllowance? Swarm { get; init; }

    /// <summary>
    /// Gets what the run may still spend, for rules to decide on; <see langword="null"/> if nothing is limited.
    /// </summary>
    public Budget? BudgetLeft { get; init; }

    /// <summary>
    /// Gets the most bytes (UTF-8) that the model is shown of the result; what is longer becomes an artifact. 0 for the tool's
    /// own limit.
    /// </summary>
    public int ResultBytes { get; init; }
}

/// <summary>What came of a tool call, by reference: the outcome itself is in the ledger.</summary>
/// <param name="IsError">Whether it went wrong.</param>
/// <param name="Bytes">The size of what the model will be shown of it.</param>
/// <param name="Code">The stable code of what went wrong.</param>
internal sealed record CallToolResult(bool IsError, int Bytes, string? Code = null)
{
    /// <summary>For a tool that concerns sub-agents: what it asks the loop to do.</summary>
    public SwarmRequest? Swarm { get; init; }

    /// <summary>Set where the call was not made yet: wait for this, then ask again.</summary>
    public ToolCallWait? Wait { get; init; }

    /// <summary>Gets whether the model is not asked again after this call; <see langword="null"/> if it is.</summary>
    public bool? EndsTurn { get; init; }

    /// <summary>Gets what the work cost elsewhere; <see langword="null"/> for nothing.</summary>
    public TokenUsage? Usage { get; init; }
}

/// <summary>What a tool call waits for.</summary>
/// <param name="Kind">The kind: <c>approval</c>, <c>question</c> or <c>reviewCapacity</c>.</param>
/// <param name="Id">What exactly.</param>
/// <param name="EventName">The event that wakes it.</param>
/// <param name="Until">When to look again in any case (UTC).</param>
internal sealed record ToolCallWait(string Kind, string Id, string EventName, DateTimeOffset Until)
{
    /// <summary>The kind of work that goes on elsewhere.</summary>
    public const string Job = "job";

    /// <summary>Names the event that has the work of a call looked at.</summary>
    public static string JobEvent(int turn, int call) => string.Create(CultureInfo.InvariantCulture, $"job:{turn}:{call}");

    /// <summary>Gets the deadline, where <see cref="Until"/> comes before it (UTC).</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>Have the model sum up the older part of what it is shown.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The last turn that is over.</param>
/// <param name="Context">What the model is shown now.</param>
/// <param name="KeepBytes">How much of the newest messages stays as it is, in bytes (UTF-8).</param>
/// <param name="MaxOutputTokens">The bound of the summary.</param>
internal sealed record CompactInput(string RunId, int Turn, ContextRef Context, long KeepBytes, int MaxOutputTokens)
{
    /// <summary>Gets the most bytes (UTF-8) of the request.</summary>
    public long MaxInputBytes { get; init; } = long.MaxValue;

    /// <summary>Gets the longest summary, in bytes (UTF-8).</summary>
    public int MaxSummaryBytes { get; init; } = int.MaxValue;

    /// <summary>Gets how many messages of people the model has been shown.</summary>
    public long Inbox { get; init; }

    /// <summary>Gets the number of the call among the run's model calls, from 1; never used twice.</summary>
    public int Call { get; init; }

    /// <summary>Gets what the call may consume at the most; see <see cref="CallModelInput.Reserve"/>.</summary>
    public TokenUsage? Reserve { get; init; }
}

/// <summary>What the model is shown from now on.</summary>
/// <param name="Context">The part of the transcript.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Usage">What the summary consumed.</param>
internal sealed record CompactResult(ContextRef Context, long Bytes, TokenUsage Usage)
{
    /// <summary>Gets the model that summed up in place of the run's own; <see langword="null"/> if the run's own did.</summary>
    public string? Model { get; init; }

    /// <summary>Gets whether the call was begun before and cut off: nothing was summed up.</summary>
    public bool Lost { get; init; }

    /// <summary>Set where the provider asked to wait: nothing was summed up, ask again after this time.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Find out whether the answer of a turn is what was asked for.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Turn">The turn of the answer.</param>
/// <param name="Context">The part of the transcript that holds the answer.</param>
internal sealed record CheckAcceptanceInput(string RunId, int Turn, ContextRef Context)
{
    /// <summary>
    /// Gets what is left of the run's budget, for the rules on a command; <see langword="null"/> if it is unlimited, or not
    /// told.
    /// </summary>
    public Budget? BudgetLeft { get; init; }

    /// <summary>Gets the most bytes (UTF-8) of the judge's request.</summary>
    public long MaxInputBytes { get; init; } = long.MaxValue;

    /// <summary>Gets the bound of the judge's answer, in tokens.</summary>
    public int MaxOutputTokens { get; init; }

    /// <summary>Gets the number of the judge's call among the run's model calls, from 1; never used twice.</summary>
    public int Call { get; init; }

    /// <summary>Gets what the judge may consume at the most; see <see cref="CallModelInput.Reserve"/>.</summary>
    public TokenUsage? Reserve { get; init; }
}

/// <summary>Whether the answer is what was asked for.</summary>
/// <param name="Accepted">Whether it is.</param>
/// <param name="Usage">What a judge consumed.</param>
/// <param name="Findings">What is missing, in words for the model; at most 4,000 characters.</param>
internal sealed record CheckAcceptanceResult(bool Accepted, TokenUsage Usage, string? Findings = null)
{
    /// <summary>Gets the model that judged in place of the judge's own; <see langword="null"/> if the judge's own did.</summary>
    public string? Model { get; init; }

    /// <summary>Gets whether the judge was asked before and cut off: nothing is decided.</summary>
    public bool Lost { get; init; }

    /// <summary>Set where the judge's provider asked to wait: nothing is decided, ask again after this time.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Tell those who follow the run that it has ended.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Outcome">How.</param>
internal sealed record NotifyInput(string RunId, RunOutcome Outcome)
{
    /// <summary>
    /// Whether steps are in flight that nobody waits for any more. An orchestration does not complete before its last step,
    /// so the run is then terminated with its outcome as output.
    /// </summary>
    public bool EndsSteps { get; init; }
}

/// <summary>How a run ended.</summary>
/// <param name="Status">Its final status.</param>
/// <param name="State">Where it stood.</param>
internal sealed record RunOutcome(RunStatus Status, RunState State)
{
    /// <summary>Gets the stable code of what stopped it short.</summary>
    public string? Code { get; init; }

    /// <summary>Gets what stopped it short, in words.</summary>
    public string? Message { get; init; }
}
