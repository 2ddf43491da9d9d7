using AgentFunctions.Governance.KillSwitch;

namespace AgentFunctions.AspNetCore.Governance;

/// <summary>What is to be stopped or released.</summary>
internal sealed record KillSubmission
{
    /// <summary>What kind of thing.</summary>
    public required KillScope Scope { get; init; }

    /// <summary>The run's id, the agent's or tool's name, or <c>name=value</c> for a label; left out for everything.</summary>
    public string? Name { get; init; }

    /// <summary>Why; at most 1,000 characters.</summary>
    public string? Reason { get; init; }
}
