using AgentFunctions.Tools;

namespace AgentFunctions.Ledger;

/// <summary>Provides the words for a call of which nobody can tell whether it took effect.</summary>
internal static class UnknownOutcome
{
    /// <summary>Makes the outcome.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="more">What else is known.</param>
    public static ToolOutcome Of(string tool, string? more = null) => ToolOutcome.Failed(
        ErrorCode.ToolOutcomeUnknown,
        $"the call of '{tool}' was interrupted and its outcome is unknown: it may or may not have taken effect. "
        + $"Find out before you call it again.{(more is null ? "" : $" ({more})")}");

    /// <summary>Makes the outcome of a call that waited for sub-agents.</summary>
    /// <param name="tool">The tool.</param>
    public static ToolOutcome OfSubAgents(string tool) => ToolOutcome.Failed(
        ErrorCode.ToolOutcomeUnknown,
        $"the call of '{tool}' waited for a sub-agent that did not report before the run was stopped: it may have done a part of its work, "
        + "or may never have begun. Find out before you ask for it again.");

    /// <summary>Gets whether a call was made that may or may not have taken effect.</summary>
    /// <param name="call">The call that was made.</param>
    /// <param name="outcome">What came of it.</param>
    public static bool Is(ToolCall call, ToolOutcome outcome) =>
        outcome.Code == ErrorCode.ToolOutcomeUnknown
        || (outcome.Code == ErrorCode.ToolTimeout && call.Tool.Effect == ToolEffect.NotIdempotent);
}
