using System.Text.Json;
using AgentFunctions.Core;

namespace AgentFunctions.Governance.Approvals;

/// <summary>What a channel's receiver is told of an approval, as the data of a notification. Evolved only by addition.</summary>
internal sealed record ApprovalNotice
{
    /// <summary>The approval.</summary>
    public required string Id { get; init; }

    /// <summary>The run that waits.</summary>
    public required string Run { get; init; }

    /// <summary>The tool.</summary>
    public required string Tool { get; init; }

    /// <summary>How much harm the call could do: <c>low</c>, <c>medium</c> or <c>high</c>.</summary>
    public required string Risk { get; init; }

    /// <summary>The arguments as JSON; secrets left out, and what is long cut.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Whether something of the arguments was cut; left out if nothing was.</summary>
    public bool? ArgumentsAreCut { get; init; }

    /// <summary>What is masked in the arguments; left out if nothing is.</summary>
    public IReadOnlyList<MaskedPart>? Masked { get; init; }

    /// <summary>The hash of the call that is asked about.</summary>
    public required string CallHash { get; init; }

    /// <summary>The rule that asks.</summary>
    public required string Rule { get; init; }

    /// <summary>Why it asks.</summary>
    public string? Reason { get; init; }

    /// <summary>For one that was withdrawn: why the call can no longer be made.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Who asked for the run.</summary>
    public required string Requester { get; init; }

    /// <summary>The agents that delegated, from the root to the one that acts.</summary>
    public required IReadOnlyList<string> Chain { get; init; }

    /// <summary>The beginning of the run's goal.</summary>
    public required string Goal { get; init; }

    /// <summary>The roles that may decide.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>How many must approve.</summary>
    public required int Count { get; init; }

    /// <summary>When it expires (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Where to decide: below <c>Api:PublicUrl</c>, or without it the path alone.</summary>
    public required string Decide { get; init; }
}
