using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Core;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Records;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>Approvals, the riskiest first.</summary>
/// <param name="Items">The approvals.</param>
internal sealed record ApprovalListResource(IReadOnlyList<ApprovalResource> Items);

/// <summary>A tool call that waits, or waited, for a person.</summary>
internal sealed record ApprovalResource
{
    /// <summary>The id.</summary>
    public required string Id { get; init; }

    /// <summary>The run that waits.</summary>
    public required string Run { get; init; }

    /// <summary>What is asked: may the call be made, or shall one that was cut off be made again?</summary>
    public required ApprovalQuestion Question { get; init; }

    /// <summary>Where it stands.</summary>
    public required ApprovalState State { get; init; }

    /// <summary>The tool.</summary>
    public required string Tool { get; init; }

    /// <summary>What the tool does to the world.</summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>How much harm the call could do.</summary>
    public required RiskLevel Risk { get; init; }

    /// <summary>The arguments that the call would be made with, secrets masked.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>The arguments that the model gave, if a person put others in their place.</summary>
    public JsonElement? OriginalArguments { get; init; }

    /// <summary>
    /// What is masked in the arguments: where, how long and why. Who may decide can see it with <c>reveal=true</c>.
    /// </summary>
    public IReadOnlyList<MaskedPart> Masked { get; init; } = [];

    /// <summary>Whether its record was altered outside the host: the call is refused, whatever is decided.</summary>
    public bool Altered { get; init; }

    /// <summary>The SHA-256 of the call: what is approved, and nothing else.</summary>
    public required string CallHash { get; init; }

    /// <summary>The same for similar calls.</summary>
    public required string Group { get; init; }

    /// <summary>Who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>The agents that delegated, from the root to the one that acts.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>The goal of the run.</summary>
    public required string Goal { get; init; }

    /// <summary>The rule that asks.</summary>
    public required string Rule { get; init; }

    /// <summary>Why it asks.</summary>
    public string? Reason { get; init; }

    /// <summary>Why the call can no longer be made, whatever is decided; left out if it can.</summary>
    public string? Obstacle { get; init; }

    /// <summary>The roles that may decide now.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>How many different people must approve.</summary>
    public required int Needed { get; init; }

    /// <summary>How many have.</summary>
    public required int Approved { get; init; }

    /// <summary>When it was asked.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it expires.</summary>
    public required DateTime ExpiresAt { get; init; }

    /// <summary>The root of the run's tree.</summary>
    public required string Root { get; init; }

    /// <summary>The turn of the call.</summary>
    public required int Turn { get; init; }

    /// <summary>The number of the call within its turn, from 0.</summary>
    public required int Call { get; init; }

    /// <summary>The arguments as the model sent them, secrets masked.</summary>
    public required JsonElement Asked { get; init; }

    /// <summary>The votes so far, in order.</summary>
    public required IReadOnlyList<ApprovalVote> Votes { get; init; }

    /// <summary>The outcome of the last attempts to notify people, newest last.</summary>
    public required IReadOnlyList<ApprovalDelivery> Deliveries { get; init; }

    /// <summary>When it went to further roles (UTC).</summary>
    public DateTime? EscalatedAt { get; init; }

    /// <summary>Whether this caller may decide about it.</summary>
    public bool MayDecide { get; init; }

    /// <summary>Why this caller may not, with the rule's name; null if it may.</summary>
    public string? WhyNot { get; init; }

    /// <summary>
    /// The JSON schema of the tool's arguments; only in the answer of one approval without <c>reveal</c>, and left out if it is
    /// unknown.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public JsonElement? Schema { get; init; }

    /// <summary>
    /// How calls of this tool were decided for this agent; only in the answer of one approval without <c>reveal</c>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PastDecisions? History { get; init; }

    public static ApprovalResource Of(Approval approval, Caller caller) => Of(approval, approval.WhyNot(caller));

    private static ApprovalResource Of(Approval approval, string? whyNot) => new()
    {
        Root = approval.RootId,
        Turn = approval.Turn,
        Call = approval.Call,
        Asked = approval.Arguments,
        Votes = approval.Votes,
        Deliveries = approval.Deliveries,
        EscalatedAt = approval.EscalatedAt?.UtcDateTime,
        MayDecide = whyNot is null,
        WhyNot = whyNot,
        Id = approval.Id,
        Run = approval.RunId,
        Question = approval.Question,
        State = approval.State,
        Tool = approval.Tool,
        Effect = approval.Effect,
        Risk = approval.Risk,
        Arguments = approval.Edited ?? approval.Arguments,
        OriginalArguments = approval.Edited is null ? null : approval.Arguments,
        Masked = approval.Masked,
        Altered = approval.IsAltered,
        CallHash = approval.CallHash,
        Group = approval.Group,
        Requester = approval.Requester,
        Chain = approval.Chain,
        Goal = approval.Goal,
        Rule = approval.Rule,
        Reason = approval.Reason,
        Obstacle = approval.Obstacle,
        Roles = approval.Roles,
        Needed = approval.Terms.Count,
        Approved = approval.Votes.Count(vote => vote.Approves),
        CreatedAt = approval.CreatedAt.UtcDateTime,
        ExpiresAt = approval.ExpiresAt.UtcDateTime,
    };
}
