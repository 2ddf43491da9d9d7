using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Governance.Audit;

/// <summary>Represents an entry of the audit log. Members are only added.</summary>
/// <param name="Type">What happened, for instance <c>call.decided</c>.</param>
public sealed record AuditEntry(string Type)
{
    /// <summary>Gets its number in its part of the log, from 0; set by the log.</summary>
    public long Seq { get; init; }

    /// <summary>Gets when (UTC); set by the log.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Gets the SHA-256 of the entry before, as it is stored; set by the log.</summary>
    public string Prev { get; init; } = "";

    /// <summary>Gets the run.</summary>
    public string? RunId { get; init; }

    /// <summary>Gets the root of the run's tree.</summary>
    public string? RootId { get; init; }

    /// <summary>Gets the turn.</summary>
    public int? Turn { get; init; }

    /// <summary>Gets the number of the call within its turn.</summary>
    public int? Call { get; init; }

    /// <summary>Gets who asked for the root run.</summary>
    public string? Requester { get; init; }

    /// <summary>Gets who acted: a person, a program or the host.</summary>
    public string? Actor { get; init; }

    /// <summary>Gets the agent.</summary>
    public string? Agent { get; init; }

    /// <summary>Gets the hash of the agent's definition.</summary>
    public string? DefinitionHash { get; init; }

    /// <summary>Gets the agents that delegated, from the root to the one that acts.</summary>
    public IReadOnlyList<string>? Chain { get; init; }

    /// <summary>Gets the tool.</summary>
    public string? Tool { get; init; }

    /// <summary>Gets what the tool does to the world.</summary>
    public ToolEffect? Effect { get; init; }

    /// <summary>Gets what was decided.</summary>
    public PolicyVerdict? Verdict { get; init; }

    /// <summary>Gets the rule that decided.</summary>
    public string? Rule { get; init; }

    /// <summary>Gets the hash of the policy that held.</summary>
    public string? PolicyHash { get; init; }

    /// <summary>Gets the approval that the entry is about or that made it possible.</summary>
    public string? ApprovalId { get; init; }

    /// <summary>Gets the question that the entry is about.</summary>
    public string? QuestionId { get; init; }

    /// <summary>Gets the SHA-256 of the arguments' canonical JSON.</summary>
    public string? ArgumentsHash { get; init; }

    /// <summary>Gets the beginning of the arguments, secrets left out.</summary>
    public string? Arguments { get; init; }

    /// <summary>Gets the SHA-256 of the outcome's text.</summary>
    public string? OutcomeHash { get; init; }

    /// <summary>Gets the beginning of the outcome, secrets left out.</summary>
    public string? Outcome { get; init; }

    /// <summary>Gets whether it went wrong, or was refused.</summary>
    public bool? Failed { get; init; }

    /// <summary>Gets the reason in words.</summary>
    public string? Reason { get; init; }

    /// <summary>Gets the protocol that the request came by; <see langword="null"/> for the HTTP API and for programs.</summary>
    public string? Door { get; init; }

    /// <summary>Gets the name that the protocol of <see cref="Door"/> has for the request.</summary>
    public string? DoorRequest { get; init; }

    /// <summary>
    /// Gets who acted on behalf of <see cref="Actor"/>, the nearest first: the runs of another host that its token named;
    /// <see langword="null"/> for none.
    /// </summary>
    public IReadOnlyList<string>? Act { get; init; }

    /// <summary>
    /// Gets the part of the log that the entry stands in; <see langword="null"/> in the host's own. Set by the log.
    /// </summary>
    public string? Shard { get; init; }

    /// <summary>Gets how far other parts had grown: only in the chain of heads, which joins them. Set by the log.</summary>
    public IReadOnlyList<AuditHead>? Heads { get; init; }

    /// <summary>
    /// Gets how far the chain of heads had grown, where that has changed since the part's last entry. Set by the log.
    /// </summary>
    public AuditHead? Joined { get; init; }

    /// <summary>Gets up to where another part was cut off at its beginning: only in the chain of heads. Set by the log.</summary>
    public AuditHead? Cut { get; init; }

    /// <summary>
    /// Gets the texts of an entry of a run, as they are stored; set by the log. An entry that is read with the key has its texts
    /// and hashes instead. Where they stay sealed, the key is gone and the hashes are keyed ones.
    /// </summary>
    public AuditSealed? Sealed { get; init; }

    /// <summary>
    /// Gets whether the entry says nothing but how the parts of the log belong together: such entries are not counted.
    /// </summary>
    internal bool JoinsParts => Shard == AuditShards.Heads || Type == AuditTypes.LogSharded;
}

/// <summary>The values of <see cref="AuditEntry.Type"/>.</summary>
internal static class AuditTypes
{
    /// <summary>A run was admitted.</summary>
    public const string RunSubmitted = "run.submitted";

    /// <summary>A request was refused at the gateway.</summary>
    public const string RequestRefused = "request.refused";

    /// <summary>Somebody sent a run a message.</summary>
    public const string MessageSent = "run.messageSent";

    /// <summary>
    /// Somebody paused, resumed or cancelled a run, or started one anew from it; <see cref="AuditEntry.Reason"/> says which.
    /// </summary>
    public const string RunCommanded = "run.commanded";

    /// <summary>A run was given to somebody as a file.</summary>
    public const string RunExported = "run.exported";

    /// <summary>Somebody brought an earlier state of a run's folder back; <see cref="AuditEntry.Reason"/> says how far.</summary>
    public const string WorkspaceRestored = "workspace.restored";

