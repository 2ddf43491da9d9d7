using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Core;
using AgentFunctions.Governance.HumanTasks;
using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Governance.Approvals;

/// <summary>Specifies the state of an approval.</summary>
public enum ApprovalState
{
    /// <summary>The approval waits for a decision.</summary>
    Pending,

    /// <summary>Enough people approved.</summary>
    Approved,

    /// <summary>A person denied the call.</summary>
    Denied,

    /// <summary>The approval was not decided in time.</summary>
    Expired,

    /// <summary>No decision is needed any more: the run has ended, or the call can no longer be made.</summary>
    Withdrawn,
}

/// <summary>Specifies what an approval asks about a call.</summary>
public enum ApprovalQuestion
{
    /// <summary>May the call be made?</summary>
    Call,

    /// <summary>
    /// May the call be made again? It was interrupted, and whether it took effect is unknown. The comment of a denial tells the
    /// model the outcome.
    /// </summary>
    Repeat,
}

/// <summary>
/// Represents a tool call that waits for a decision by people. It is bound to the hash of the call, so that the decision applies
/// to no other one.
/// </summary>
public sealed record Approval : IHumanTask<Approval>
{
    /// <summary>How many deliveries an approval remembers.</summary>
    private const int MaxDeliveries = 20;

    /// <summary>Gets the id.</summary>
    public required string Id { get; init; }

    /// <summary>Gets what is asked; <see cref="ApprovalQuestion.Call"/> by default.</summary>
    public ApprovalQuestion Question { get; init; }

    /// <summary>Gets the run that waits.</summary>
    public required string RunId { get; init; }

    /// <summary>Gets the root of the run's tree.</summary>
    public required string RootId { get; init; }

    /// <summary>Gets the turn of the call.</summary>
    public required int Turn { get; init; }

    /// <summary>Gets the number of the call within its turn.</summary>
    public required int Call { get; init; }

    /// <summary>Gets the tool.</summary>
    public required string Tool { get; init; }

    /// <summary>Gets what the tool does to the world.</summary>
    public required ToolEffect Effect { get; init; }

    /// <summary>Gets how much harm the call could do.</summary>
    public required RiskLevel Risk { get; init; }

    /// <summary>Gets the arguments that the model gave. What the service and notifiers hand out is masked.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>
    /// Gets the SHA-256 over run, turn, call, tool and arguments: what is approved, and nothing else. In what the service and
    /// notifiers hand out it is that of the call that would be made now, with what a person has changed.
    /// </summary>
    public required string CallHash { get; init; }

    /// <summary>Gets the same for calls that differ in their values alone: one decision can serve them all.</summary>
    public required string Group { get; init; }

    /// <summary>Gets who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>Gets the agents that delegated, from the root to the one that acts.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>Gets the goal of the run.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets the rule that asks.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets the reason why the rule asks.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets who may approve, and until when.</summary>
    public required ApprovalTerms Terms { get; init; }

    /// <summary>Gets when it was asked (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gets when it expires (UTC).</summary>
    public DateTimeOffset ExpiresAt => CreatedAt + Terms.Expires;

    /// <summary>Gets where it stands.</summary>
    public ApprovalState State { get; init; }

    /// <summary>Gets what people said, in order.</summary>
    public IReadOnlyList<ApprovalVote> Votes { get; init; } = [];

    /// <summary>Gets the arguments that a person put in place of the model's.</summary>
    public JsonElement? Edited { get; init; }

