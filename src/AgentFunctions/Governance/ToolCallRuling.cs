using AgentFunctions.Governance.Policies;
using AgentFunctions.Loop;
using AgentFunctions.Tools;

namespace AgentFunctions.Governance;

/// <summary>What is to become of a tool call: exactly one of making it, refusing it and waiting.</summary>
internal sealed record ToolCallRuling
{
    /// <summary>The call to make, with the arguments and limits that were decided.</summary>
    public ToolCall? Call { get; init; }

    /// <summary>What to tell the model instead.</summary>
    public ToolOutcome? Refusal { get; init; }

    /// <summary>What to wait for.</summary>
    public ToolCallWait? Wait { get; init; }

    /// <summary>What was decided; <see langword="null"/> where it did not come to a decision.</summary>
    public PolicyDecision? Decision { get; init; }

    /// <summary>The approval that the call waits for, or that allowed it.</summary>
    public string? ApprovalId { get; init; }
}