    /// <summary>A run ended.</summary>
    public const string RunEnded = "run.ended";

    /// <summary>A run handed a part of its work, and of its rights, to a sub-agent.</summary>
    public const string RunDelegated = "run.delegated";

    /// <summary>A token was minted for a call; <see cref="AuditEntry.Reason"/> says for whom and with which scopes.</summary>
    public const string TokenMinted = "token.minted";

    /// <summary>A token was refused.</summary>
    public const string TokenRefused = "token.refused";

    /// <summary>A tool call was decided.</summary>
    public const string CallDecided = "call.decided";

    /// <summary>A tool call has an outcome.</summary>
    public const string CallFinished = "call.finished";

    /// <summary>A person was asked.</summary>
    public const string ApprovalRequested = "approval.requested";

    /// <summary>
    /// People were told of an approval; <see cref="AuditEntry.Reason"/> says over which channels, and which failed.
    /// </summary>
    public const string ApprovalTold = "approval.told";

    /// <summary>A person approved, denied or changed a call.</summary>
    public const string ApprovalDecided = "approval.decided";

    /// <summary>Somebody looked at the masked parts of an approval; <see cref="AuditEntry.Reason"/> names them.</summary>
    public const string ApprovalRevealed = "approval.revealed";

    /// <summary>An approval went to further roles.</summary>
    public const string ApprovalEscalated = "approval.escalated";

    /// <summary>An approval was not decided in time.</summary>
    public const string ApprovalExpired = "approval.expired";

    /// <summary>A call that waited for an approval can no longer be made.</summary>
    public const string ApprovalWithdrawn = "approval.withdrawn";

    /// <summary>A run asked people; <see cref="AuditEntry.Arguments"/> is the question.</summary>
    public const string QuestionAsked = "question.asked";

    /// <summary>
    /// People were told of a question; <see cref="AuditEntry.Reason"/> says over which channels, and which failed.
    /// </summary>
    public const string QuestionTold = "question.told";

    /// <summary>A question went to further roles.</summary>
    public const string QuestionEscalated = "question.escalated";

    /// <summary>A person answered a question; <see cref="AuditEntry.Outcome"/> is the answer.</summary>
    public const string QuestionAnswered = "question.answered";

    /// <summary>A person declined to answer a question; <see cref="AuditEntry.Reason"/> is what was said.</summary>
    public const string QuestionDeclined = "question.declined";

    /// <summary>Nobody answered a question in time.</summary>
    public const string QuestionExpired = "question.expired";

    /// <summary>A question needed no answer any more; <see cref="AuditEntry.Reason"/> says why.</summary>
    public const string QuestionWithdrawn = "question.withdrawn";

    /// <summary>The caller of a run executed a call; <see cref="AuditEntry.Outcome"/> is the answer.</summary>
    public const string CallAnswered = "call.answered";

    /// <summary>Somebody reviewed a change; <see cref="AuditEntry.Rule"/> names the queue.</summary>
    public const string ChangeReviewed = "change.reviewed";

    /// <summary>Something was stopped by the kill switch.</summary>
    public const string KillEngaged = "kill.engaged";

    /// <summary>The kill switch was released.</summary>
    public const string KillReleased = "kill.released";

    /// <summary>An API key was made or withdrawn, or a signing key was rotated.</summary>
    public const string KeyChanged = "key.changed";

    /// <summary>
    /// Somebody made, changed, held, resumed, ran or deleted a monitor; <see cref="AuditEntry.Reason"/> says which.
    /// </summary>
    public const string MonitorCommanded = "monitor.commanded";

    /// <summary>Somebody took up or ended an incident; <see cref="AuditEntry.Reason"/> says which.</summary>
    public const string IncidentCommanded = "incident.commanded";

    /// <summary>Parts of the log were joined: <see cref="AuditEntry.Heads"/> says how far they had grown.</summary>
    public const string LogJoined = "log.joined";

    /// <summary>The log goes on in shards: from here on its first part has only what concerns no run.</summary>
    public const string LogSharded = "log.sharded";

    /// <summary>
    /// The oldest entries of a part were deleted, as its retention says; <see cref="AuditEntry.Cut"/> names the last of them.
    /// </summary>
    public const string LogCut = "audit.cut";

    /// <summary>A run and its tree are being erased; <see cref="AuditEntry.Reason"/> says why.</summary>
    public const string RunErased = "run.erased";

    /// <summary>
    /// The erasure of a run waits; <see cref="AuditEntry.Reason"/> says what stands in the way, and the remedy.
    /// </summary>
    public const string RunErasureWaits = "run.erased.waits";

    /// <summary>A run and its tree have been erased; <see cref="AuditEntry.Reason"/> says how much there was.</summary>
    public const string RunErasedDone = "run.erased.done";

    /// <summary>What was said and done in a run is erased, as its retention says; the run is kept.</summary>
    public const string RunEmptied = "run.content.erased";

    /// <summary>
    /// A legal hold was set; <see cref="AuditEntry.Rule"/> names it, <see cref="AuditEntry.Reason"/> says on what and why.
    /// </summary>
    public const string HoldSet = "hold.set";

    /// <summary>
    /// A legal hold was lifted; <see cref="AuditEntry.Rule"/> names it, <see cref="AuditEntry.Reason"/> says who had set it.
    /// </summary>
    public const string HoldLifted = "hold.lifted";

    /// <summary>
    /// Determines whether entries of a type say that a tree was erased: they outlive its key, so their texts stay in clear.
    /// </summary>
    internal static bool IsOfErasure(string type) => type.StartsWith(RunErased, StringComparison.Ordinal);
}