    /// <summary>
    /// Gets whether its record was altered outside the host: its call is refused, whatever else the record says.
    /// </summary>
    [JsonPropertyName("altered")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsAltered { get; init; }

    /// <summary>Gets what is masked in the arguments that would be called with now; filled in for people, never stored.</summary>
    [JsonIgnore]
    public IReadOnlyList<MaskedPart> Masked { get; init; } = [];

    /// <summary>Gets whom the approval was announced to, and how. An approval that could not be announced escalates.</summary>
    public IReadOnlyList<string> ToldTo { get; init; } = [];

    /// <summary>Gets what became of the last attempts to tell it, newest last; at most 20.</summary>
    public IReadOnlyList<ApprovalDelivery> Deliveries { get; init; } = [];

    /// <summary>Gets how often it was told.</summary>
    public int Reminders { get; init; }

    /// <summary>Gets when it is told again (UTC).</summary>
    public DateTimeOffset RemindAt { get; init; }

    /// <summary>Gets when it went to further roles (UTC).</summary>
    public DateTimeOffset? EscalatedAt { get; init; }

    /// <summary>Gets who had steered the run's tree when it was last decided about, besides the requester.</summary>
    public IReadOnlyList<string>? Steerers { get; init; }

    /// <summary>Gets from where on the audit log may tell of its end; <see langword="null"/> for its beginning.</summary>
    [JsonInclude]
    internal long? AuditFrom { get; init; }

    /// <summary>Gets where each person's vote can be written down; <see langword="null"/> if there is none.</summary>
    [JsonInclude]
    internal ImmutableDictionary<string, VoteTrace>? Traces { get; init; }

    /// <summary>Gets when the run took the answer up (UTC): from then on no denial comes before the call.</summary>
    public DateTimeOffset? TakenAt { get; init; }

    /// <summary>
    /// Gets why the call can no longer be made, whatever is decided, for example because its tool is gone or takes other
    /// arguments now; <see langword="null"/> if it can.
    /// </summary>
    public string? Obstacle { get; init; }

    /// <summary>Gets the roles that may approve now.</summary>
    public IReadOnlyList<string> Roles => EscalatedAt is null ? Terms.Roles : [.. Terms.Roles.Union(Terms.EscalateTo)];

    /// <summary>Gets why a caller may not decide about the approval.</summary>
    /// <param name="caller">The caller.</param>
    /// <returns>The reason, which names the rule; <see langword="null"/> if the caller may.</returns>
    public string? WhyNot(Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return !Roles.Any(caller.Has) ? $"Rule '{Rule}' lets only these roles decide: {string.Join(", ", Roles)}."
            : Terms.NotRequester && HasLed(caller.Id)
                ? $"Rule '{Rule}' requires that the person who decides has neither submitted nor steered the run."
            : Terms.IsOutOfBand && caller.Door is { } door
                ? $"Rule '{Rule}' lets no door carry the decision ('{door.Name}'); use the HTTP API or the dashboard."
            : null;
    }

    /// <summary>
    /// Gets whether a caller may decide now: it has one of the roles, has not submitted or steered the run where a rule bars
    /// that, comes by a way that the rule takes, and has not approved already. <see cref="Steerers"/> must be known, as in what
    /// <see cref="ApprovalService.ListOfTreeAsync"/> lists.
    /// </summary>
    /// <param name="caller">The caller.</param>
    public bool MayBeDecidedBy(Caller caller) =>
        WhyNot(caller) is null && !IsAltered && !Votes.Any(vote => vote.Approves && vote.By == caller.Id);

    /// <summary>The event that wakes the run.</summary>
    internal string EventName => $"approval:{Id}";

    /// <summary>Tells whether what was decided by the terms of this approval would have been decided by others too.</summary>
    /// <param name="terms">The other terms.</param>
    internal bool Satisfies(ApprovalTerms terms) =>
        Terms.Roles.All(terms.Roles.Contains)
        && Approvers(terms.NotRequester) >= terms.Count;

    /// <summary>Counts who has approved.</summary>
    /// <param name="notRequester">Whether who asked for the run or has steered it does not count.</param>
    internal int Approvers(bool notRequester) => Votes.Count(vote => vote.Approves && !(notRequester && HasLed(vote.By)));

    /// <summary>Determines whether the words or the money of a caller may have led to the call.</summary>
    /// <param name="caller">The caller's id.</param>
    internal bool HasLed(string caller) => caller == Requester || Steerers?.Contains(caller, StringComparer.Ordinal) == true;

    bool IHumanTask<Approval>.IsPending => State == ApprovalState.Pending;

    HumanTaskTimers IHumanTask<Approval>.Timers => new(Terms.Remind, Terms.EscalateAfter);

    Approval IHumanTask<Approval>.RemindedAt(DateTimeOffset at) => this with { RemindAt = at };

    Approval IHumanTask<Approval>.Expire(DateTimeOffset at) => this with { State = ApprovalState.Expired };

    Approval IHumanTask<Approval>.Withdraw() => this with { State = ApprovalState.Withdrawn };

    Approval IHumanTask<Approval>.EndedAfter(long auditFrom) => this with { AuditFrom = auditFrom };

    Approval IHumanTask<Approval>.Escalate(DateTimeOffset at) => this with { EscalatedAt = at };

    Approval IHumanTask<Approval>.Told(IReadOnlyList<HumanTaskDelivery> deliveries, DateTimeOffset remindAt) => this with
    {
        ToldTo = [.. ToldTo.Union(deliveries.Where(static delivery => delivery.Error is null)
            .Select(static delivery => delivery.To))],
        Deliveries =
        [
            .. Deliveries.Concat(deliveries.Select(static delivery => new ApprovalDelivery(delivery.To, delivery.At,
                delivery.Error)))
                .TakeLast(MaxDeliveries),
        ],
        Reminders = Reminders + 1,
        RemindAt = remindAt,
    };
}

/// <summary>Represents an attempt to notify people of an approval.</summary>
/// <param name="To">Whom, or the channel.</param>
/// <param name="At">The time (UTC).</param>
/// <param name="Error">Why nobody was told, in words; <see langword="null"/> if it was delivered.</param>
public sealed record ApprovalDelivery(string To, DateTimeOffset At, string? Error = null);

/// <summary>Represents the decision of one person about an approval.</summary>
/// <param name="By">Who.</param>
/// <param name="Approves">Whether the call may be made.</param>
/// <param name="Comment">Why; the model reads it.</param>
/// <param name="At">The time (UTC).</param>
public sealed record ApprovalVote(string By, bool Approves, string? Comment, DateTimeOffset At);
