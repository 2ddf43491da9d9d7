using System.Globalization;
using AgentFunctions.Governance.Policies;

namespace AgentFunctions.Governance.Audit;

/// <summary>Describes audit entries in words: who allowed what, and why.</summary>
public static class AuditStory
{
    /// <summary>Describes an entry in one sentence.</summary>
    /// <param name="entry">The entry.</param>
    public static string Tell(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        string when = entry.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return $"{when}  {Sentence(entry)}{(entry.Sealed is null ? "" : " [The words were sealed, and their key is gone.]")}";
    }

    private static string Sentence(AuditEntry entry) => entry.Type switch
    {
        AuditTypes.RunSubmitted =>
            $"{entry.Actor} asked agent '{entry.Agent}'{(entry.Rule is null ? "" : $", found by '{entry.Rule}',")} (definition "
            + $"{Short(entry.DefinitionHash)}): {entry.Reason}",
        AuditTypes.RunDelegated =>
            $"{entry.Actor} delegated to agent '{entry.Agent}' ({string.Join(" > ", entry.Chain ?? [])}, definition "
            + $"{Short(entry.DefinitionHash)}): {entry.Reason}",
        AuditTypes.TokenMinted =>
            $"A token was minted for call {entry.Turn}/{entry.Call} by {string.Join(" > ", entry.Chain ?? [])} {entry.Reason}",
        AuditTypes.TokenRefused =>
            $"A token was refused to call {entry.Turn}/{entry.Call} by {string.Join(" > ", entry.Chain ?? [])} {entry.Reason}",
        AuditTypes.RequestRefused => $"A request of {entry.Actor} was refused{By(entry)}: {entry.Reason}",
        AuditTypes.MessageSent => $"{entry.Actor} sent the run a message: {entry.Reason}",
        AuditTypes.RunCommanded => $"{entry.Actor} changed the run: {entry.Reason}",
        AuditTypes.RunEnded => $"The run ended: {entry.Reason}",
        AuditTypes.CallDecided =>
            $"{Call(entry)} was {Verb(entry.Verdict)}{By(entry)}{Because(entry)}. Arguments {Short(entry.ArgumentsHash)}: {entry.Arguments}",
        AuditTypes.CallFinished =>
            $"{Call(entry)} {(entry.Failed == true ? "failed" : "succeeded")}. Outcome {Short(entry.OutcomeHash)}: {entry.Outcome}",
        AuditTypes.ApprovalRequested => $"{Call(entry)} waits for approval {entry.ApprovalId}{By(entry)}{Because(entry)}.",
        AuditTypes.ApprovalDecided =>
            $"{entry.Actor} {(entry.Verdict == PolicyVerdict.Allow ? "approved" : "denied")} {Call(entry)} "
            + $"(approval {entry.ApprovalId}, arguments {Short(entry.ArgumentsHash)}){Because(entry)}.",
        AuditTypes.ApprovalTold => $"Approval {entry.ApprovalId} was told to {entry.Reason}.",
        AuditTypes.ApprovalRevealed =>
            $"{entry.Actor} looked at the masked parts of approval {entry.ApprovalId}{Because(entry)}.",
        AuditTypes.ApprovalEscalated => $"Approval {entry.ApprovalId} was escalated{Because(entry)}.",
        AuditTypes.ApprovalExpired => $"Approval {entry.ApprovalId} expired undecided, which counts as denied.",
        AuditTypes.QuestionAsked =>
            $"{Call(entry)} asks people{By(entry)}{Because(entry)}, question {entry.QuestionId}: {entry.Arguments}",
        AuditTypes.QuestionTold => $"Question {entry.QuestionId} was told to {entry.Reason}.",
        AuditTypes.QuestionEscalated => $"Question {entry.QuestionId} was escalated{Because(entry)}.",
        AuditTypes.QuestionAnswered =>
            $"{entry.Actor ?? "nobody"} answered question {entry.QuestionId}{Because(entry)}. Answer {Short(entry.OutcomeHash)}: {entry.Outcome}",
        AuditTypes.QuestionDeclined => $"{entry.Actor} declined to answer question {entry.QuestionId}{Because(entry)}.",
        AuditTypes.QuestionExpired => $"Question {entry.QuestionId} expired unanswered.",
        AuditTypes.QuestionWithdrawn => $"Question {entry.QuestionId} was withdrawn{Because(entry)}.",
        AuditTypes.ChangeReviewed => $"{entry.Actor} reviewed {Call(entry)} in the queue '{entry.Rule}'{Because(entry)}.",
        AuditTypes.KillEngaged => $"{entry.Actor} stopped {entry.Reason}",
        AuditTypes.KillReleased => $"{entry.Actor} released {entry.Reason}",
        AuditTypes.RunExported => $"{entry.Actor} took the run, with its sub-agents, along as a file.",
        AuditTypes.RunErased => $"{entry.Actor} had the run erased: {entry.Reason}",
        AuditTypes.RunErasureWaits => $"The erasure of the run waits. {entry.Reason}",
        AuditTypes.RunErasedDone => $"The run was erased: {entry.Reason}",
        AuditTypes.RunEmptied => $"The content of the run was erased: {entry.Reason}",
        AuditTypes.LogCut => $"The oldest entries of a part of the log were deleted: {entry.Reason}",
        AuditTypes.HoldSet => $"{entry.Actor} set the legal hold '{entry.Rule}' on {entry.Reason}",
        AuditTypes.HoldLifted => $"{entry.Actor} lifted the legal hold '{entry.Rule}', {entry.Reason}",
        AuditTypes.MonitorCommanded or AuditTypes.IncidentCommanded => $"{entry.Actor} {entry.Reason}",
        _ => $"{entry.Type} by {entry.Actor ?? "the host"}: {entry.Reason}",
    };

    private static string Call(AuditEntry entry) => entry.Call is null
        ? $"the call of '{entry.Tool}' by {entry.Actor ?? "the host"} for {entry.Requester}"
        : $"call {entry.Turn}/{entry.Call} of '{entry.Tool}' by {string.Join(" > ", entry.Chain ?? [entry.Agent ?? "?"])} for {entry.Requester}";

    private static string Verb(PolicyVerdict? verdict) => verdict switch
    {
        PolicyVerdict.Allow => "allowed",
        PolicyVerdict.Deny => "denied",
        _ => "put before a person",
    };

    private static string By(AuditEntry entry) => entry.Rule is null ? ""
        : entry.PolicyHash is null ? $" by rule '{entry.Rule}'" : $" by rule '{entry.Rule}' of policy {Short(entry.PolicyHash)}";

    private static string Because(AuditEntry entry) => entry.Reason is null ? "" : $" ({entry.Reason})";

    private static string Short(string? hash) => hash is { Length: > 12 } ? hash[..12] : hash ?? "none";
}
