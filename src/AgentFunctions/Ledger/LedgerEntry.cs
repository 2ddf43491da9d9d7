using System.Text.Json.Serialization;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.Ledger;

/// <summary>How far a tool call has come.</summary>
internal enum LedgerState
{
    /// <summary>It waits for a person, or for room in the review queue; nothing has happened yet.</summary>
    Waiting = 2,

    /// <summary>It was about to be made; whether its effect took place is not known yet.</summary>
    Started = 0,

    /// <summary>It has an outcome.</summary>
    Finished = 1,

    /// <summary>It was made and cut off: nobody can tell its outcome, and a person is asked whether to make it again.</summary>
    Unknown = 3,
}

/// <summary>What is known of one tool call.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="State">How far it has come.</param>
/// <param name="StartedAt">When it was about to be made (UTC).</param>
/// <param name="Outcome">What came of it, once finished.</param>
internal sealed record LedgerEntry(string Tool, LedgerState State, DateTimeOffset StartedAt, ToolOutcome? Outcome = null)
{
    /// <summary>For a finished call that concerns sub-agents: what it asked the loop to do.</summary>
    [JsonInclude]
    internal SwarmRequest? Swarm { get; init; }

    /// <summary>Gets what the policy decided about it.</summary>
    public PolicyDecision? Decision { get; init; }

    /// <summary>Gets the approval that it waits for, or that allowed it.</summary>
    public string? ApprovalId { get; init; }

    /// <summary>Gets the questions that the call has asked people; <see langword="null"/> if it has asked none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? QuestionIds { get; init; }

    /// <summary>
    /// Gets whether the call was begun and acts outside the folder of the run, so that restoring the folder does not undo it. Not
    /// written by earlier versions.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool ActsOutside { get; init; }

    /// <summary>
    /// Gets whether its work goes on elsewhere: it waits for a look at it even while its tool cannot be reached.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool GoesOn { get; init; }

    /// <summary>Gets how often a person had it made again after its outcome could not be told.</summary>
    public int Repeats { get; init; }

    /// <summary>
    /// Gets what the model is told of it once nobody is at it any more: its outcome, or that nobody can tell whether it took effect;
    /// <see langword="null"/> for a call that was not made.
    /// </summary>
    [JsonIgnore]
    internal ToolOutcome? Told => Outcome
        ?? (State is not (LedgerState.Started or LedgerState.Unknown) && Repeats == 0 ? null
            : SwarmToolNames.IsOne(Tool) ? UnknownOutcome.OfSubAgents(Tool)
            : UnknownOutcome.Of(Tool));

    /// <summary>Which delivery of the step wrote the entry.</summary>
    [JsonInclude]
    internal Guid Delivery { get; init; }

    /// <summary>The version that was read or written; <see langword="null"/> if there was none.</summary>
    [JsonIgnore]
    internal string? Etag { get; init; }

    /// <summary>
    /// Whether this delivery of the step entered the call as begun, and so made it: nobody knows its outcome better.
    /// </summary>
    [JsonIgnore]
    internal bool IsOwner { get; init; }
}
