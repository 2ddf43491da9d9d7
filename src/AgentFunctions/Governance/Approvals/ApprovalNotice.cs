using System.Text.Json;
using AgentFunctions.Core;

namespace AgentFunctions.Governance.Approvals;

/// <summary>What a channel's receiver is told of an approval, as the data of a notification. Evolved only by addition.</summary>
internal sealed record ApprovalNotice
{
    /// <summary>Gets the approval.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the run that waits.</summary>
    public required string Run { get; init; }

    /// <summary>Gets the tool.</summary>
    public required string Tool { get; init; }

    /// <summary>Gets how much harm the call could do: <c>low</c>, <c>medium</c> or <c>high</c>.</summary>
    public required string Risk { get; init; }

    /// <summary>Gets the arguments as JSON; secrets left out, and what is long cut.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Gets whether something of the arguments was cut; left out if nothing was.</summary>
    public bool? ArgumentsAreCut { get; init; }

    /// <summary>Gets what is masked in the arguments; left out if nothing is.</summary>
    public IReadOnlyList<MaskedPart>? Masked { get; init; }

    /// <summary>Gets the hash of the call that is asked about.</summary>
    public required string CallHash { get; init; }

    /// <summary>Gets the rule that asks.</summary>
    public required string Rule { get; init; }

    /// <summary>Why it asks.</summary>
    public string? Reason { get; init; }

    /// <summary>For one that was withdrawn: why the call can no longer be made.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Gets who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>Gets the agents that delegated, from the root to the one that acts.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>Gets the beginning of the run's goal.</summary>
    public required string Goal { get; init; }

    /// <summary>Gets the roles that may decide.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Gets how many must approve.</summary>
    public required int Count { get; init; }

    /// <summary>Gets when it expires (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Gets where to decide: below <c>Api:PublicUrl</c>, or without it the path alone.</summary>
    public required string Decide { get; init; }
}
