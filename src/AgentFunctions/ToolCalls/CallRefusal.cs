using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;

namespace AgentFunctions.ToolCalls;

/// <summary>Makes the outcome of a call that must not be made.</summary>
internal static class CallRefusal
{
    /// <summary>Refuses a call.</summary>
    /// <param name="state">The call. It keeps the decision.</param>
    /// <param name="decision">What was decided, by which rule.</param>
    /// <param name="code">What kind of refusal it is.</param>
    public static CallOutcome Of(ToolCallState state, PolicyDecision decision, ErrorCode code)
    {
        state.Decision = decision;
        return new CallOutcome.Completed(
            Words(state.Request.Tool.Name, decision.Rule, decision.Reason, code, state.IsRepeat));
    }

    /// <summary>Tells that somebody denied a call.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="approval">The approval that was denied.</param>
    public static CallOutcome Denied(string tool, Approval approval) => new CallOutcome.Completed(Words(
        tool, approval.Rule, DenialOf(approval), ErrorCode.ApprovalDenied, approval.Question == ApprovalQuestion.Repeat));

    /// <summary>Gets who denied a call, and why.</summary>
    /// <param name="approval">The approval that was denied.</param>
    public static string DenialOf(Approval approval)
    {
        ApprovalVote? vote = approval.Votes.Count > 0 ? approval.Votes[^1] : null;
        return vote?.Comment is { } said ? $"{vote.By} denied it: {said}" : $"{vote?.By} denied it";
    }

    private static ToolOutcome Words(string tool, string rule, string? why, ErrorCode code, bool isRepeat)
    {
        string reason = why is null ? "" : $": {why}";
        return isRepeat
            ? ToolOutcome.Failed(
                ErrorCode.ToolOutcomeUnknown,
                $"the call of '{tool}' was cut off, so that its outcome is unknown, and it is not made again (rule '{rule}'){reason}.")
            : ToolOutcome.Failed(code, $"the call of '{tool}' was not allowed (rule '{rule}'){reason}. Nothing was done.");
    }
}
