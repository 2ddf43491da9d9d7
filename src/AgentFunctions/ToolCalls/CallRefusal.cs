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
        string reason = decision.Reason is null ? "" : $": {decision.Reason}";
        string tool = state.Request.Tool.Name;
        return new CallOutcome.Completed(state.IsRepeat
            ? ToolOutcome.Failed(
                ErrorCode.ToolOutcomeUnknown,
                $"the call of '{tool}' was cut off, so that its outcome is unknown, and it is not made again (rule '{decision.Rule}'){reason}.")
            : ToolOutcome.Failed(code,
                $"the call of '{tool}' was not allowed (rule '{decision.Rule}'){reason}. Nothing was done."));
    }
}
